//! Rollouts as jobs.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::pin::pin;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use underpass_runtime::{clock, stop};
use underpass_shared::api::management::{DocumentTarget, Target, Verb};
use underpass_shared::id::AgentId;

use super::super::Message;
use super::super::rollouts::RolloutTold;
use super::super::shelf::Keep;
use super::Hub;
use crate::api::Call;
use crate::bulk::{Act, Ended, Journal, Part, Rollout, Runner, State, Told};
use crate::command::{Bulk, TemplateAct};
use crate::session::Nudge;
use crate::snapshot::{JobId, PartState};

/// What a rollout told and nobody read; it waits then.
const TOLD_MAX: usize = 64;

impl Hub {
    /// Goes on with a rollout.
    pub(super) fn bulk(&mut self, bulk: Bulk) {
        let Bulk {
            mut rollout,
            act,
            ends_by_signal,
            done,
        } = bulk;
        let ticket = done.begin();
        if rollout
            .number
            .is_some_and(|number| self.rollouts.is_running(number))
        {
            let reason = "something is being done with it; wait, or stop that first".to_owned();
            return done.finish(ticket, Err(reason), clock::wall_ms());
        }
        let agents = rollout.todo(act);
        if agents.is_empty() {
            let (rollout, stopped) = (*rollout, None);
            let ended = Ended { rollout, stopped };
            return done.finish(ticket, Ok(ended), clock::wall_ms());
        }
        let (job, stop) = self
            .jobs
            .begin(&title(&rollout, act), &agents, clock::wall_ms());
        let nudges = agents.iter().filter_map(|id| self.nudges(*id));
        let nudges: Vec<_> = nudges.collect();
        let (told, mut heard) = mpsc::channel(TOLD_MAX);
        let apis: BTreeMap<AgentId, _> = agents
            .iter()
            .filter_map(|id| Some((*id, self.api(*id)?)))
            .collect();
        let journal = self.library.as_ref().map(super::Library::journal);
        if journal.is_none() && rollout.number.is_none() {
            // Made-up ones are written down nowhere.
            rollout.number = Some(self.rollouts.next());
        }
        let runner = Runner {
            apis,
            journal: journal.clone(),
            stop: stop.clone(),
            told,
        };
        let hub = self.told.clone();
        self.tasks.spawn("fleet-rollout", async move {
            let rollout = numbered(*rollout, journal).await;
            let number = rollout.number;
            let begun = RolloutTold::Begun(Box::new(rollout.clone()), job, act);
            drop(hub.send(Message::Rollout(begun)).await);
            let mut run = pin!(runner.run(rollout, act));
            let mut signal = pin!(signal(ends_by_signal, &stop));
            let ended = loop {
                tokio::select! {
                    biased;
                    Some((agent, told)) = heard.recv() => {
                        tell(&hub, (job, number), agent, told).await;
                    }
                    () = &mut signal => {}
                    ended = &mut run => break ended,
                }
            };
            finished(&hub, (job, number), &ended, act, &agents).await;
            for nudges in nudges {
                // A session that has enough to do looks anyway.
                drop(nudges.try_send(Nudge::Changed));
            }
            let fill = Box::new(move || done.finish(ticket, Ok(ended), clock::wall_ms()));
            drop(hub.send(Message::Over(fill)).await);
        });
    }

    /// Forgets a rollout, unless something is being done with it.
    pub(super) fn forget_rollout(&mut self, number: NonZeroUsize) {
        if !self.rollouts.is_running(number) {
            self.rollouts.remove(number);
            self.keep(Keep::Rollout(number));
        }
    }

    /// Keeps a template, or removes one.
    pub(super) fn template(&mut self, act: TemplateAct) {
        match act {
            TemplateAct::Keep { id, template, done } => {
                let ticket = done.begin();
                let kept = self.templates.put(id, *template);
                if let Ok(kept) = &kept {
                    self.keep(Keep::Template(kept.id, Some(kept.clone())));
                }
                done.finish(ticket, kept.map(|kept| kept.id), clock::wall_ms());
            }
            TemplateAct::Remove(id) => {
                self.templates.remove(id);
                self.keep(Keep::Template(id, None));
            }
        }
    }
}

/// What a job is called that does something with a rollout.
pub(crate) fn title(rollout: &Rollout, act: Act) -> String {
    match act {
        Act::Plan { .. } => format!("Plan: {}", rollout.title),
        Act::Apply => rollout.title.clone(),
        Act::Undo => format!("Take back: {}", rollout.title),
    }
}

/// With the number by which it is written down. One that cannot be written down has none; the run
/// then says why, and does nothing.
async fn numbered(mut rollout: Rollout, journal: Option<Journal>) -> Rollout {
    let (None, Some(journal)) = (rollout.number, journal) else {
        return rollout;
    };
    let mut copy = rollout.clone();
    let kept = spawn_blocking(move || journal.keep(&mut copy).map(|()| copy.number)).await;
    match kept {
        Ok(Ok(number)) => rollout.number = number,
        Ok(Err(error)) => tracing::debug!(%error, "a rollout was not written down"),
        Err(error) => tracing::error!(%error, "writing a rollout down failed"),
    }
    rollout
}

/// Tells how far an agent is, as a part of the job and of the rollout.
async fn tell(
    hub: &mpsc::Sender<Message>,
    (job, number): (JobId, Option<NonZeroUsize>),
    agent: AgentId,
    told: Told,
) {
    let state = match &told {
        Told::Begun(_) => PartState::Running,
        Told::Ended(state, _) => state.shown(),
    };
    drop(hub.send(Message::Part { job, agent, state }).await);
    if let Some(number) = number {
        let told = RolloutTold::Part(number, agent, told);
        drop(hub.send(Message::Rollout(told)).await);
    }
}

/// Tells what came of all.
async fn finished(
    hub: &mpsc::Sender<Message>,
    (job, number): (JobId, Option<NonZeroUsize>),
    ended: &Ended,
    act: Act,
    agents: &[AgentId],
) {
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
    if let Some(number) = number {
        let ended = RolloutTold::Ended(number, Box::new(ended.clone()));
        drop(hub.send(Message::Rollout(ended)).await);
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
pub(crate) fn outcome(part: &Part, act: Act) -> PartState {
    match part.state.shown() {
        PartState::Waiting | PartState::Running => PartState::Cancelled,
        PartState::Done { .. } if part.is_for(act) => PartState::Cancelled,
        shown @ (PartState::Done { .. } | PartState::Failed(_) | PartState::Cancelled) => shown,
    }
}

/// What takes back what was done.
pub(crate) fn undo(parts: &[Part]) -> Vec<(AgentId, Vec<Call>)> {
    let calls = |part: &Part| {
        let State::Done { revision } = part.state else {
            return None;
        };
        let undo = Target::Document(DocumentTarget::Undo(revision));
        Some((part.agent, vec![Call::new(Verb::Post, undo)]))
    };
    parts.iter().filter_map(calls).collect()
}
