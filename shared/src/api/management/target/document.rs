//! The addresses of the whole document and its history.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::history;
use super::path::number_of;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentTarget {
    /// The whole configuration.
    Whole,
    /// Its history.
    Revisions,
    /// One entry of its history.
    Revision(u64),
    /// Taking one revision back.
    Undo(u64),
    /// Making a state of the past the present one.
    Restore(u64),
    /// What differs between two revisions.
    RevisionDiff(u64),
    /// The document as of a revision.
    AsOf(u64),
    /// The changes that wait for their confirmation.
    PendingConfirm,
}

impl DocumentTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        let (number, meaning): (_, fn(u64) -> Self) = match segments {
            ["configuration", "document"] => return Some(Ok(Self::Whole)),
            ["configuration", "pendingConfirm"] => return Some(Ok(Self::PendingConfirm)),
            ["configuration", "revisions"] => return Some(Ok(Self::Revisions)),
            ["configuration", "revisions", number] => (number, Self::Revision),
            ["configuration", "revisions", number, "undo"] => (number, Self::Undo),
            ["configuration", "revisions", number, "restore"] => (number, Self::Restore),
            ["configuration", "revisions", number, "diff"] => (number, Self::RevisionDiff),
            ["configuration", "revisions", number, "document"] => (number, Self::AsOf),
            _ => return None,
        };
        Some(number_of(number, "revision", "a revision").map(meaning))
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Whole => history::DOCUMENT,
            Self::Revisions => history::REVISIONS,
            Self::Revision(_) => history::REVISION,
            Self::Undo(_) => history::UNDO,
            Self::Restore(_) => history::RESTORE,
            Self::RevisionDiff(_) => history::REVISION_DIFF,
            Self::AsOf(_) => history::REVISION_DOCUMENT,
            Self::PendingConfirm => history::PENDING_CONFIRM,
        }
    }
}

impl fmt::Display for DocumentTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = history::REVISIONS;
        match self {
            Self::Revision(number) => write!(f, "{all}/{number}"),
            Self::Undo(number) => write!(f, "{all}/{number}/undo"),
            Self::Restore(number) => write!(f, "{all}/{number}/restore"),
            Self::RevisionDiff(number) => write!(f, "{all}/{number}/diff"),
            Self::AsOf(number) => write!(f, "{all}/{number}/document"),
            Self::Whole | Self::Revisions | Self::PendingConfirm => f.write_str(self.template()),
        }
    }
}
