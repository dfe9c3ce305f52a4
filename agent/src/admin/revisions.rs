//! The history of the document.

use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{Refusal, RevisionDetail, RevisionDiff};
use underpass_shared::config::{Document, UndoError, changes, diff};

use super::call::{Call, blocking};
use super::{Admin, Answer, answer};
use crate::store::Steps;

/// Revisions that a list has where the caller names no number.
const LIST_LEN: usize = 50;

impl Admin {
    pub(super) async fn revisions(&self, call: &Call) -> Answer {
        let limit = call.query.limit.unwrap_or(LIST_LEN);
        if !(1..=LIST_LEN_MAX).contains(&limit) {
            let rule = format!("must be between 1 and {LIST_LEN_MAX}");
            return Err(Refusal::invalid("limit", rule));
        }
        let before = call.query.log.before;
        let current = self.readable()?.revision().number;
        let list = self
            .store
            .history(before, limit)
            .await
            .map_err(answer::refusal)?;
        answer::ok(&list, current)
    }

    pub(super) async fn revision(&self, number: u64) -> Answer {
        let current = self.readable()?.revision().number;
        let steps = self.steps(number).await?;
        let detail = RevisionDetail {
            changes: changes(&steps.forward, &steps.inverse),
            revision: steps.revision,
        };
        answer::ok(&detail, current)
    }

    pub(super) async fn undo(&self, call: Call, number: u64) -> Answer {
        let steps = self.steps(number).await?;
        let reason = format!("undid revision {number}: {}", steps.revision.reason);
        let undo = move |document: &Document| {
            let undone = document.undo(&steps.forward, &steps.inverse);
            undone.map_err(|error| match error {
                UndoError::NoLongerFits(_) => {
                    Refusal::illegal_state(format!("revision {number} cannot be undone: {error}"))
                }
                UndoError::Invalid(invalid) => invalid.into(),
            })
        };
        self.change(&call, &reason, undo, answer::done).await
    }

    /// The whole configuration as it was, but for those who may change it.
    pub(super) async fn restore(&self, call: Call, number: u64) -> Answer {
        let past = self.document_at(number).await?;
        let reason = format!("restored revision {number}");
        let edit = move |document: &Document| Ok(document.restoring(&past)?);
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) async fn revision_diff(&self, call: Call, from: u64) -> Answer {
        let current = self.readable()?;
        let revision = current.revision().number;
        let to = call.query.with.unwrap_or(revision);
        let old = self.document_at(from).await?;
        let new = self.document_at(to).await?;
        blocking(move || {
            let changes = changes(&diff(&old, &new), &diff(&new, &old));
            answer::ok(&RevisionDiff { from, to, changes }, revision)
        })
        .await
    }

    pub(super) async fn revision_document(&self, number: u64) -> Answer {
        let past = self.document_at(number).await?;
        let current = self.readable()?.revision().number;
        blocking(move || Ok(answer::json_text(past.to_json().into(), current))).await
    }

    async fn document_at(&self, number: u64) -> Result<Document, Refusal> {
        let found = self.store.at(number).await.map_err(answer::refusal)?;
        found.ok_or_else(|| Refusal::no_revision(number))
    }

    async fn steps(&self, number: u64) -> Result<Steps, Refusal> {
        let found = self.store.steps(number).await.map_err(answer::refusal)?;
        found.ok_or_else(|| Refusal::no_revision(number))
    }
}
