//! A revision: one state of the document in the chain of its states.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::canonical;
use super::document::{Document, SCHEMA};
use super::limits::{AUTHOR_LEN_MAX, REASON_LEN_MAX};
use super::text::Text;
use crate::hash::Hash256;

/// Who made which state when and why, bound to its content and to the revision before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revision {
    /// Counts from 1; 0 is the empty document of a new agent.
    pub number: u64,
    /// Milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Who.
    pub author: Text<AUTHOR_LEN_MAX>,
    /// Why.
    pub reason: Text<REASON_LEN_MAX>,
    /// The schema of the content.
    pub schema: u32,
    /// The hash of the content.
    pub content_hash: Hash256,
    /// The hash of the revision before, over all its fields.
    pub previous_hash: Hash256,
}

impl Revision {
    /// The revision of a new agent; never stored.
    pub fn genesis() -> Self {
        Self {
            number: 0,
            time_ms: 0,
            author: Text::default(),
            reason: Text::default(),
            schema: SCHEMA,
            content_hash: Document::empty().hash(),
            previous_hash: Hash256::ZERO,
        }
    }

    /// The revision after this one.
    #[must_use]
    pub fn next(
        &self,
        time_ms: i64,
        author: Text<AUTHOR_LEN_MAX>,
        reason: Text<REASON_LEN_MAX>,
        content_hash: Hash256,
    ) -> Self {
        Self {
            number: self.number.saturating_add(1),
            time_ms,
            author,
            reason,
            schema: SCHEMA,
            content_hash,
            previous_hash: self.hash(),
        }
    }

    /// The hash over all fields, and so over the whole chain up to here.
    pub fn hash(&self) -> Hash256 {
        canonical::hash(self)
    }

    /// Whether this revision can stand directly after `previous`.
    pub fn follows(&self, previous: &Self) -> bool {
        previous.number.checked_add(1) == Some(self.number) && self.previous_hash == previous.hash()
    }
}
