//! When something was added, for people and for existing scripts.

use serde::{Deserialize, Serialize};

use crate::schema::schema;

/// A time in milliseconds UTC. It is unknown for what was added before it was kept; the document
/// then leaves it out, so that it keeps its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CreationDate(u64);

schema!(CreationDate = { "type": "integer", "minimum": 0, "maximum": u64::MAX });

impl CreationDate {
    /// A time as the clock gives it.
    pub const fn at(ms: i64) -> Self {
        Self(if ms < 0 { 0 } else { ms.unsigned_abs() })
    }

    /// Milliseconds UTC, where it is known.
    pub const fn ms(self) -> Option<u64> {
        match self.0 {
            0 => None,
            ms => Some(ms),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    pub(super) const fn is_unknown(&self) -> bool {
        self.0 == 0
    }
}
