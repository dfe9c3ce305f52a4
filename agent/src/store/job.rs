//! What the writer is asked to do.

use std::time::Duration;

use tokio::sync::oneshot;
use underpass_shared::config::{Delta, Document, Invalid, Revision, Text, Trial, limits};

use super::error::ChangeError;
use super::{Committed, Steps};

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
        first: u64,
        reply: Reply<Trial>,
    },
    Revert {
        first: u64,
        author: String,
        reason: String,
        reply: Reply<Committed>,
    },
}

impl Job {
    pub(super) const fn change(edit: Edit, reply: Reply<Committed>) -> Self {
        Self::Change { edit, reply }
    }
}
