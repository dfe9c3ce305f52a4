//! Further rules of alerts, beside those that SAP Cloud Connector has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loose::{Number, Truth, flag};

/// Seconds, a day at most.
type Seconds = Number<0, 86_400>;

/// Further limits at which alerts are raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct AlertLimits {
    /// Memory of the host in use, percent.
    pub memory_percent: Number<1, 100>,
    /// Time within which 95 of 100 requests to a back end are answered, milliseconds.
    pub latency_ms: Number<1, 3_600_000>,
    /// Share of requests to a back end that end in an error, percent.
    pub error_rate_percent: Number<1, 100>,
    /// Fewer requests within the window say nothing of latency and errors.
    pub least_requests: Number<1, 1_000_000>,
    /// How far latency and errors look back, seconds; the last half of it at least.
    pub backend_window_sec: Number<1, 86_400>,
    /// How often a tunnel may be lost within its window.
    pub tunnel_losses: Number<1, 1_000>,
    /// How far losses of tunnels look back, seconds.
    pub tunnel_window_sec: Number<1, 86_400>,
}

impl Default for AlertLimits {
    fn default() -> Self {
        Self {
            memory_percent: const { Number::constant(95) },
            latency_ms: const { Number::constant(10_000) },
            error_rate_percent: const { Number::constant(50) },
            least_requests: const { Number::constant(20) },
            backend_window_sec: const { Number::constant(300) },
            tunnel_losses: const { Number::constant(5) },
            tunnel_window_sec: const { Number::constant(600) },
        }
    }
}

/// How long something must stand before anybody is told, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct AlertDelays {
    /// A tunnel that is down.
    pub tunnels: Seconds,
    /// A service channel that is down.
    pub service_channels: Seconds,
    /// Memory that is short.
    pub memory: Seconds,
    /// A back end that is slow or answers with errors.
    pub backends: Seconds,
    /// A diagnosis.
    pub troubleshooting: Seconds,
    /// How long it must be over before it counts as over. It doubles each time that it comes back
    /// within an hour, up to an hour.
    pub resolution: Number<1, 3_600>,
}

impl Default for AlertDelays {
    fn default() -> Self {
        Self {
            tunnels: const { Number::constant(30) },
            service_channels: const { Number::constant(30) },
            memory: const { Number::constant(60) },
            backends: const { Number::constant(60) },
            troubleshooting: const { Number::constant(30) },
            resolution: const { Number::constant(60) },
        }
    }
}

/// Which further alerts are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(inline)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AlertSending {
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub memory: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub backends: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub audit: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub backup: bool,
}

impl Default for AlertSending {
    fn default() -> Self {
        Self {
            memory: true,
            backends: true,
            audit: true,
            backup: true,
        }
    }
}

/// Further rules of alerts: limits, delays, and which are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlertRules {
    /// Further limits at which alerts are raised.
    pub thresholds: AlertLimits,
    /// How long something must stand before anybody is told, in seconds.
    pub delays: AlertDelays,
    /// Which further alerts are sent.
    pub notification: AlertSending,
}

impl AlertRules {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;

    #[test]
    fn a_document_without_them_keeps_its_hash_and_wrong_ones_are_named() {
        let document = |rules: &str| {
            let text = format!(r#"{{"schema": 1, "connector": {{{rules}}}, "subaccounts": []}}"#);
            Document::from_json(&text)
        };
        let (without, with) = (document(""), document(r#""alertRules": {}"#));
        assert_eq!(without.unwrap().hash(), with.unwrap().hash());
        let part = r#""alertRules": {"thresholds": {"memoryPercent": "80"}}"#;
        let rules = document(part).unwrap().connector().alert_rules;
        assert_eq!(rules.thresholds.memory_percent.get(), 80);
        assert_eq!(rules.delays, AlertDelays::default());
        for (wrong, says) in [
            (
                r#"{"thresholds": {"memoryPercent": 101}}"#,
                "thresholds.memoryPercent",
            ),
            (r#"{"delays": {"resolution": 0}}"#, "delays.resolution"),
            (r#"{"notification": {"CPU": true}}"#, "notification.CPU"),
            (r#"{"other": 1}"#, "other"),
        ] {
            let wrong = document(&format!(r#""alertRules": {wrong}"#)).unwrap_err();
            assert!(wrong.to_string().contains(says), "{wrong}");
        }
    }
}
