//! What is found out from the configurations that are known, beside the hub: many take a while.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use underpass_runtime::clock;

use super::super::Message;
use super::Hub;
use crate::command::{Compare, Find, Settle};
use crate::drift::{Comparison, Settled};
use crate::slot::Slot;
use crate::snapshot::AgentSnapshot;

impl Compare {
    /// Does it, with what is known.
    pub(crate) fn make(
        &self,
        known: &[Arc<AgentSnapshot>],
        now_ms: i64,
    ) -> Result<Comparison, String> {
        let (agents, rules) = (&self.agents, self.rules.clone());
        Comparison::make(known, agents, &self.basis, rules, self.pairing, now_ms)
    }
}

impl Settle {
    /// Does it, with what is known.
    pub(crate) fn make(&self, known: &[Arc<AgentSnapshot>]) -> Settled {
        let places = self.places.as_ref();
        self.comparison.settle(known, &self.agents, places)
    }
}

impl Hub {
    /// Compares agents with a baseline.
    pub(super) fn compare(&self, compare: Compare) {
        let known = self.known();
        let done = compare.done.clone();
        self.find_out(done, move || compare.make(&known, clock::wall_ms()));
    }

    /// Finds the changes that bring agents in line.
    pub(super) fn settle(&self, settle: Settle) {
        let known = self.known();
        let done = settle.done.clone();
        self.find_out(done, move || Ok(settle.make(&known)));
    }

    /// Looks through the configurations of agents.
    pub(super) fn search(&self, find: Find) {
        let mut known = self.known();
        known.retain(|one| find.agents.contains(&one.id));
        self.find_out(find.done, move || find.search.run_all(&known));
    }

    fn known(&self) -> Vec<Arc<AgentSnapshot>> {
        let shown = self.members.values().map(|one| Arc::clone(&one.shown));
        let mut all: Vec<Arc<AgentSnapshot>> = shown.collect();
        all.sort_by(|a, b| a.label.cmp(&b.label));
        all
    }

    fn find_out<T: Send + Sync + 'static>(
        &self,
        done: Slot<T>,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) {
        let (ticket, told) = (done.begin(), self.told.clone());
        self.tasks.spawn("fleet-survey", async move {
            let found = spawn_blocking(work).await;
            let found = found.unwrap_or_else(|error| Err(error.to_string()));
            done.finish(ticket, found, clock::wall_ms());
            drop(told.send(Message::Filled).await);
        });
    }
}
