//! Alerts as they are asked for, shown and answered by operators.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::alert::Alert;

/// Which alerts are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AlertState {
    /// Those that stand.
    #[default]
    Active,
    /// Those that stood.
    History,
    /// Both.
    All,
}

impl AlertState {
    /// As it stands behind the `?`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::History => "history",
            Self::All => "all",
        }
    }
}

impl fmt::Display for AlertState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no such set of alerts.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be active, history or all")]
pub struct InvalidAlertState;

impl FromStr for AlertState {
    type Err = InvalidAlertState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Active, Self::History, Self::All];
        let found = all.into_iter().find(|one| one.as_str() == text);
        found.ok_or(InvalidAlertState)
    }
}

/// Alerts: those that stand first, then those that stood; of each the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlertList {
    /// The alerts.
    pub alerts: Vec<Alert>,
}

/// How long nobody is to be told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SilenceInput {
    /// Until when, milliseconds UTC; 0 ends the silence.
    pub until_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_lead_there_and_back() {
        for state in [AlertState::Active, AlertState::History, AlertState::All] {
            assert_eq!(state.to_string().parse(), Ok(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!("ACTIVE".parse::<AlertState>(), Err(InvalidAlertState));
    }
}
