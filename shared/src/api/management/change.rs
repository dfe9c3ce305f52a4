//! Version, history and dry runs.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::limits::AUTHOR_LEN_MAX;
use crate::config::{Change, Revision, Text, Trial};

/// The version of the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// Such as `1.2.3`.
    pub version: String,
}

/// The answer to a dry run: what the request would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// The revision that it was tried on.
    pub revision: u64,
    /// The changes; none where the request would change nothing.
    pub changes: Vec<Change>,
}

/// One revision with what it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionDetail {
    /// The revision.
    pub revision: Revision,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// What differs between two revisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionDiff {
    /// The number of the one.
    pub from: u64,
    /// The number of the other.
    pub to: u64,
    /// The changes from the one to the other, whatever was between.
    pub changes: Vec<Change>,
}

/// Changes that are taken back unless somebody confirms them in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingConfirm {
    /// Whose they are; everybody else's writes are refused meanwhile.
    pub author: Text<AUTHOR_LEN_MAX>,
    /// The first revision that would be taken back.
    pub first_revision: u64,
    /// The last.
    pub last_revision: u64,
    /// When they are taken back, milliseconds UTC.
    pub until_ms: i64,
    /// What is left until then.
    pub seconds_left: u64,
}

impl PendingConfirm {
    /// Shows what is on trial.
    pub fn show(trial: &Trial, left: Duration) -> Self {
        Self {
            author: trial.author.clone(),
            first_revision: trial.first,
            last_revision: trial.last,
            until_ms: trial.until_ms,
            seconds_left: left.as_secs(),
        }
    }
}
