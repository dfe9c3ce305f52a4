//! What the agents do when they are called: restores and handovers.

use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use underpass_shared::api::management::{
    AcceptInput, AccessCheckInput, CsrInput, HandoverInput, HandoverSide, HandoverState,
    MigrationTarget, PreflightInput, ReleaseInput, RestoreTarget, Verb, VouchInput,
};
use underpass_shared::id::HandoverId;
use uuid::Uuid;

use super::{Part, State, refused, reply, source};
use crate::migrate::plan::tests::{agent, key};
use crate::{FleetError, Reply};

fn read<T: DeserializeOwned>(body: &Bytes) -> T {
    serde_json::from_slice(body).unwrap()
}

/// Whether a request would pass: only what is called closed would not.
pub(super) fn access(body: &Bytes) -> Value {
    let input: AccessCheckInput = read(body);
    if input.url.ends_with("/closed") {
        let message = "no resource covers the path";
        return json!({"allowed": false, "rule": "unknownResource", "message": message,
                      "hints": ["open it"]});
    }
    json!({"allowed": true, "rule": "resource", "message": "it passes"})
}

impl State {
    pub(super) fn restore(
        &mut self,
        number: usize,
        verb: Verb,
        target: RestoreTarget,
    ) -> Result<Reply, FleetError> {
        let agent = &mut self.agents[number];
        let unknown = || Err(refused(StatusCode::NOT_FOUND));
        let applied = |plan: Option<Uuid>| json!({"plan": plan, "revision": 2, "changed": true, "timeStamp": 0, "author": "", "reason": ""});
        match target {
            RestoreTarget::Recipient => reply(&json!({
                "recipient": format!("age1{}", "q".repeat(58)), "expiresTimeStamp": 0,
            })),
            RestoreTarget::Plans => {
                let id = Uuid::now_v7();
                agent.staged = Some(id);
                reply(&shown(id))
            }
            RestoreTarget::Plan(id) if agent.staged != Some(*id.as_uuid()) => unknown(),
            RestoreTarget::Plan(_) => {
                assert_eq!(verb, Verb::Delete);
                agent.staged = None;
                reply(&Value::Null)
            }
            RestoreTarget::Apply(id) if agent.staged != Some(*id.as_uuid()) => unknown(),
            RestoreTarget::Apply(id) => {
                agent.applied = Some(*id.as_uuid());
                reply(&applied(agent.applied))
            }
            RestoreTarget::Last => {
                let offer = json!({"revision": 2, "timeStamp": 0, "identity": false});
                let offer = agent.applied.map(|_| offer);
                reply(&json!({
                    "state": "idle", "last": applied(agent.applied), "rollback": offer, "plans": [],
                }))
            }
            RestoreTarget::Rollback => {
                assert!(!agent.up, "a configuration goes whose tunnels are up");
                agent.applied = None;
                reply(&applied(None))
            }
        }
    }

    pub(super) fn migration(
        &mut self,
        number: usize,
        target: MigrationTarget,
        body: &Bytes,
    ) -> Result<Reply, FleetError> {
        use HandoverState::{Released, Requested, Vouched};
        match target {
            MigrationTarget::Preflight => return reply(&self.preflight(number, &read(body))),
            MigrationTarget::Handovers => {}
            MigrationTarget::Csr => {
                let input: CsrInput = read(body);
                self.part(number, input.handover, HandoverSide::Target, Requested);
                let requests = input.subaccounts.iter().map(|name| {
                    let mut request = serde_json::to_value(name).unwrap();
                    request["csr"] = json!("CSR");
                    request
                });
                let requests: Vec<Value> = requests.collect();
                return reply(&json!({
                    "handover": input.handover, "expiresTimeStamp": 0, "requests": requests,
                }));
            }
            MigrationTarget::Vouch => {
                let input: VouchInput = read(body);
                self.part(number, input.handover, HandoverSide::Source, Vouched);
                let certificates = input.requests.iter().map(|one| {
                    json!({"regionHost": one.region_host, "subaccount": one.subaccount,
                           "locationID": one.location_id, "instance": Uuid::nil(),
                           "subaccountName": "", "certificate": "", "caBundle": "", "untilTimeStamp": 0})
                });
                let certificates: Vec<Value> = certificates.collect();
                return reply(&json!({
                    "handover": input.handover, "mode": input.mode, "certificates": certificates,
                }));
            }
            MigrationTarget::Accept => {
                let input: AcceptInput = read(body);
                let known = self.find(number, input.handover).is_some();
                if !known {
                    return Err(refused(StatusCode::NOT_FOUND));
                }
                let applied = self.agents[1].applied.is_some();
                assert!(applied, "tunnels open before there is a configuration");
                self.forward(number, input.handover, HandoverState::Waiting);
                self.agents[number].up = true;
            }
            MigrationTarget::Ready => {
                let input: HandoverInput = read(body);
                self.forward(number, input.handover, HandoverState::Ready);
                self.carrier = number;
            }
            MigrationTarget::Release => {
                let input: ReleaseInput = read(body);
                self.forward(number, input.handover, Released);
                self.agents[number].up = false;
            }
            MigrationTarget::Abort => {
                let input: HandoverInput = read(body);
                if self.find(number, input.handover).is_none() {
                    return Err(refused(StatusCode::NOT_FOUND));
                }
                self.abort(input.handover);
            }
        }
        self.handovers(number, target)
    }

    /// The way to the one system.
    pub(super) fn reached(&self, number: usize) -> Value {
        let dead = self.agents[number].dead;
        let step = json!({
            "step": "connection", "outcome": if dead { "failed" } else { "ok" }, "millis": 1,
            "seen": "refused",
        });
        json!({"reachable": !dead, "steps": [step]})
    }

    fn preflight(&self, number: usize, input: &PreflightInput) -> Value {
        let check = self.reached(number);
        let systems = input.systems.iter().map(|one| {
            json!({"localHost": one.local_host, "localPort": one.local_port.0,
                   "protocol": one.protocol, "check": check})
        });
        let systems: Vec<Value> = systems.collect();
        let gateways = input
            .gateways
            .iter()
            .map(|one| json!({"regionHost": one, "check": {"reachable": true, "steps": []}}));
        let gateways: Vec<Value> = gateways.collect();
        json!({"systems": systems, "gateways": gateways})
    }

    fn find(&mut self, number: usize, handover: HandoverId) -> Option<&mut Part> {
        let mut parts = self.agents[number].parts.iter_mut();
        parts.find(|part| part.handover == handover)
    }

    fn part(
        &mut self,
        number: usize,
        handover: HandoverId,
        side: HandoverSide,
        state: HandoverState,
    ) {
        if self.find(number, handover).is_none() {
            let part = Part {
                handover,
                side,
                state,
            };
            self.agents[number].parts.push(part);
        }
    }

    /// Repeated calls do no more than the first one did.
    fn forward(&mut self, number: usize, handover: HandoverId, state: HandoverState) {
        let part = self.find(number, handover).unwrap();
        part.state = part.state.max(state);
    }

    fn abort(&mut self, handover: HandoverId) {
        for number in [0, 1] {
            let Some(part) = self.find(number, handover) else {
                continue;
            };
            if part.state == HandoverState::Completed {
                return;
            }
            part.state = HandoverState::Aborted;
            let is_source = part.side == HandoverSide::Source;
            self.agents[number].up = is_source;
            if is_source {
                self.carrier = number;
            }
        }
    }

    /// One handover of an agent as it tells it, or all of them.
    fn handovers(&self, number: usize, target: MigrationTarget) -> Result<Reply, FleetError> {
        let agent = &self.agents[number];
        let all = agent.parts.iter().map(|part| {
            let mut shown = serde_json::to_value(key(1, "")).unwrap();
            shown["locationID"] = json!("");
            shown["state"] = json!(part.state);
            shown["connections"] = json!(if agent.up { 2 } else { 0 });
            shown["untilTimeStamp"] = json!(0);
            json!({"handover": part.handover, "side": part.side, "mode": "move", "parts": [shown]})
        });
        let all: Vec<Value> = all.collect();
        if target == MigrationTarget::Handovers {
            reply(&json!({ "handovers": all }))
        } else {
            reply(all.last().unwrap())
        }
    }
}

/// A plan of a restore as an agent shows it.
fn shown(id: Uuid) -> Value {
    json!({
        "id": id, "expiresTimeStamp": 0, "revision": 1, "parts": [], "choice": {}, "changes": [],
        "adaptations": [], "moreAdaptations": 0, "identityChanges": false,
        "backup": {"agent": agent(0), "createdTimeStamp": 0, "version": "1", "revision": 1,
                   "hash": source().subaccounts()[0].hash()},
        "secrets": {"written": 0, "present": 0, "renamed": 0, "missing": 0, "enrolments": 0},
    })
}
