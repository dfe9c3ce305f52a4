//! Alerts and what is told of them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::category::Category;
use super::code::Code;

/// How bad it is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Good to know, such as a resolution.
    Info,
    /// Something will go wrong.
    Warning,
    /// Something is wrong.
    Error,
}

/// Which alert of which thing: there is never more than one of each.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct AlertId {
    /// Which alert.
    pub code: Code,
    /// Of what: empty for the agent, the text of a [`crate::monitor::Entity`] for tunnels and system
    /// mappings, else such as a folder or the name of a certificate.
    pub entity: String,
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entity.as_str() {
            "" => write!(f, "{}", self.code),
            entity => write!(f, "{} of {entity}", self.code),
        }
    }
}

/// Something that is wrong right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What, and of what.
    pub id: AlertId,
    /// What is wrong, in a sentence with its figures.
    pub text: String,
    /// What it follows from: while that stands, nobody is told of this.
    pub because_of: Option<AlertId>,
    /// Days that are left, where the condition reminds as they go by.
    pub days_left: Option<i64>,
}

/// A condition that stands, or stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Its number; grows, never used again.
    pub number: u64,
    /// What, and of what.
    #[serde(flatten)]
    pub id: AlertId,
    /// What it is about.
    pub category: Category,
    /// How bad it is.
    pub severity: Severity,
    /// What it is called.
    pub title: String,
    /// What is wrong, with its figures, as last seen.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// Since when it stands, milliseconds UTC.
    pub since_ms: i64,
    /// Since when it no longer does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_ms: Option<i64>,
    /// Who has taken note, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
    /// Until when nobody is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silenced_until_ms: Option<i64>,
    /// How many other conditions follow from it, of which nobody is told.
    #[serde(default, skip_serializing_if = "is_none")]
    pub hides: u32,
}

const fn is_none(count: &u32) -> bool {
    *count == 0
}

/// Who has taken note of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledged {
    /// The operator.
    pub by: String,
    /// When, milliseconds UTC.
    pub at_ms: i64,
}

/// What happened to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Happening {
    /// It stands from now on.
    Raised,
    /// It still stands, and time runs out.
    Reminded,
    /// It no longer stands.
    Resolved,
    /// Somebody tests the delivery.
    Test,
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raised => "raised",
            Self::Reminded => "reminded",
            Self::Resolved => "resolved",
            Self::Test => "test",
        })
    }
}

/// What is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Its number; grows, never used again, so that a receiver can tell a repetition.
    pub number: u64,
    /// What happened.
    pub happening: Happening,
    /// When, milliseconds UTC.
    pub time_ms: i64,
    /// To which alert, as it was then.
    pub alert: Alert,
}
