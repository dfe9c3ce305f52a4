//! What the store publishes: one immutable state of everything.

use std::sync::Arc;

use underpass_shared::config::{Document, Revision, Subaccount, SubaccountKey, Trial};
use underpass_shared::policy::Policy;

use super::error::Problem;

/// A revision with its document and the access control made from it.
#[derive(Debug)]
pub struct Snapshot {
    revision: Revision,
    document: Arc<Document>,
    /// In the order of the document's subaccounts.
    policies: Vec<Arc<Policy>>,
    problem: Option<Arc<Problem>>,
    trial: Option<Trial>,
}

impl Snapshot {
    /// Takes over the policies of subaccounts that did not change.
    pub(super) fn new(revision: Revision, document: Arc<Document>, old: Option<&Self>) -> Self {
        let policy = |subaccount: &Arc<Subaccount>| {
            old.and_then(|old| old.policy(subaccount.key()))
                .filter(|policy| Arc::ptr_eq(policy.subaccount(), subaccount))
                .map_or_else(|| Arc::new(Policy::new(Arc::clone(subaccount))), Arc::clone)
        };
        let policies = document.subaccounts().iter().map(policy).collect();
        Self {
            revision,
            document,
            policies,
            problem: None,
            trial: None,
        }
    }

    /// With changes on trial.
    pub(super) fn on_trial(self, trial: Option<Trial>) -> Self {
        Self { trial, ..self }
    }

    /// The same with nothing on trial.
    pub(super) fn settled(old: &Self) -> Self {
        Self::new(old.revision.clone(), Arc::clone(&old.document), Some(old))
    }

    /// Denies all because of a problem.
    pub(super) fn denying(problem: Problem) -> Self {
        let nothing = Self::new(Revision::genesis(), Arc::new(Document::empty()), None);
        Self {
            problem: Some(Arc::new(problem)),
            ..nothing
        }
    }

    /// Which state this is.
    pub const fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The whole configuration; empty where there is a problem.
    pub const fn document(&self) -> &Arc<Document> {
        &self.document
    }

    /// The configuration, unless it cannot be used. Without one nothing is deleted or forgotten
    /// because of what it says.
    pub fn known(&self) -> Option<&Arc<Document>> {
        self.problem.is_none().then_some(&self.document)
    }

    /// The access control of one subaccount. None means that everything is denied.
    pub fn policy(&self, key: &SubaccountKey) -> Option<&Arc<Policy>> {
        let found = self
            .policies
            .binary_search_by(|one| one.subaccount().key().cmp(key));
        self.policies.get(found.ok()?)
    }

    /// The changes that are taken back unless somebody confirms them in time.
    pub const fn trial(&self) -> Option<&Trial> {
        self.trial.as_ref()
    }

    /// Why all is denied, if it is because the state cannot be used.
    pub const fn problem(&self) -> Option<&Arc<Problem>> {
        self.problem.as_ref()
    }
}
