//! What this process is to a gateway: the one that goes on where the last one ended, or a copy.

use std::sync::{LazyLock, Mutex, PoisonError};

use underpass_runtime::random;
use underpass_shared::alert::Condition;
use underpass_shared::id::InstanceId;
use uuid::Uuid;

use super::reconcile::Wanted;
use crate::alerts;
use crate::credentials::CredentialStore;
use crate::status::StatusBoard;

/// Names this process to the gateways, which so tell a copy of the agent from the first.
static PROCESS: LazyLock<Uuid> = LazyLock::new(random::id);

/// The name of this process.
pub(crate) fn process() -> Uuid {
    *PROCESS
}

/// What the connections of one enrolment know of it.
#[derive(Debug)]
pub(super) struct Lineage(Mutex<Known>);

#[derive(Debug)]
struct Known {
    /// The process that a gateway knew last for this data directory.
    previous: Option<Uuid>,
    /// What is kept of it.
    kept: Option<Uuid>,
}

impl Lineage {
    /// Of an enrolment, as it was kept.
    pub(super) fn of(credentials: &CredentialStore, instance: InstanceId) -> Self {
        let previous = credentials.last_process(instance);
        let kept = previous;
        Self(Mutex::new(Known { previous, kept }))
    }

    /// The process that this one follows.
    pub(super) fn previous(&self) -> Option<Uuid> {
        self.known().previous
    }

    /// The gateway took this process for the agent.
    pub(super) fn kept(&self, credentials: &CredentialStore, instance: InstanceId) {
        self.keep(credentials, instance, Some(process()));
    }

    /// The gateway took this process for a copy, which follows nobody.
    pub(super) fn taken(&self, credentials: &CredentialStore, instance: InstanceId) {
        self.known().previous = None;
        self.keep(credentials, instance, None);
    }

    fn keep(&self, credentials: &CredentialStore, instance: InstanceId, process: Option<Uuid>) {
        let mut known = self.known();
        if known.kept == process {
            return;
        }
        match credentials.keep_process(instance, process) {
            Ok(()) => known.kept = process,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(
                    error,
                    "which process serves is not kept; a restart may have to wait"
                );
            }
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a connection carries nothing, and the ways on.
pub(super) fn quarantined(wanted: &Wanted) -> String {
    let Wanted {
        subaccount,
        location,
        instance,
        ..
    } = wanted;
    format!(
        "LOCATION_TAKEN: subaccount {subaccount} has an agent with location ID \"{location}\" \
         already: another process of instance {instance} is connected, such as the original of \
         this data directory, and this one is in quarantine. It serves by itself some seconds after \
         the other has ended; `underpass-gateway replace --instance {instance}` gives it the place \
         now; or enrol it anew with a location ID of its own"
    )
}

/// The alerts of enrolments that another process has the place of.
pub(crate) fn taken_conditions(board: &StatusBoard) -> Vec<Condition> {
    let taken = board.all_taken().into_iter();
    taken
        .map(|wanted| alerts::location_taken(&wanted.key(), quarantined(&wanted)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_follows_the_last_one_until_it_is_taken_for_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        crate::vault::Vault::new(dir.path()).prepare().unwrap();
        let credentials = CredentialStore::new(dir.path());
        let instance = InstanceId::from_uuid(Uuid::from_u128(1));
        let last = Uuid::from_u128(2);
        assert_eq!(Lineage::of(&credentials, instance).previous(), None);
        credentials.keep_process(instance, Some(last)).unwrap();
        let lineage = Lineage::of(&credentials, instance);
        assert_eq!(lineage.previous(), Some(last));
        lineage.kept(&credentials, instance);
        assert_eq!(credentials.last_process(instance), Some(process()));
        assert_eq!(lineage.previous(), Some(last), "it still follows the same");
        lineage.taken(&credentials, instance);
        assert_eq!(lineage.previous(), None);
        assert_eq!(credentials.last_process(instance), None);
        credentials.keep_process(instance, Some(last)).unwrap();
        credentials.delete(instance).unwrap();
        assert_eq!(credentials.last_process(instance), None);
    }
}
