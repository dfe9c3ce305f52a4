//! Administration: one set of handlers, whoever carries the requests.
//!
//! A request and its caller come in, an answer goes out; sockets are elsewhere. A running agent
//! serves the handlers over its local socket, a command calls them in its own process while the
//! agent is stopped, and both find the same rules.

mod accept;
mod agent;
mod alerts;
mod answer;
mod audit;
mod authentication;
mod backup;
mod body;
mod call;
mod caller;
mod certificates;
mod channels;
mod checks;
mod clients;
mod connector;
mod delivery;
mod dispatch;
mod document;
mod domains;
mod enrolment;
mod events;
mod forget;
mod ha;
mod identity;
mod import;
mod kept;
mod live;
mod mappings;
mod migration;
mod monitoring;
mod multipart;
mod operators;
mod organisation;
mod pairing;
mod payload;
mod proxy;
mod recorded;
mod resources;
mod restore;
mod revisions;
mod running;
mod schedules;
pub(crate) mod serve;
pub mod socket;
mod subaccounts;
#[cfg(test)]
mod tests;
mod trial;
mod trouble;
mod trust;
mod validity;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use tokio::sync::Semaphore;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::Refusal;

pub(crate) use self::answer::REVERTS_AT;
pub use self::body::Body;
pub use self::caller::{Caller, Member, Operator, OsUser};
pub use self::dispatch::body_len_max;
pub(crate) use self::live::Live;
pub use self::operators::NewOperator;
pub use self::pairing::Knock;
pub use self::payload::{Coming, Payload};
pub use self::serve::start;
pub(crate) use self::subaccounts::tunnel;
#[cfg(test)]
pub(crate) use self::trouble::trace_shown;
use crate::audit::Audit;
use crate::credentials::CredentialStore;
use crate::handovers::Handovers;
use crate::operators::Operators;
use crate::restore::Restores;
use crate::schedules::Schedules;
use crate::secrets::SecretStore;
use crate::store::{Snapshot, Store};
use crate::vault::Vault;

/// Checks of connections at a time; each opens a few.
const CHECKS_MAX: usize = 4;

/// What the handlers work on. Clones are the same.
#[derive(Clone)]
pub struct Admin {
    store: Store,
    credentials: CredentialStore,
    secrets: SecretStore,
    operators: Operators,
    /// Enrolments on their way from or to another agent.
    handovers: Handovers,
    vault: Vault,
    /// None while the agent is stopped and a command does the work.
    live: Option<Arc<Live>>,
    /// Places for checks of connections.
    checks: Arc<Semaphore>,
    /// Which mappings Prometheus is told of one by one.
    places: monitoring::Places,
    tasks: Tasks,
    audit: Audit,
    /// Where backups are made and opened, one at a time.
    backups: backup::Desk,
    /// Plans of restores, and what goes on.
    restores: Restores,
    /// What is known of scheduled backups.
    schedules: Schedules,
    /// Secrets that go as soon as nothing can need them any more.
    replaced: forget::Replaced,
}

/// A refusal as a response, for those who carry requests.
pub(crate) fn refused(refusal: &Refusal) -> Response<Bytes> {
    answer::refused(refusal, None)
}

/// An answer on its way to the caller.
type Answer = Result<Response<Bytes>, Refusal>;

impl Admin {
    /// Handlers of a running agent.
    pub(crate) fn running(data_dir: &Path, store: Store, audit: Audit, live: Live) -> Self {
        Self {
            live: Some(Arc::new(live)),
            ..Self::stopped(data_dir, store, audit)
        }
    }

    /// Handlers of an agent that does not run.
    pub fn stopped(data_dir: &Path, store: Store, audit: Audit) -> Self {
        Self {
            store,
            credentials: CredentialStore::new(data_dir),
            secrets: SecretStore::new(data_dir),
            operators: Operators::new(data_dir),
            handovers: Handovers::new(data_dir),
            vault: Vault::new(data_dir),
            live: None,
            checks: Arc::new(Semaphore::new(CHECKS_MAX)),
            places: monitoring::Places::default(),
            tasks: Tasks::new(),
            audit,
            backups: backup::Desk::new(data_dir),
            restores: Restores::new(data_dir),
            schedules: Schedules::open(data_dir),
            replaced: forget::Replaced::default(),
        }
    }

    /// What is known of operators beside the document.
    pub const fn desk(&self) -> &Operators {
        &self.operators
    }

    /// What only an agent has that runs.
    fn live(&self) -> Result<&Live, Refusal> {
        let none = || Refusal::illegal_state("the agent does not run");
        self.live.as_deref().ok_or_else(none)
    }

    /// The present state, unless it cannot be used.
    fn readable(&self) -> Result<Arc<Snapshot>, Refusal> {
        let current = self.store.current();
        match current.problem() {
            Some(problem) => Err(Refusal::failure(problem.to_string())),
            None => Ok(current),
        }
    }
}
