//! Backups and restores of the still: done at once.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use underpass_shared::id::AgentId;

use super::Still;
use crate::FleetError;
use crate::backup::{BackUp, Disk, Made, Missed, Order, Stage, make};
use crate::fleet::hub::custody::{backed_up, restored};
use crate::restore::{self, Restore};
use crate::snapshot::Work;

impl Still {
    pub(super) fn back_up(&mut self, wanted: &BackUp) {
        let agents: Vec<AgentId> = wanted.files.iter().map(|(agent, _)| *agent).collect();
        let (job, _stop) = self.jobs.begin(&wanted.title, &agents, self.now_ms);
        for (agent, path) in &wanted.files {
            let made = self.made(wanted, *agent, path);
            let (progress, part) = backed_up(made);
            let mut work = Work::new(job, self.now_ms, Stage::Waiting);
            work.progress = progress;
            Arc::make_mut(&mut self.works).backups.insert(*agent, work);
            self.jobs.part(job, *agent, &part, self.now_ms);
        }
    }

    fn made(
        &mut self,
        wanted: &BackUp,
        agent: AgentId,
        path: &std::path::Path,
    ) -> Result<Made, Missed> {
        let now_ms = self.now_ms;
        let found = self.find(agent).ok_or(FleetError::Unknown)?;
        let order = Order {
            api: &*found.agent,
            agent,
            input: &wanted.input,
            path: path.to_owned(),
            replace: wanted.replace,
            disk: Disk::Here,
        };
        let stop = CancellationToken::new();
        let made = make(order, &stop, &|_stage| {}).now_or_never();
        let made = made.unwrap_or(Err(Missed::Stopped))?;
        Ok(Made {
            at_ms: now_ms,
            ..made
        })
    }

    pub(super) fn restore(&mut self, wanted: Restore) {
        let Restore { agent, title, act } = wanted;
        let (job, _stop) = self.jobs.begin(&title, &[agent], self.now_ms);
        let answer = self.ask(agent, &act.call()).and_then(|reply| reply.read());
        let answer = answer.map_err(|error| error.reason());
        let (progress, part) = restored(Some(answer), act);
        let mut work = Work::new(job, self.now_ms, restore::Stage::Asked);
        work.progress = progress;
        Arc::make_mut(&mut self.works).restores.insert(agent, work);
        self.jobs.part(job, agent, &part, self.now_ms);
        self.renew(agent);
    }
}
