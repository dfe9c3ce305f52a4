//! Rollouts as jobs.

use std::collections::BTreeMap;
use std::pin::pin;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use underpass_runtime::{clock, stop};
use underpass_shared::api::management::{DocumentTarget, Target, Verb};
use underpass_shared::id::AgentId;

use super::super::Message;
use super::Hub;
use crate::api::Call;
use crate::bulk::{Act, Ended, Part, Runner, State};
use crate::command::Bulk;
use crate::session::Nudge;
use crate::snapshot::PartState;

/// What a rollout told and nobody read; it waits then.
const TOLD_MAX: usize = 64;

impl Hub {
    /// Goes on with a rollout.
    pub(super) fn bulk(&mut self, bulk: Bulk) {
        let Bulk {
            rollout,
            act,
            ends_by_signal,
            done,
        } = bulk;
        let ticket = done.begin();
        let agents = rollout.todo(act);
        if agents.is_empty() {
            let (rollout, stopped) = (*rollout, None);
            let ended = Ended { rollout, stopped };
            return done.finish(ticket, Ok(ended), clock::wall_ms());
        }
        let title = match act {
            Act::Plan { .. } => format!("Plan: {}", rollout.title),
            Act::Apply => rollout.title.clone(),
            Act::Undo => format!("Take back: {}", rollout.title),
        };
        let (job, stop) = self.jobs.begin(&title, &agents, clock::wall_ms());
        let nudges = agents.iter().filter_map(|id| self.nudges(*id));
        let nudges: Vec<_> = nudges.collect();
        let (told, mut heard) = mpsc::channel(TOLD_MAX);
        let apis: BTreeMap<AgentId, _> = agents
            .iter()
            .filter_map(|id| Some((*id, self.api(*id)?)))
            .collect();
        let runner = Runner {
            apis,
            journal: self.library.as_ref().map(super::Library::journal),
            stop: stop.clone(),
            told,
        };
        let hub = self.told.clone();
        self.tasks.spawn("fleet-rollout", async move {
            let mut run = pin!(runner.run(*rollout, act));
            let mut signal = pin!(signal(ends_by_signal, &stop));
            let ended = loop {
                tokio::select! {
                    biased;
                    Some((agent, state)) = heard.recv() => {
                        drop(hub.send(Message::Part { job, agent, state }).await);
                    }
                    () = &mut signal => {}
                    ended = &mut run => break ended,
                }
            };
            for part in &ended.rollout.parts {
                if agents.contains(&part.agent) {
                    let (agent, state) = (part.agent, outcome(part, act));
                    drop(hub.send(Message::Part { job, agent, state }).await);
                }
            }
            if act == Act::Apply {
                let undo = undo(&ended.rollout.parts);
                drop(hub.send(Message::Undo { job, undo }).await);
            }
            for nudges in nudges {
                // A session that has enough to do looks anyway.
                drop(nudges.try_send(Nudge::Changed));
            }
            done.finish(ticket, Ok(ended), clock::wall_ms());
            drop(hub.send(Message::Filled).await);
        });
    }
}

/// Never ends; stops a rollout when the system wants this program to end.
async fn signal(is_wanted: bool, stop: &CancellationToken) {
    if is_wanted {
        match stop::requested() {
            Ok(requested) => {
                requested.await;
                stop.cancel();
            }
            Err(error) => tracing::warn!(%error, "signals cannot be heard"),
        }
    }
    std::future::pending().await
}

/// How a part is shown when all is over.
fn outcome(part: &Part, act: Act) -> PartState {
    match part.state.shown() {
        PartState::Waiting | PartState::Running => PartState::Cancelled,
        PartState::Done { .. } if part.is_for(act) => PartState::Cancelled,
        shown @ (PartState::Done { .. } | PartState::Failed(_) | PartState::Cancelled) => shown,
    }
}

/// What takes back what was done.
fn undo(parts: &[Part]) -> Vec<(AgentId, Vec<Call>)> {
    let calls = |part: &Part| match &part.state {
        State::Done { revision } => {
            let call = Call::new(
                Verb::Post,
                Target::Document(DocumentTarget::Undo(*revision)),
            );
            Some((part.agent, vec![call]))
        }
        State::Unplanned
        | State::Unchanged
        | State::Refused { .. }
        | State::Ready
        | State::Running
        | State::Failed { .. }
        | State::Unwell { .. }
        | State::Unknown { .. }
        | State::Undoing { .. }
        | State::Undone { .. }
        | State::NotUndone { .. } => None,
    };
    parts.iter().filter_map(calls).collect()
}
