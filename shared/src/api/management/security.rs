//! How safe an agent is set up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much something matters; the later, the more.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Rating {
    /// As it should be.
    Ok,
    /// Weaker than it could be.
    Warning,
    /// An attacker could use it.
    Risk,
}

/// One thing that matters for security.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityEntry {
    /// What it is about, for programs.
    pub id: String,
    /// How it is.
    pub rating: Rating,
    /// The same in a sentence.
    pub text: String,
    /// How to make it better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl SecurityEntry {
    /// Something that is as it should be.
    pub fn ok(id: &str, text: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            rating: Rating::Ok,
            text: text.into(),
            remedy: None,
        }
    }

    /// Something that should be better.
    pub fn bad(id: &str, rating: Rating, text: impl Into<String>, remedy: &str) -> Self {
        Self {
            rating,
            remedy: Some(remedy.to_owned()),
            ..Self::ok(id, text)
        }
    }
}

/// All that matters for security.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityStatus {
    /// The worst of the entries.
    pub rating: Rating,
    /// The entries, the worst first.
    pub entries: Vec<SecurityEntry>,
}

impl SecurityStatus {
    /// Sums entries up.
    pub fn of(mut entries: Vec<SecurityEntry>) -> Self {
        entries.sort_by_key(|one| std::cmp::Reverse(one.rating));
        Self {
            rating: entries.first().map_or(Rating::Ok, |worst| worst.rating),
            entries,
        }
    }
}
