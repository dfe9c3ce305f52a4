//! Backups and restores as jobs, which go on whatever page is shown.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
use underpass_shared::api::management::{BackupInput, RestoreApplied};
use underpass_shared::id::AgentId;

use super::super::Message;
use super::Hub;
use crate::FleetError;
use crate::api::Api;
use crate::backup::{BackUp, Disk, Made, Missed, Order, Stage, make};
use crate::restore::{self, AGAIN, Act, Follow, Restore};
use crate::session::Nudge;
use crate::snapshot::{Failure, JobId, PartState, Progress, Work};

/// Backups at the same time: each is in memory up to three times, while it is verified.
const BACKUPS_AT_ONCE: usize = 3;

impl Hub {
    /// Backs agents up into files.
    pub(super) fn back_up(&mut self, wanted: BackUp) {
        let BackUp {
            title,
            files,
            input,
            replace,
        } = wanted;
        let now_ms = clock::wall_ms();
        let agents: Vec<AgentId> = files.iter().map(|(agent, _)| *agent).collect();
        let (job, stop) = self.jobs.begin(&title, &agents, now_ms);
        let (turns, input) = (Arc::new(Semaphore::new(BACKUPS_AT_ONCE)), Arc::new(input));
        for (agent, path) in files {
            let before = self.works.backups.get(&agent);
            if before.is_some_and(|work| work.stage().is_some()) {
                let failure = Failure::plain("a backup of it is being made already");
                let failed = PartState::Failed(failure);
                self.jobs.part(job, agent, &failed, now_ms);
                continue;
            }
            let work = Work::new(job, now_ms, Stage::Waiting);
            Arc::make_mut(&mut self.works).backups.insert(agent, work);
            let one = OneBackup {
                api: self.api(agent),
                job,
                agent,
                path,
                input: Arc::clone(&input),
                replace,
                turns: Arc::clone(&turns),
                stop: stop.clone(),
                told: self.told.clone(),
            };
            self.tasks.spawn("fleet-backup", one.run());
        }
    }

    /// Restores an agent, or takes that back.
    pub(super) fn restore(&mut self, wanted: Restore) {
        let Restore { agent, title, act } = wanted;
        let now_ms = clock::wall_ms();
        let (job, stop) = self.jobs.begin(&title, &[agent], now_ms);
        let before = self.works.restores.get(&agent);
        let Some(api) = self.api(agent) else {
            let failed = PartState::Failed(Failure::from(&FleetError::Unknown));
            return self.jobs.part(job, agent, &failed, now_ms);
        };
        if before.is_some_and(|work| work.stage().is_some()) {
            let failure = Failure::plain("something is being restored on it already");
            let failed = PartState::Failed(failure);
            return self.jobs.part(job, agent, &failed, now_ms);
        }
        let work = Work::new(job, now_ms, restore::Stage::Asked);
        Arc::make_mut(&mut self.works).restores.insert(agent, work);
        let (told, nudges) = (self.told.clone(), self.nudges(agent));
        self.tasks.spawn("fleet-restore", async move {
            let state = |state| Message::Part { job, agent, state };
            drop(told.send(state(PartState::Running)).await);
            let done = tokio::select! {
                biased;
                () = stop.cancelled() => None,
                done = follow(&*api, &act, agent, &told) => Some(done),
            };
            let (progress, part) = restored(done, act);
            drop(told.send(Message::Restoring(agent, progress)).await);
            if let Some(nudges) = nudges {
                // A session that has enough to do looks anyway.
                drop(nudges.try_send(Nudge::Refresh));
            }
            drop(told.send(state(part)).await);
        });
    }
}

impl Hub {
    pub(super) fn backing(&mut self, agent: AgentId, progress: Progress<Stage, Made>) {
        Arc::make_mut(&mut self.works).backing(agent, progress);
        self.later();
    }

    pub(super) fn restoring(
        &mut self,
        agent: AgentId,
        progress: Progress<restore::Stage, restore::Done>,
    ) {
        Arc::make_mut(&mut self.works).restoring(agent, progress);
        self.later();
    }
}

/// The backup of one of several agents.
struct OneBackup {
    api: Option<Arc<dyn Api>>,
    job: JobId,
    agent: AgentId,
    path: PathBuf,
    input: Arc<BackupInput>,
    replace: bool,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
    told: mpsc::Sender<Message>,
}

impl OneBackup {
    async fn run(self) {
        let made = self.make().await;
        let (progress, state) = backed_up(made);
        let (job, agent) = (self.job, self.agent);
        drop(self.told.send(Message::Backing(agent, progress)).await);
        drop(self.told.send(Message::Part { job, agent, state }).await);
    }

    async fn make(&self) -> Result<Made, Missed> {
        let _turn = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Missed::Stopped),
            turn = self.turns.acquire() => turn,
        };
        let api = self.api.as_ref().ok_or(FleetError::Unknown)?;
        let (job, agent) = (self.job, self.agent);
        let state = PartState::Running;
        drop(self.told.send(Message::Part { job, agent, state }).await);
        let order = Order {
            api: &**api,
            agent,
            input: &self.input,
            path: self.path.clone(),
            replace: self.replace,
            disk: Disk::Beside,
        };
        let tell = |stage| {
            // Where too much is to be read already, the next stage is seen.
            let heard = Message::Backing(agent, Progress::Running(stage));
            drop(self.told.try_send(heard));
        };
        make(order, &self.stop, &tell).await
    }
}

async fn follow(
    api: &dyn Api,
    act: &Act,
    agent: AgentId,
    told: &mpsc::Sender<Message>,
) -> Result<RestoreApplied, String> {
    let tell = |stage| {
        drop(told.try_send(Message::Restoring(agent, Progress::Running(stage))));
    };
    let follow = Follow {
        api,
        act,
        told: &tell,
        again: AGAIN,
    };
    follow.run().await
}

/// How a backup is shown that came to its end.
pub(crate) fn backed_up(made: Result<Made, Missed>) -> (Progress<Stage, Made>, PartState) {
    match made {
        // Nothing is changed by it that could be undone.
        Ok(made) => (
            Progress::Done(Arc::new(made)),
            PartState::Done { revision: None },
        ),
        Err(Missed::Stopped) => (Progress::Cancelled, PartState::Cancelled),
        Err(Missed::Failed(reason)) => {
            let reason: Arc<str> = reason.into();
            let failure = Failure::plain(Arc::clone(&reason));
            (Progress::Failed(reason), PartState::Failed(failure))
        }
    }
}

/// How a restore is shown that came to its end, or is looked after no longer.
pub(crate) fn restored(
    done: Option<Result<RestoreApplied, String>>,
    act: Act,
) -> (Progress<restore::Stage, restore::Done>, PartState) {
    match done {
        None => (Progress::Cancelled, PartState::Cancelled),
        Some(Ok(applied)) => {
            let plan = match act {
                Act::Apply(plan) => Some(plan),
                Act::RollBack { .. } => None,
            };
            let done = restore::Done { applied, plan };
            // Its way back brings secrets too, which undoing a revision alone does not.
            let part = PartState::Done { revision: None };
            (Progress::Done(Arc::new(done)), part)
        }
        Some(Err(reason)) => {
            let reason: Arc<str> = reason.into();
            let failure = Failure::plain(Arc::clone(&reason));
            (Progress::Failed(reason), PartState::Failed(failure))
        }
    }
}
