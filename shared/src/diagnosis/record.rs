//! A diagnosis as it is shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::{Category, Kind};

/// How long it takes until something happens again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recurrence {
    /// The shortest time, milliseconds.
    pub min_ms: u64,
    /// The mean.
    pub mean_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Its number; one that was deleted or vanished never comes back under the same.
    pub id: u64,
    /// Which it is.
    pub kind: Kind,
    /// What it is about.
    pub category: Category,
    /// Of what, such as a region host, a mapping or a certificate; empty for the agent.
    pub entity: String,
    /// What it is called.
    pub title: String,
    /// What was seen last.
    pub message: String,
    /// What may be behind it, the likeliest first.
    pub causes: Vec<String>,
    /// What to do.
    pub fixes: Vec<String>,
    /// How often it happened.
    pub occurrences: u64,
    /// When it happened first, milliseconds UTC.
    pub first_ms: i64,
    /// When it happened last.
    pub last_ms: i64,
    /// How long it took until it happened again, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
}

/// All that goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnoses {
    /// The diagnoses, those that happened last first.
    pub diagnoses: Vec<Diagnosis>,
    /// How many were left out because there are too many.
    pub dropped: u64,
}
