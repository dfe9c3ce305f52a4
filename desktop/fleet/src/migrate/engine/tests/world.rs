//! Two agents and a gateway that are as simple as can be, and never let a request fall between them.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use underpass_shared::api::management::{
    AcceptInput, BackupTarget, CsrInput, DocumentTarget, ErrorBody, ErrorType, HandoverInput,
    HandoverSide, HandoverState, MigrationTarget, PreflightInput, ReleaseInput, RestoreTarget,
    Target, Verb, VouchInput,
};
use underpass_shared::config::Document;
use underpass_shared::id::{AgentId, HandoverId};
use underpass_shared::restore::HostRule;
use uuid::Uuid;

use super::{Journals, Migration};
use crate::api::{Api, Call, Events};
use crate::migrate::Agents;
use crate::migrate::plan::tests::{agent, document, key, target};
use crate::migrate::plan::{Making, Mode, Wish, make};
use crate::snapshot::Sample;
use crate::{FleetError, Reply};

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The program ends, after the agent did it.
    Cut,
    /// The agent does not do it.
    Refused,
    /// The agent does it, and the answer gets lost.
    AnswerLost,
    /// The agent knows nothing of it any more.
    Forgotten,
}

/// One agent's part in a handover.
#[derive(Clone, Copy, Debug)]
struct Part {
    handover: HandoverId,
    side: HandoverSide,
    state: HandoverState,
}

#[derive(Debug, Default)]
struct Agent {
    staged: Option<Uuid>,
    applied: Option<Uuid>,
    parts: Vec<Part>,
    /// Whether its tunnels are up.
    up: bool,
    dead: bool,
}

#[derive(Debug)]
struct State {
    agents: [Agent; 2],
    /// Who carries.
    carrier: usize,
    calls: Vec<String>,
    fates: Vec<(usize, Fate)>,
    stop: CancellationToken,
}

/// All of it.
pub(super) struct World {
    state: Arc<Mutex<State>>,
    folder: TempDir,
}

const NAMES: [&str; 2] = ["source", "target"];

impl World {
    pub(super) fn new() -> Self {
        let source = Agent {
            up: true,
            ..Agent::default()
        };
        let state = State {
            agents: [source, Agent::default()],
            carrier: 0,
            calls: vec![],
            fates: vec![],
            stop: CancellationToken::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn migration(&self) -> Migration {
        let mut wished = target(1);
        wished.hosts = vec![HostRule {
            find: ".old.corp".to_owned(),
            replace: ".new.corp".to_owned(),
        }];
        let wish = Wish {
            source: agent(0),
            mode: Mode::Move,
            settings: false,
            tolerant: false,
            targets: vec![wished],
        };
        let making = Making {
            now_ms: 0,
            id: &Uuid::now_v7,
        };
        let known = [(agent(1), Document::empty())].into();
        Migration::new(make(&wish, making, (1, &source()), &known).unwrap().into())
    }

    pub(super) fn agents(&self) -> Arc<dyn Agents> {
        Arc::new(Both(Arc::clone(&self.state)))
    }

    pub(super) fn journals(&self) -> Journals {
        Journals::of(self.folder.path())
    }

    /// What stops the next run.
    pub(super) fn stop(&self) -> CancellationToken {
        let stop = CancellationToken::new();
        self.state().stop = stop.clone();
        stop
    }

    /// Something happens at the call with this number.
    pub(super) fn at(&self, call: usize, fate: Fate) {
        self.state().fates.push((call, fate));
    }

    /// Some agents do not reach the system.
    pub(super) fn dead(&self, who: &[&str]) {
        let mut state = self.state();
        for (agent, name) in state.agents.iter_mut().zip(NAMES) {
            agent.dead = who.contains(&name);
        }
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// All handovers are over; what carries stays.
    pub(super) fn time_is_up(&self) {
        for agent in &mut self.state().agents {
            for part in &mut agent.parts {
                part.state = HandoverState::Completed;
            }
        }
    }

    pub(super) fn has_moved(&self) -> bool {
        let state = self.state();
        state.carrier == 1 && !state.agents[0].up && state.agents[1].applied.is_some()
    }

    pub(super) fn source_carries(&self) -> bool {
        let state = self.state();
        state.carrier == 0 && state.agents[0].up && state.agents[1].applied.is_none()
    }

    /// Whether the target waits for the word to apply something.
    pub(super) fn is_staged(&self) -> bool {
        self.state().agents[1].staged.is_some()
    }

    pub(super) fn is_as_before(&self) -> bool {
        let source_carries = self.source_carries();
        let target = &self.state().agents[1];
        let over = |part: &Part| part.state == HandoverState::Aborted;
        source_carries && !target.up && target.parts.iter().all(over)
    }
}

fn source() -> Document {
    document(&[(key(1, ""), true, &["erp.old.corp:80"])])
}

struct Both(Arc<Mutex<State>>);

impl Agents for Both {
    fn api(&self, id: AgentId) -> Result<Arc<dyn Api>, FleetError> {
        let number = usize::from(id == agent(1));
        Ok(Arc::new(One(Arc::clone(&self.0), number)))
    }

    fn label(&self, id: AgentId) -> String {
        if id == agent(0) { "old" } else { "new" }.to_owned()
    }
}

struct One(Arc<Mutex<State>>, usize);

impl Api for One {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>> {
        let answered = self.0.lock().unwrap().called(self.1, call);
        async move { answered }.boxed()
    }

    fn events(&self, _after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        async { Err(FleetError::Silent) }.boxed()
    }

    fn samples(&self, _since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        async { Ok(vec![]) }.boxed()
    }
}

fn refused(status: StatusCode) -> FleetError {
    let body = ErrorBody {
        kind: ErrorType::IllegalState,
        message: "made up".to_owned(),
        field: None,
    };
    FleetError::Refused { status, body }
}

fn reply(body: &impl Serialize) -> Result<Reply, FleetError> {
    Ok(Reply {
        status: StatusCode::OK,
        revision: Some(1),
        body: serde_json::to_vec(body)?.into(),
    })
}

fn read<T: DeserializeOwned>(body: &Bytes) -> T {
    serde_json::from_slice(body).unwrap()
}

impl State {
    fn called(&mut self, number: usize, call: &Call) -> Result<Reply, FleetError> {
        let fates = &self.fates;
        let fate = fates.iter().find(|(at, _)| *at == self.calls.len());
        let fate = fate.map(|(_, fate)| *fate);
        let name = format!("{} {}", NAMES[number], word(call));
        self.calls.push(name);
        match fate {
            Some(Fate::Refused) => return Err(refused(StatusCode::CONFLICT)),
            Some(Fate::Forgotten) => return Err(refused(StatusCode::NOT_FOUND)),
            Some(Fate::Cut | Fate::AnswerLost) | None => {}
        }
        let answered = self.does(number, call);
        // The one rule of all rules.
        assert!(self.agents[self.carrier].up, "{:?}", self.calls);
        match fate {
            Some(Fate::Cut) => {
                self.stop.cancel();
                Err(FleetError::Silent)
            }
            Some(Fate::AnswerLost) => Err(FleetError::Silent),
            Some(Fate::Refused | Fate::Forgotten) | None => answered,
        }
    }

    fn does(&mut self, number: usize, call: &Call) -> Result<Reply, FleetError> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "others are not called")]
        match &call.target {
            Target::Document(DocumentTarget::Whole) => Ok(Reply {
                status: StatusCode::OK,
                revision: Some(1),
                body: source().to_json().into_bytes().into(),
            }),
            Target::Backup(BackupTarget::Archive) => reply(&"sealed"),
            Target::Restores(target) => self.restore(number, call.verb, *target),
            Target::Migration(target) => self.migration(number, *target, &call.body),
            other => panic!("{other} is called"),
        }
    }

    fn restore(
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

    fn migration(
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

    fn preflight(&self, number: usize, input: &PreflightInput) -> Value {
        let dead = self.agents[number].dead;
        let step = json!({
            "step": "connection", "outcome": if dead { "failed" } else { "ok" }, "millis": 1,
            "seen": "refused",
        });
        let check = json!({"reachable": !dead, "steps": [step]});
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

fn word(call: &Call) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "others are not called")]
    match &call.target {
        Target::Document(_) => "document",
        Target::Backup(_) => "backup",
        Target::Restores(RestoreTarget::Recipient) => "recipient",
        Target::Restores(RestoreTarget::Plans) => "plan",
        Target::Restores(RestoreTarget::Plan(_)) => "forget",
        Target::Restores(RestoreTarget::Apply(_)) => "apply",
        Target::Restores(RestoreTarget::Last) => "last",
        Target::Restores(RestoreTarget::Rollback) => "rollback",
        Target::Migration(MigrationTarget::Handovers) => "handovers",
        Target::Migration(MigrationTarget::Csr) => "csr",
        Target::Migration(MigrationTarget::Vouch) => "vouch",
        Target::Migration(MigrationTarget::Accept) => "accept",
        Target::Migration(MigrationTarget::Ready) => "ready",
        Target::Migration(MigrationTarget::Release) => "release",
        Target::Migration(MigrationTarget::Abort) => "abort",
        Target::Migration(MigrationTarget::Preflight) => "preflight",
        other => panic!("{other} is called"),
    }
}
