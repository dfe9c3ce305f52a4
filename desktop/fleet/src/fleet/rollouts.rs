//! Rollouts as they are shown: those that are written down, and how far each is.

use std::num::NonZeroUsize;
use std::sync::Arc;

use underpass_shared::id::AgentId;

use crate::bulk::{Act, Ended, KEPT_MAX, Part, Rollout, Told};
use crate::snapshot::{JobId, RolloutSnapshot};

/// What is told of a rollout while something is being done with it.
pub(crate) enum RolloutTold {
    /// It has a number; the job that goes on with it.
    Begun(Box<Rollout>, JobId, Act),
    /// An agent came further.
    Part(NonZeroUsize, AgentId, Told),
    /// What was done is over.
    Ended(NonZeroUsize, Box<Ended>),
}

/// All rollouts, the oldest first.
#[derive(Default)]
pub(crate) struct Rollouts(Vec<Arc<RolloutSnapshot>>);

impl Rollouts {
    /// The newest first.
    pub(crate) fn show(&self) -> Arc<[Arc<RolloutSnapshot>]> {
        self.0.iter().rev().map(Arc::clone).collect()
    }

    /// The next number.
    pub(crate) fn next(&self) -> NonZeroUsize {
        let last = self.0.iter().map(|one| one.number).max();
        last.map_or(NonZeroUsize::MIN, |last| last.saturating_add(1))
    }

    /// Whether something is being done with one.
    pub(crate) fn is_running(&self, number: NonZeroUsize) -> bool {
        let is = |one: &Arc<RolloutSnapshot>| one.number == number && one.running.is_some();
        self.0.iter().any(is)
    }

    /// Puts one; nothing where it has no number.
    pub(crate) fn put(&mut self, rollout: Rollout, running: Option<(JobId, Act)>) {
        let Some(number) = rollout.number else {
            return;
        };
        self.remove(number);
        self.0
            .push(Arc::new(RolloutSnapshot::of(rollout, number, running)));
        self.0.sort_by_key(|one| one.number);
        // As the journal does it.
        if self.0.len() > KEPT_MAX
            && let Some(oldest) = self.0.iter().position(|one| one.is_settled())
        {
            self.0.remove(oldest);
        }
    }

    /// Forgets one.
    pub(crate) fn remove(&mut self, number: NonZeroUsize) {
        self.0.retain(|one| one.number != number);
    }

    fn change(&mut self, number: NonZeroUsize, change: impl FnOnce(&mut RolloutSnapshot)) {
        if let Some(one) = self.0.iter_mut().find(|one| one.number == number) {
            let mut changed = RolloutSnapshot::clone(one);
            change(&mut changed);
            *one = Arc::new(changed);
        }
    }

    /// Takes what is told of one.
    pub(crate) fn hear(&mut self, told: RolloutTold) {
        match told {
            RolloutTold::Begun(rollout, job, act) => self.put(*rollout, Some((job, act))),
            RolloutTold::Part(number, agent, told) => self.part(number, agent, told),
            RolloutTold::Ended(number, ended) => self.ended(number, *ended),
        }
    }

    fn part(&mut self, number: NonZeroUsize, agent: AgentId, told: Told) {
        self.change(number, |shown| {
            let Some(at) = shown.parts.iter().position(|part| part.agent == agent) else {
                return;
            };
            let mut parts: Vec<Arc<Part>> = shown.parts.to_vec();
            let mut part = Part::clone(&parts[at]);
            match told {
                Told::Begun(state) => part.state = state,
                Told::Ended(state, plan) => (part.state, part.plan) = (state, plan),
            }
            parts[at] = Arc::new(part);
            shown.parts = parts.into();
        });
    }

    /// What was done with one is over.
    pub(crate) fn ended(&mut self, number: NonZeroUsize, ended: Ended) {
        let Ended { rollout, stopped } = ended;
        self.change(number, |shown| {
            shown.parts = rollout.parts.into_iter().map(Arc::new).collect();
            shown.running = None;
            shown.stopped = stopped;
        });
    }
}
