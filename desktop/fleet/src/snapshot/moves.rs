//! Migrations as they are shown.

use std::sync::Arc;

use super::JobId;
use crate::migrate::machine::Migration;
use crate::migrate::plan::MigrationId;
use crate::migrate::report::Outcome;

/// A migration of the profile.
#[derive(Clone, Debug)]
pub struct MoveSnapshot {
    /// Which.
    pub id: MigrationId,
    /// What it is to do and how far it is, or why its journal cannot be read.
    pub migration: Result<Arc<Migration>, Arc<str>>,
    /// The job that works on it now.
    pub job: Option<JobId>,
}

impl MoveSnapshot {
    /// How it stands, where that can be read.
    pub fn outcome(&self) -> Option<Outcome> {
        self.migration.as_deref().ok().map(Outcome::of)
    }

    /// Whether somebody must decide: it failed, or was cut off, and nothing works on it.
    pub fn waits(&self) -> bool {
        let open = |outcome| match outcome {
            Outcome::Planned | Outcome::Unfinished | Outcome::Failed => true,
            Outcome::Done | Outcome::TakenBack => false,
        };
        self.job.is_none() && self.outcome().is_some_and(open)
    }
}
