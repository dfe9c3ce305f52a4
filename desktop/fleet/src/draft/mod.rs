//! What the user changed of an agent's configuration and has not applied.
//!
//! A draft is a value: every act makes a new one. Documents share what is alike, so that a long
//! history is cheap.

mod saved;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use underpass_shared::api::management::Preview;
use underpass_shared::config::{
    Change, Conflict, Document, Invalid, Place, changes, diff, merge_documents,
};
use underpass_shared::hash::Hash256;

pub use self::saved::SavedDraft;
use crate::remote::Remote;
use crate::snapshot::{Configuration, Failure};

/// Most changes that can be taken back, so that the history stays small.
const STEPS_MAX: usize = 200;

/// One change.
#[derive(Clone, Debug)]
struct Step {
    what: Arc<str>,
    document: Arc<Document>,
}

/// A place that both changed, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The conflict.
    pub conflict: Conflict,
    /// Whether mine is kept; nothing while that is not decided.
    pub mine: Option<bool>,
}

/// What is being brought together.
#[derive(Clone, Debug)]
struct Merge {
    base: Configuration,
    mine: Arc<Document>,
    disputes: BTreeMap<Place, Dispute>,
}

/// Why a draft cannot be applied now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Nothing is changed.
    #[error("nothing is changed")]
    Unchanged,
    /// Conflicts are not decided.
    #[error("decide the conflicts first")]
    Disputed,
    /// It is being applied.
    #[error("it is being applied")]
    Applying,
}

/// Which draft an answer is about: a later one has other content or another revision below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    revision: u64,
    content: Hash256,
}

/// What the user changed.
#[derive(Clone, Debug)]
pub struct Draft {
    base: Configuration,
    steps: Vec<Step>,
    /// How many of the steps are done; the others can be made again.
    done: usize,
    merge: Option<Merge>,
    /// What the agent says that it would change.
    pub review: Remote<Preview>,
    /// Whether it is on its way to the agent.
    pub is_applying: bool,
    /// Why the agent did not take it.
    pub refused: Option<Failure>,
}

impl Draft {
    /// A draft without changes.
    pub const fn new(base: Configuration) -> Self {
        Self {
            base,
            steps: vec![],
            done: 0,
            merge: None,
            review: Remote::NotRequested,
            is_applying: false,
            refused: None,
        }
    }

    /// What it was made from.
    pub const fn base(&self) -> &Configuration {
        &self.base
    }

    /// The configuration as the user wants it.
    pub fn document(&self) -> &Arc<Document> {
        let newest = self.done.checked_sub(1).and_then(|at| self.steps.get(at));
        newest.map_or(&self.base.document, |step| &step.document)
    }

    /// Whether anything differs from what it was made from.
    pub fn is_changed(&self) -> bool {
        self.document().hash() != self.base.document.hash()
    }

    /// What differs, place by place, with before and after. Costs as much as the documents differ;
    /// the mappings themselves are compared by their hashes.
    pub fn changes(&self) -> Vec<Change> {
        let (old, new) = (&self.base.document, self.document());
        changes(&diff(old, new), &diff(new, old))
    }

    /// What would be taken back.
    pub fn undo_what(&self) -> Option<&str> {
        let step = self.done.checked_sub(1).and_then(|at| self.steps.get(at))?;
        Some(&step.what)
    }

    /// What would be made again.
    pub fn redo_what(&self) -> Option<&str> {
        self.steps.get(self.done).map(|step| &*step.what)
    }

    /// Places that others changed too, since the draft was begun.
    pub fn disputes(&self) -> impl Iterator<Item = &Dispute> {
        self.merge.iter().flat_map(|merge| merge.disputes.values())
    }

    /// Why it cannot be changed now, if so: what is decided of a conflict makes all anew from what
    /// was there when the conflict came up.
    pub fn locked(&self) -> Option<NotReady> {
        if self.is_applying {
            return Some(NotReady::Applying);
        }
        self.is_disputed().then_some(NotReady::Disputed)
    }

    fn is_disputed(&self) -> bool {
        self.disputes().any(|dispute| dispute.mine.is_none())
    }

    /// Whether it can be applied.
    ///
    /// # Errors
    /// Why not.
    pub fn is_ready(&self) -> Result<(), NotReady> {
        if let Some(why) = self.locked() {
            return Err(why);
        }
        if !self.is_changed() {
            return Err(NotReady::Unchanged);
        }
        Ok(())
    }

    /// With one more change; what was taken back can no longer be made again.
    ///
    /// # Errors
    /// When the change breaks a rule.
    pub fn edit(
        &self,
        what: &str,
        edit: impl FnOnce(&Document) -> Result<Document, Invalid>,
    ) -> Result<Self, Invalid> {
        let document = Arc::new(edit(self.document())?);
        if document.hash() == self.document().hash() {
            return Ok(self.clone());
        }
        let mut draft = self.touched();
        // What was decided stays so: deciding anew would lose this change.
        draft.merge = None;
        draft.steps.truncate(self.done);
        if draft.steps.len() >= STEPS_MAX {
            draft.steps.remove(0);
        }
        draft.steps.push(Step {
            what: what.into(),
            document,
        });
        draft.done = draft.steps.len();
        Ok(draft)
    }

    /// With one more change, which is one with the newest if that is called the same.
    ///
    /// # Errors
    /// When the change breaks a rule.
    pub fn amend(
        &self,
        what: &str,
        edit: impl FnOnce(&Document) -> Result<Document, Invalid>,
    ) -> Result<Self, Invalid> {
        let mut draft = self.edit(what, edit)?;
        if let [.., before, newest] = &draft.steps[..draft.done]
            && *before.what == *what
            && *newest.what == *what
            && draft.done > self.done
        {
            draft.steps.remove(draft.done - 2);
            draft.done -= 1;
        }
        // What was typed and taken back letter by letter is no change.
        let below = draft.done.checked_sub(2).and_then(|at| draft.steps.get(at));
        let below = below.map_or(&draft.base.document, |step| &step.document);
        if draft.undo_what() == Some(what) && below.hash() == draft.document().hash() {
            draft.steps.truncate(draft.done - 1);
            draft.done -= 1;
        }
        Ok(draft)
    }

    /// Without the newest change.
    #[must_use]
    pub fn undo(&self) -> Self {
        let mut draft = self.touched();
        draft.done = self.done.saturating_sub(1);
        draft
    }

    /// With the change that was taken back last.
    #[must_use]
    pub fn redo(&self) -> Self {
        let mut draft = self.touched();
        draft.done = self.steps.len().min(self.done + 1);
        draft
    }

    /// Brought together with what the agent has now. Changes of different places come together;
    /// where both changed a place, theirs holds until the user decides.
    ///
    /// # Errors
    /// When both together break a rule that neither breaks alone.
    pub fn merged(&self, theirs: Configuration) -> Result<Self, Invalid> {
        if theirs.document.hash() == self.base.document.hash() {
            let mut draft = self.touched();
            draft.base = theirs;
            return Ok(draft);
        }
        let (base, mine) = (&self.base.document, self.document());
        let merged = merge_documents(base, mine, &theirs.document, &BTreeSet::new())?;
        let dispute = |conflict: Conflict| {
            let place = conflict.place.clone();
            let mine = None;
            (place, Dispute { conflict, mine })
        };
        let merge = Merge {
            base: self.base.clone(),
            mine: Arc::clone(mine),
            disputes: merged.conflicts.into_iter().map(dispute).collect(),
        };
        let has_disputes = !merge.disputes.is_empty();
        let mut draft = Self::new(theirs);
        draft.merge = has_disputes.then_some(merge);
        draft.push("Changes before the merge", merged.document);
        Ok(draft)
    }

    /// With a decided conflict.
    ///
    /// # Errors
    /// When the result breaks a rule.
    pub fn resolve(&self, place: &Place, mine: bool) -> Result<Self, Invalid> {
        let mut draft = self.touched();
        let Some(merge) = &mut draft.merge else {
            return Ok(draft);
        };
        let Some(dispute) = merge.disputes.get_mut(place) else {
            return Ok(draft);
        };
        dispute.mine = Some(mine);
        let kept = merge
            .disputes
            .iter()
            .filter(|(_, one)| one.mine == Some(true));
        let keep: BTreeSet<Place> = kept.map(|(place, _)| place.clone()).collect();
        let theirs = &self.base.document;
        let merged = merge_documents(&merge.base.document, &merge.mine, theirs, &keep)?;
        draft.steps.clear();
        draft.push("Changes before the merge", merged.document);
        Ok(draft)
    }

    /// What answers about it are told by.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            revision: self.base.revision,
            content: self.document().hash(),
        }
    }

    /// Takes what the agent says that it would change.
    pub(crate) fn reviewed(&mut self, said: Result<Preview, Failure>, now_ms: i64) {
        match said {
            Ok(preview) => {
                self.review = Remote::ready(preview, now_ms);
                self.refused = None;
            }
            Err(failure) => {
                self.review = self.review.failed(Arc::clone(&failure.message));
                self.refused = Some(failure);
            }
        }
    }

    /// The same, on another revision with the same content, or after it was applied.
    pub(crate) fn push(&mut self, what: &str, document: Document) {
        let document = Arc::new(document);
        if document.hash() != self.base.document.hash() {
            self.steps.push(Step {
                what: what.into(),
                document,
            });
        }
        self.done = self.steps.len();
    }

    /// The same, about to change: what was said of it no longer holds.
    fn touched(&self) -> Self {
        Self {
            review: Remote::NotRequested,
            refused: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;
