//! What the writer is asked to do.

use std::time::Duration;

use tokio::sync::oneshot;
use underpass_shared::config::{Delta, Document, Invalid, Revision, Text, Trial, limits};

use super::error::ChangeError;
use super::{Committed, Steps};

type CheckFn = Box<dyn FnOnce(&Document, &Document) -> Result<(), Invalid> + Send>;
type EditFn = Box<dyn FnOnce(&Document) -> Result<Document, Invalid> + Send>;
type Reply<T> = oneshot::Sender<Result<T, ChangeError>>;

/// A wanted change.
pub(super) struct Edit {
    pub(super) author: Text<{ limits::AUTHOR_LEN_MAX }>,
    pub(super) reason: Text<{ limits::REASON_LEN_MAX }>,
    pub(super) if_match: Option<u64>,
    pub(super) within: Option<Duration>,
    pub(super) edit: EditFn,
}

impl Edit {
    pub(super) fn new(
        author: &str,
        reason: &str,
        if_match: Option<u64>,
        edit: impl FnOnce(&Document) -> Result<Document, Invalid> + Send + 'static,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            author: author
                .parse()
                .map_err(|rule| Invalid::new("author", format!("{rule}")))?,
            reason: reason
                .parse()
                .map_err(|rule| Invalid::new("reason", format!("{rule}")))?,
            if_match,
            within: None,
            edit: Box::new(edit),
        })
    }

    /// The same on trial, to be confirmed within a time.
    pub(super) fn on_trial(self, within: Option<Duration>) -> Self {
        Self { within, ..self }
    }
}

/// A wanted end of what is on trial, and what must hold when it is its turn.
pub struct Ending {
    /// The first of the revisions that are on trial.
    pub(super) first: u64,
    pub(super) if_match: Option<u64>,
    pub(super) check: CheckFn,
}

impl Ending {
    /// Of the trial that begins with a revision.
    pub fn of(first: u64) -> Self {
        Self {
            first,
            if_match: None,
            check: Box::new(|_now, _after| Ok(())),
        }
    }

    /// The same for exactly this present revision: others may have joined the trial meanwhile.
    #[must_use]
    pub fn if_match(self, if_match: Option<u64>) -> Self {
        Self { if_match, ..self }
    }

    /// The same, unless `check` refuses. It runs on the writer's thread, with the document as it
    /// is then and as it is to be afterwards.
    #[must_use]
    pub fn checked(
        self,
        check: impl FnOnce(&Document, &Document) -> Result<(), Invalid> + Send + 'static,
    ) -> Self {
        let check = Box::new(check);
        Self { check, ..self }
    }
}

/// Something to do for the writer.
pub(super) enum Job {
    Change {
        edit: Edit,
        reply: Reply<Committed>,
    },
    History {
        /// Only those with smaller numbers.
        before: Option<u64>,
        limit: usize,
        reply: Reply<Vec<Revision>>,
    },
    Inverse {
        number: u64,
        reply: Reply<Option<Delta>>,
    },
    Steps {
        number: u64,
        reply: Reply<Option<Steps>>,
    },
    At {
        number: u64,
        reply: Reply<Option<Document>>,
    },
    Confirm {
        ending: Ending,
        reply: Reply<Trial>,
    },
    Revert {
        ending: Ending,
        author: String,
        reply: Reply<Committed>,
    },
}

impl Job {
    pub(super) const fn change(edit: Edit, reply: Reply<Committed>) -> Self {
        Self::Change { edit, reply }
    }
}
