//! Questions to what is known, answered beside the hub: many agents take a while.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use underpass_runtime::clock;

use super::super::Message;
use super::Hub;
use crate::command::Survey;
use crate::snapshot::AgentSnapshot;

impl Hub {
    /// Finds something out.
    pub(super) fn survey(&self, survey: Survey) {
        let known = self.known();
        let (ticket, told) = (survey.begin(), self.told.clone());
        self.tasks.spawn("fleet-survey", async move {
            let found = spawn_blocking(move || survey.finish(ticket, &known, clock::wall_ms()));
            if let Err(error) = found.await {
                tracing::error!(%error, "a survey of the fleet failed");
            }
            drop(told.send(Message::Filled).await);
        });
    }

    fn known(&self) -> Vec<Arc<AgentSnapshot>> {
        let shown = self.members.values().map(|one| Arc::clone(&one.shown));
        let mut all: Vec<Arc<AgentSnapshot>> = shown.collect();
        all.sort_by(|a, b| a.label.cmp(&b.label));
        all
    }
}
