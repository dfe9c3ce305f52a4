//! What the user wants done with migrations, and with SAP Cloud Connectors that are read.

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use underpass_shared::scc::Reading;

use crate::backup::Opener;
use crate::migrate::engine::Ended;
use crate::migrate::machine::Migration;
use crate::migrate::plan::{MigrationId, Plan, Wish};
use crate::migrate::rehearsal::Rehearsed;
use crate::scc::{Connector, Progress, SccUrl, Shown};
use crate::slot::Slot;

/// Stops something that is no job. Clones are the same.
pub type Stop = CancellationToken;

/// What is to be done with a migration.
pub enum Migrate {
    /// Plan it, and try what changes nothing. It is no job.
    Rehearse {
        /// What is wanted.
        wish: Box<Wish>,
        /// What opens the backup, where the source is one.
        opener: Option<Opener>,
        /// Stops it.
        stop: Stop,
        /// How far it is.
        steps: Slot<Migration>,
        /// What was found.
        done: Slot<Rehearsed>,
    },
    /// Do what was planned: a job.
    Run {
        /// The plan.
        plan: Arc<Plan>,
        /// What opens the backup, where the source is one.
        opener: Option<Opener>,
        /// Whether a failure takes all back at once; otherwise somebody decides.
        back_on_failure: bool,
        /// How it ended.
        done: Slot<Ended>,
    },
    /// Go on with one that was cut off or that failed: a job.
    Resume {
        /// Which.
        id: MigrationId,
        /// What opens the backup, where the source is one.
        opener: Option<Opener>,
        /// How it ended.
        done: Slot<Ended>,
    },
    /// Take one back, also when it is done: a job.
    Rollback {
        /// Which.
        id: MigrationId,
        /// How it ended.
        done: Slot<Ended>,
    },
}

impl fmt::Debug for Migrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rehearse { wish, .. } => write!(f, "Rehearse({:?})", wish.origin),
            Self::Run { plan, .. } => write!(f, "Run({})", plan.id),
            Self::Resume { id, .. } => write!(f, "Resume({id})"),
            Self::Rollback { id, .. } => write!(f, "Rollback({id})"),
        }
    }
}

/// What is to be asked of an SAP Cloud Connector. Neither is a job: nothing is changed.
pub enum Scc {
    /// Which certificate it shows; nothing is sent to it.
    Look {
        /// Where it is.
        url: SccUrl,
        /// The certificate.
        done: Slot<Shown>,
    },
    /// Its whole configuration.
    Read {
        /// The connector and how it is reached.
        connector: Box<Connector>,
        /// Stops it.
        stop: Stop,
        /// How far it is.
        progress: Slot<Progress>,
        /// What it answered.
        done: Slot<Reading>,
    },
}

impl fmt::Debug for Scc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look { url, .. } => write!(f, "Look({url})"),
            Self::Read { connector, .. } => write!(f, "Read({})", connector.url),
        }
    }
}
