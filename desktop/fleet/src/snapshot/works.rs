//! Work with single agents that takes its time, and what came of the newest of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use underpass_shared::id::AgentId;

use super::JobId;
use crate::{backup, restore};

/// How far something is.
#[derive(Clone, Debug)]
pub enum Progress<S, T> {
    /// It goes on.
    Running(S),
    /// It is done.
    Done(Arc<T>),
    /// It failed; why, for people.
    Failed(Arc<str>),
    /// The user stopped it.
    Cancelled,
}

/// One piece of work.
#[derive(Clone, Debug)]
pub struct Work<S, T> {
    /// The job that it is part of.
    pub job: JobId,
    /// When it was wanted, milliseconds UTC.
    pub began_ms: i64,
    /// How far it is.
    pub progress: Progress<S, T>,
}

/// The newest work of each kind, agent by agent. It outlives the pages that it was begun on.
#[derive(Clone, Debug, Default)]
pub struct Works {
    /// Backups into files.
    pub backups: BTreeMap<AgentId, Work<backup::Stage, backup::Made>>,
    /// Restores, and the ways back from them.
    pub restores: BTreeMap<AgentId, Work<restore::Stage, restore::Done>>,
}

impl<S, T> Work<S, T> {
    /// Work that begins.
    pub(crate) const fn new(job: JobId, began_ms: i64, stage: S) -> Self {
        Self {
            job,
            began_ms,
            progress: Progress::Running(stage),
        }
    }

    /// How far it is, while it goes on.
    pub const fn stage(&self) -> Option<&S> {
        match &self.progress {
            Progress::Running(stage) => Some(stage),
            Progress::Done(_) | Progress::Failed(_) | Progress::Cancelled => None,
        }
    }
}

impl Works {
    pub(crate) fn backing(
        &mut self,
        agent: AgentId,
        progress: Progress<backup::Stage, backup::Made>,
    ) {
        if let Some(work) = self.backups.get_mut(&agent) {
            work.progress = progress;
        }
    }

    pub(crate) fn restoring(
        &mut self,
        agent: AgentId,
        progress: Progress<restore::Stage, restore::Done>,
    ) {
        if let Some(work) = self.restores.get_mut(&agent) {
            work.progress = progress;
        }
    }
}
