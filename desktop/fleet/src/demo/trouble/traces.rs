//! Traces of made-up agents: one that was made, one that somebody else asks for.

use http::StatusCode;
use serde_json::json;
use underpass_shared::api::management::{
    ErrorType, Refusal, TraceInput, TraceList, TraceShown, TraceState, TroubleTarget, Verb, read,
};
use underpass_shared::host::VirtualAddress;

use super::super::agent::{DemoAgent, State, USER, done, ok, text};
use super::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::Reply;
use crate::api::Call;

/// Bytes that are traced in a second.
const RATE: u64 = 7_300;
/// Who asks for traces beside who sits before the demo.
const OTHER: &str = "operator:m.okafor";

/// All of them, the newest first.
pub(super) fn list(agent: &DemoAgent, state: &State) -> TraceList {
    let kept = state.trouble.traces.clone();
    let mut traces = kept.unwrap_or_else(|| first(agent, state));
    let now_ms = agent.now_ms();
    for one in &mut traces {
        go_on(one, now_ms);
    }
    TraceList { traces }
}

pub(super) fn find(agent: &DemoAgent, state: &State, id: u64) -> Result<TraceShown, Refusal> {
    let mut all = list(agent, state).traces.into_iter();
    all.find(|one| one.id == id)
        .ok_or_else(|| Refusal::not_found(format!("there is no trace {id}")))
}

/// Those that are there when the play begins.
fn first(agent: &DemoAgent, state: &State) -> Vec<TraceShown> {
    let now = agent.now_ms();
    let document = state.store.current().1;
    let Some(subaccount) = document.subaccounts().first() else {
        return vec![];
    };
    let address = subaccount.mappings().first();
    let waits = TraceShown {
        id: 3,
        state: TraceState::Requested,
        region_host: subaccount.key().region_host.clone(),
        subaccount: subaccount.key().subaccount,
        location_id: None,
        virtual_address: address.map(|one| one.virtual_address.clone()),
        seconds: 900,
        megabytes: 20,
        body_bytes: 16_384,
        reason: "Orders of incident 48213 arrive without their items".to_owned(),
        requested_by: OTHER.to_owned(),
        requested_ms: now - 4 * MINUTE_MS,
        decided_by: None,
        started_ms: None,
        ended_ms: None,
        ended_because: None,
        bytes: 0,
        requests: 0,
        dropped: 0,
    };
    let made = TraceShown {
        id: 2,
        state: TraceState::Ended,
        virtual_address: None,
        seconds: 600,
        megabytes: 10,
        body_bytes: 4_096,
        reason: "Sporadic 502 of the warehouse application".to_owned(),
        requested_by: USER.to_owned(),
        requested_ms: now - DAY_MS - 21 * MINUTE_MS,
        decided_by: Some(OTHER.to_owned()),
        started_ms: Some(now - DAY_MS - 18 * MINUTE_MS),
        ended_ms: Some(now - DAY_MS - 8 * MINUTE_MS),
        ended_because: Some("its time was over".to_owned()),
        bytes: 4_380_000,
        requests: 1_204,
        ..waits.clone()
    };
    let refused = TraceShown {
        id: 1,
        state: TraceState::Refused,
        reason: "Curious about the payroll interface".to_owned(),
        requested_by: "operator:r.mendes".to_owned(),
        requested_ms: now - 9 * DAY_MS,
        decided_by: Some("operator:j.weber".to_owned()),
        ended_ms: Some(now - 9 * DAY_MS + HOUR_MS / 4),
        ended_because: Some("it was refused".to_owned()),
        ..waits.clone()
    };
    vec![waits, made, refused]
}

/// Lets the time pass for one that runs.
fn go_on(one: &mut TraceShown, now_ms: i64) {
    let (TraceState::Running, Some(begun)) = (one.state, one.started_ms) else {
        return;
    };
    let passed = u64::try_from(now_ms - begun).unwrap_or(0) / 1_000;
    let seconds = u64::from(one.seconds);
    one.bytes = RATE * passed.min(seconds);
    one.requests = passed.min(seconds) / 3;
    if passed >= seconds {
        one.state = TraceState::Ended;
        one.ended_ms = Some(begun + i64::from(one.seconds) * 1_000);
        one.ended_because = Some("its time was over".to_owned());
    }
}

/// Does something with traces.
pub(super) fn act(
    agent: &DemoAgent,
    state: &mut State,
    target: &TroubleTarget,
    call: &Call,
) -> Result<Reply, Refusal> {
    let number = state.store.number();
    let mut all = list(agent, state).traces;
    let now = agent.now_ms();
    if (target, call.verb) == (&TroubleTarget::Traces, Verb::Post) {
        let new = asked(state, read(&call.body)?, &all, now)?;
        let reply = ok(&new, number)?;
        all.insert(0, new);
        state.trouble.traces = Some(all);
        return Ok(reply);
    }
    let (TroubleTarget::TraceApproval(id)
    | TroubleTarget::TraceRefusal(id)
    | TroubleTarget::TraceEnd(id)
    | TroubleTarget::Trace(id)) = target
    else {
        return Err(Refusal::not_implemented("made-up agents keep no files"));
    };
    let missing = || Refusal::not_found(format!("there is no trace {id}"));
    let at = all.iter().position(|one| one.id == *id);
    let at = at.ok_or_else(missing)?;
    let one = &mut all[at];
    let wrong = |one: &TraceShown| {
        let message = format!("trace {} is {}", one.id, one.state);
        Err(Refusal::illegal_state(message))
    };
    match (target, one.state) {
        (TroubleTarget::TraceApproval(_), TraceState::Requested) => {
            if one.requested_by == USER {
                let (status, kind) = (StatusCode::FORBIDDEN, ErrorType::ForbiddenRequest);
                let message =
                    format!("{USER} asked for this trace; another operator has to approve it");
                return Err(Refusal::new(status, kind, message));
            }
            one.state = TraceState::Running;
            one.started_ms = Some(now);
            one.decided_by = Some(USER.to_owned());
        }
        (TroubleTarget::TraceRefusal(_), TraceState::Requested) => {
            one.state = TraceState::Refused;
            one.ended_ms = Some(now);
            one.decided_by = Some(USER.to_owned());
            one.ended_because = Some("it was refused".to_owned());
        }
        (TroubleTarget::TraceEnd(_), TraceState::Running) => {
            one.state = TraceState::Ended;
            one.ended_ms = Some(now);
            one.ended_because = Some(format!("{USER} stopped it"));
        }
        (TroubleTarget::Trace(_), TraceState::Ended | TraceState::Refused) => {
            all.remove(at);
            state.trouble.traces = Some(all);
            return Ok(done(number));
        }
        _ => return wrong(one),
    }
    let reply = ok(&*one, number)?;
    state.trouble.traces = Some(all);
    Ok(reply)
}

/// One that who sits before the demo asks for.
fn asked(
    state: &State,
    input: TraceInput,
    all: &[TraceShown],
    now: i64,
) -> Result<TraceShown, Refusal> {
    let document = state.store.current().1;
    let is_there = document.subaccounts().iter().any(|one| {
        let key = one.key();
        key.region_host == input.region_host && key.subaccount == input.subaccount
    });
    if !is_there {
        return Err(Refusal::not_found("this agent serves no such subaccount"));
    }
    let address = input.virtual_host.zip(input.virtual_port);
    let virtual_address = address.map(|(host, port)| VirtualAddress { host, port: port.0 });
    let lives = |one: &&TraceShown| {
        matches!(one.state, TraceState::Requested | TraceState::Running)
            && one.subaccount == input.subaccount
            && one.virtual_address == virtual_address
    };
    if let Some(one) = all.iter().find(lives) {
        let message = format!("trace {} is of the same, and waits or runs", one.id);
        return Err(Refusal::illegal_state(message));
    }
    Ok(TraceShown {
        id: all.iter().map(|one| one.id).max().unwrap_or(0) + 1,
        state: TraceState::Requested,
        region_host: input.region_host,
        subaccount: input.subaccount,
        location_id: input.location_id,
        virtual_address,
        seconds: input.seconds.get(),
        megabytes: input.megabytes.get(),
        body_bytes: input.body_bytes.get(),
        reason: input.reason.to_string(),
        requested_by: USER.to_owned(),
        requested_ms: now,
        decided_by: None,
        started_ms: None,
        ended_ms: None,
        ended_because: None,
        bytes: 0,
        requests: 0,
        dropped: 0,
    })
}

/// What was traced.
pub(super) fn content(agent: &DemoAgent, state: &State, id: u64) -> Result<Reply, Refusal> {
    let one = find(agent, state, id)?;
    let Some(begun) = one.started_ms else {
        let message = format!("trace {id} is {}", one.state);
        return Err(Refusal::illegal_state(message));
    };
    let lines = (0..4).map(|at| {
        let line = json!({
            "timeMs": begun + at * 1_500,
            "request": at,
            "head": "GET /sap/opu/odata4 HTTP/1.1",
            "headers": {"authorization": "***", "accept": "application/json"},
        });
        format!("{line}\n")
    });
    Ok(text(lines.collect::<String>(), state.store.number()))
}
