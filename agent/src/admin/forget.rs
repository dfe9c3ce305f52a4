//! Secrets that nothing uses any more.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use underpass_shared::api::management::Refusal;
use underpass_shared::backup::Named;
use underpass_shared::config::{Document, Trial};
use underpass_shared::id::{CredentialId, InstanceId};
use underpass_shared::secret::Secret;

use super::Admin;
use super::call::EditResult;
use super::trial::nothing_on_trial;
use crate::store::Store;

/// What documents named that were replaced, until it is deleted. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Replaced(Arc<Mutex<Ids>>);

#[derive(Default)]
struct Ids {
    enrolments: BTreeSet<InstanceId>,
    values: BTreeSet<CredentialId>,
}

impl Admin {
    /// Deletes what only the document before a change still used. While changes are on trial
    /// nothing is deleted, for what is taken back must work again; the end of the trial goes on
    /// with it.
    pub(super) fn forget(&self, before: &Named) {
        let replaced = self.replaced.0.lock();
        let mut replaced = replaced.unwrap_or_else(PoisonError::into_inner);
        replaced.enrolments.extend(&before.enrolments);
        replaced.values.extend(before.values());
        let current = self.store.current();
        if current.problem().is_some() || current.trial().is_some() {
            return;
        }
        let failed = |error: anyhow::Error| {
            let error = format!("{error:#}");
            tracing::warn!(error, "a secret that is no longer used was not deleted");
        };
        let handed_over = match self.handovers.put_back() {
            Ok(instances) => instances,
            Err(error) => return failed(error),
        };
        let Ids { enrolments, values } = std::mem::take(&mut *replaced);
        let used = Named::of(current.document());
        for gone in enrolments.difference(&used.enrolments) {
            if !handed_over.contains(gone) {
                self.credentials.delete(*gone).unwrap_or_else(failed);
            }
        }
        let used: BTreeSet<CredentialId> = used.values().collect();
        for gone in values.difference(&used) {
            self.secrets.remove(*gone).unwrap_or_else(failed);
        }
    }

    /// Deletes the credentials of an enrolment that no document came to name.
    pub(super) fn drop_enrolment(&self, instance: InstanceId) {
        if let Err(error) = self.credentials.delete(instance) {
            let error = format!("{error:#}");
            tracing::warn!(error, "a secret that is not used was not deleted");
        }
    }

    /// Deletes what only states on trial used.
    pub(super) async fn settled(&self, trial: &Trial) {
        for number in trial.first.saturating_sub(1)..=trial.last {
            match self.store.at(number).await {
                Ok(Some(document)) => self.forget(&Named::of(&document)),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "secrets that are no longer used may be left"),
            }
        }
        // What waited for it.
        self.forget(&Named::default());
    }

    /// Keeps all the secrets of a request, or none.
    pub(super) fn keep_secrets(&self, added: &[(CredentialId, Secret)]) -> Result<(), Refusal> {
        for (id, secret) in added {
            if let Err(error) = self.secrets.save(*id, secret) {
                self.drop_secrets(added);
                return Err(Refusal::failure(format!("{error:#}")));
            }
        }
        Ok(())
    }

    pub(super) fn drop_secrets(&self, added: &[(CredentialId, Secret)]) {
        for (id, _) in added {
            self.drop_password(Some(*id));
        }
    }
}

/// A change that cannot join a trial: it is refused also where that began since it was looked.
pub(super) fn outside_trials(
    store: &Store,
    edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
) -> impl FnOnce(&Document) -> EditResult + Send + 'static {
    // Not the store itself: the thread that drops its last handle waits for the writer, on whose
    // thread this runs.
    let snapshot = store.snapshot();
    move |document| {
        nothing_on_trial(&snapshot.borrow())?;
        edit(document)
    }
}
