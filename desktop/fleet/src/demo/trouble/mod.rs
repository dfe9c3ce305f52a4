//! What goes wrong on made-up agents, traces of what passes through them, and how their alerts are
//! delivered.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not made up here is answered, or refused, elsewhere"
)]

mod delivery;
mod diagnoses;
mod traces;

use std::collections::BTreeSet;

use underpass_shared::api::management::{
    ConnectorTarget, DeliveryTarget, Refusal, Target, TraceShown, TroubleTarget, Verb,
};

use super::acts::Acted;
use super::agent::{DemoAgent, State, done, ok};
use crate::Reply;
use crate::api::Call;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What operators did about it.
#[derive(Debug, Default)]
pub(super) struct Told {
    deleted: BTreeSet<u64>,
    traces: Option<Vec<TraceShown>>,
}

/// Tells what goes wrong, if that is asked for.
pub(super) fn tell(
    agent: &DemoAgent,
    state: &State,
    target: &Target,
) -> Option<Result<Reply, Refusal>> {
    let number = state.store.number();
    Some(match target {
        Target::Trouble(TroubleTarget::Diagnoses) => ok(&diagnoses::list(agent, state), number),
        Target::Trouble(TroubleTarget::Traces) => ok(&traces::list(agent, state), number),
        Target::Trouble(TroubleTarget::Trace(id)) => {
            traces::find(agent, state, *id).and_then(|one| ok(&one, number))
        }
        Target::Trouble(TroubleTarget::TraceContent(id)) => traces::content(agent, state, *id),
        Target::Delivery(DeliveryTarget::States) => ok(&delivery::states(agent, state), number),
        Target::Connector(ConnectorTarget::Webhooks) => ok(&delivery::webhooks(state), number),
        Target::Connector(ConnectorTarget::Syslog) => {
            ok(&state.store.current().1.connector().syslog, number)
        }
        _ => return None,
    })
}

/// Does something about it, if that is asked for.
pub(super) fn act(
    agent: &DemoAgent,
    state: &mut State,
    call: &Call,
) -> Option<Result<Acted, Refusal>> {
    let number = state.store.number();
    Some(match (&call.target, call.verb) {
        (Target::Trouble(TroubleTarget::Diagnosis(id)), Verb::Delete) => {
            let id = *id;
            let all = diagnoses::list(agent, state).diagnoses;
            if all.iter().any(|one| one.id == id) {
                state.trouble.deleted.insert(id);
                Ok(Acted::Answer(done(number)))
            } else {
                Err(Refusal::not_found(format!("there is no diagnosis {id}")))
            }
        }
        (Target::Trouble(target), _) => traces::act(agent, state, target, call).map(Acted::Answer),
        (Target::Delivery(DeliveryTarget::Test), Verb::Post) => {
            delivery::test(agent, state, call).map(Acted::Answer)
        }
        (Target::Connector(ConnectorTarget::Webhooks), Verb::Put) => {
            delivery::put_webhooks(agent, state, call)
        }
        _ => return None,
    })
}
