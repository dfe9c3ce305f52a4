//! The whole document and its history.

use super::super::{PendingConfirm, RevisionDetail, RevisionDiff};
use super::parameters::{LIMIT, OLDER, READMIT_OPERATORS, WITH};
use super::{DOCUMENT_LEN_MAX, Operation};
use crate::config::{Document, Revision};
use crate::rights::Access::{Inspect, Subaccounts};

pub(crate) const DOCUMENT: &str = "/api/v1/configuration/document";
pub(crate) const REVISIONS: &str = "/api/v1/configuration/revisions";
pub(crate) const REVISION: &str = "/api/v1/configuration/revisions/{revision}";
pub(crate) const UNDO: &str = "/api/v1/configuration/revisions/{revision}/undo";
pub(crate) const RESTORE: &str = "/api/v1/configuration/revisions/{revision}/restore";
pub(crate) const REVISION_DIFF: &str = "/api/v1/configuration/revisions/{revision}/diff";
pub(crate) const REVISION_DOCUMENT: &str = "/api/v1/configuration/revisions/{revision}/document";
pub(crate) const PENDING_CONFIRM: &str = "/api/v1/configuration/pendingConfirm";

// Writes need the weakest role that may change anything; the change itself is checked part by part.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(DOCUMENT, Inspect, "Shows the whole configuration.").gives::<Document>(),
    Operation::put(DOCUMENT, Subaccounts, "Replaces the whole configuration.")
        .takes::<Document>()
        .limit(DOCUMENT_LEN_MAX)
        .options(&[READMIT_OPERATORS])
        .conflicts(),
    Operation::get(REVISIONS, Inspect, "Lists the newest revisions.")
        .gives::<Vec<Revision>>()
        .options(&[LIMIT, OLDER]),
    Operation::get(REVISION, Inspect, "Shows what a revision changed.").gives::<RevisionDetail>(),
    Operation::post(
        UNDO,
        Subaccounts,
        "Takes a revision back; other changes stay.",
    )
    .options(&[READMIT_OPERATORS])
    .conflicts(),
    Operation::post(
        RESTORE,
        Subaccounts,
        "Makes the whole configuration what it was at a revision.",
    )
    .conflicts(),
    Operation::get(
        REVISION_DIFF,
        Inspect,
        "Shows what differs between two revisions.",
    )
    .gives::<RevisionDiff>()
    .options(&[WITH]),
    Operation::get(
        REVISION_DOCUMENT,
        Inspect,
        "Shows the whole configuration as of a revision.",
    )
    .gives::<Document>(),
    Operation::get(
        PENDING_CONFIRM,
        Inspect,
        "Shows the changes that wait for their confirmation.",
    )
    .gives::<PendingConfirm>()
    .may_be_missing(),
    Operation::post(
        PENDING_CONFIRM,
        Subaccounts,
        "Confirms the changes that wait for it.",
    )
    .acts()
    .conditional()
    .may_be_missing(),
    Operation::delete(
        PENDING_CONFIRM,
        Subaccounts,
        "Takes the changes back that wait for their confirmation.",
    )
    .acts()
    .conditional()
    .may_be_missing(),
];
