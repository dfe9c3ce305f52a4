//! The whole document and its history.

use super::super::RevisionDetail;
use super::parameters::{LIMIT, READMIT_OPERATORS};
use super::{DOCUMENT_LEN_MAX, Operation};
use crate::config::{Document, Revision};
use crate::rights::Access::{Inspect, Subaccounts};

pub(crate) const DOCUMENT: &str = "/api/v1/configuration/document";
pub(crate) const REVISIONS: &str = "/api/v1/configuration/revisions";
pub(crate) const REVISION: &str = "/api/v1/configuration/revisions/{revision}";
pub(crate) const UNDO: &str = "/api/v1/configuration/revisions/{revision}/undo";

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
        .options(&[LIMIT]),
    Operation::get(REVISION, Inspect, "Shows what a revision changed.").gives::<RevisionDetail>(),
    Operation::post(
        UNDO,
        Subaccounts,
        "Takes a revision back; other changes stay.",
    )
    .options(&[READMIT_OPERATORS])
    .conflicts(),
];
