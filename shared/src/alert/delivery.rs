//! How the delivery of alerts is doing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a channel is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryState {
    /// Which one: `mail`, `webhook:NAME` or `syslog:NAME`.
    pub channel: String,
    /// Notices that wait, with those of the message that is on its way.
    pub waiting: usize,
    /// Notices that were dropped because too many waited; told with the next message.
    pub dropped: u64,
    /// When the last message was taken, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_ms: Option<i64>,
    /// What was wrong with the last message although it was taken, such as a refused recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// What goes wrong now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<DeliveryTrouble>,
}

/// What goes wrong on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryTrouble {
    /// Since when, milliseconds UTC.
    pub since_ms: i64,
    /// Attempts since then.
    pub attempts: u32,
    /// What went wrong with the last one: the step, and why.
    pub error: String,
    /// When the next one follows, milliseconds UTC.
    pub next_ms: i64,
}
