//! The whole document and its history.

use super::Operation;
use crate::rights::Access::{Inspect, Subaccounts};

pub(crate) const DOCUMENT: &str = "/api/v1/configuration/document";
pub(crate) const REVISIONS: &str = "/api/v1/configuration/revisions";
pub(crate) const REVISION: &str = "/api/v1/configuration/revisions/{revision}";
pub(crate) const UNDO: &str = "/api/v1/configuration/revisions/{revision}/undo";

// Writes need the weakest role that may change anything; the change itself is checked part by part.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(DOCUMENT, Inspect, "Shows the whole configuration."),
    Operation::put(DOCUMENT, Subaccounts, "Replaces the whole configuration."),
    Operation::get(REVISIONS, Inspect, "Lists the newest revisions."),
    Operation::get(REVISION, Inspect, "Shows what a revision changed."),
    Operation::post(
        UNDO,
        Subaccounts,
        "Takes a revision back; other changes stay.",
    ),
];
