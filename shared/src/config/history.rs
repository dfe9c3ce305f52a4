//! How long is kept what the agent measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loose::Number;

/// For how much measured time the history is kept in each resolution; hours in which the agent did
/// not run do not count. A coarser resolution is kept at least as long as a finer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HistorySettings {
    /// Hours in steps of 15 seconds; a week at most.
    pub fine_hours: Number<1, 168>,
    /// Days in steps of a minute; three months at most.
    pub minute_days: Number<1, 90>,
    /// Days in steps of an hour; ten years at most.
    pub hour_days: Number<1, 3_653>,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self {
            fine_hours: const { Number::constant(24) },
            minute_days: const { Number::constant(14) },
            hour_days: const { Number::constant(731) },
        }
    }
}

impl HistorySettings {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
