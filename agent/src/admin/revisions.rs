//! The history of the document.

use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{Refusal, RevisionDetail};
use underpass_shared::config::{UndoError, changes};

use super::call::Call;
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
        let current = self.readable()?.revision().number;
        let list = self.store.history(limit).await.map_err(answer::refusal)?;
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
        let undo = move |document: &underpass_shared::config::Document| {
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

    async fn steps(&self, number: u64) -> Result<Steps, Refusal> {
        let found = self.store.steps(number).await.map_err(answer::refusal)?;
        found.ok_or_else(|| Refusal::not_found(format!("the history has no revision {number}")))
    }
}
