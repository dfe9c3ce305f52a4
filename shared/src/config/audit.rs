//! What is recorded in the audit log, and for how long it is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use crate::schema::schema;

/// Which requests are recorded. Changes of the configuration always are.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum AuditLevel {
    /// Neither requests nor tunnels.
    Off,
    /// Denied requests and tunnels.
    #[default]
    Security,
    /// Allowed requests as well.
    All,
}

impl AuditLevel {
    /// Whether denied requests and tunnels are recorded.
    pub fn records_security(self) -> bool {
        self >= Self::Security
    }

    /// Whether allowed requests are recorded.
    pub fn records_all(self) -> bool {
        self >= Self::All
    }

    /// Whether it is what a new agent has.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// After how many days records are removed; 0 keeps them for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct AuditCleanup(u16);

schema!(AuditCleanup = { "type": "integer", "enum": AuditCleanup::DAYS });

impl AuditCleanup {
    /// The numbers of days that can be chosen.
    pub const DAYS: [u16; 6] = [0, 14, 30, 90, 180, 365];

    /// The days; none where records are kept for ever.
    pub fn days(self) -> Option<u16> {
        (self.0 > 0).then_some(self.0)
    }

    /// Whether it is what a new agent has.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl TryFrom<u16> for AuditCleanup {
    type Error = Invalid;

    fn try_from(days: u16) -> Result<Self, Self::Error> {
        if Self::DAYS.contains(&days) {
            return Ok(Self(days));
        }
        let rule = "must be 0 (never), 14, 30, 90, 180 or 365 days";
        Err(Invalid::new("cleanup", rule))
    }
}

impl From<AuditCleanup> for u16 {
    fn from(cleanup: AuditCleanup) -> Self {
        cleanup.0
    }
}

/// The audit log's settings for the agent as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuditSettings {
    /// The level for what belongs to no subaccount.
    #[serde(skip_serializing_if = "AuditLevel::is_default")]
    pub level: AuditLevel,
    /// When records are removed.
    #[serde(skip_serializing_if = "AuditCleanup::is_default")]
    pub cleanup: AuditCleanup,
}

impl AuditSettings {
    /// Whether it is what a new agent has.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_levels_and_days_are_taken() {
        let read = |text: &str| serde_json::from_str::<AuditSettings>(text);
        assert_eq!(read("{}").unwrap(), AuditSettings::default());
        let all = read(r#"{"level":"ALL","cleanup":14}"#).unwrap();
        assert_eq!((all.level, all.cleanup.days()), (AuditLevel::All, Some(14)));
        assert_eq!(AuditCleanup::default().days(), None);
        for wrong in [
            r#"{"level":"all"}"#,
            r#"{"cleanup":13}"#,
            r#"{"cleanup":-1}"#,
            r#"{"x":1}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_level_records_what_the_lower_ones_do() {
        let records = |level: AuditLevel| (level.records_security(), level.records_all());
        assert_eq!(records(AuditLevel::Off), (false, false));
        assert_eq!(records(AuditLevel::Security), (true, false));
        assert_eq!(records(AuditLevel::All), (true, true));
    }
}
