//! Version, history and dry runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Change, Revision};

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
