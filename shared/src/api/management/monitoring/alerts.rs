//! Alerts, as monitoring reads them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MONITORING_VERSION;
use crate::alert::{Alert, Code, Severity};

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MonitoredAlert {
    /// Since when it is as it is, milliseconds UTC.
    pub timestamp: i64,
    /// How bad it is; INFO once it is resolved.
    pub status: Severity,
    /// Which alert.
    #[serde(rename = "type")]
    pub kind: Code,
    /// Which of two agents tells it.
    pub origin: String,
    /// What is wrong, or was.
    pub message: String,
    /// Of what; empty for the agent itself.
    pub entity: String,
}

impl MonitoredAlert {
    /// Shows an alert.
    pub fn show(alert: &Alert) -> Self {
        let (timestamp, status, message) = match alert.resolved_ms {
            Some(resolved_ms) => {
                let message = format!("{} has been resolved: {}", alert.title, alert.text);
                (resolved_ms, Severity::Info, message)
            }
            None => (alert.since_ms, alert.severity, alert.text.clone()),
        };
        Self {
            timestamp,
            status,
            kind: alert.id.code,
            // There are no pairs yet, so every agent is its own master.
            origin: "Master".to_owned(),
            message,
            entity: alert.id.entity.clone(),
        }
    }
}

/// The alerts that stand, and those that stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MonitoredAlerts {
    /// The alerts, the newest first.
    pub alerts: Vec<MonitoredAlert>,
    /// The version of the call.
    pub version: u32,
}

impl MonitoredAlerts {
    /// Shows alerts.
    pub fn show<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Self {
        let mut alerts: Vec<_> = alerts.into_iter().map(MonitoredAlert::show).collect();
        alerts.sort_by_key(|one| std::cmp::Reverse(one.timestamp));
        Self {
            alerts,
            version: MONITORING_VERSION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_takes_the_place_of_its_alert() {
        let mut alert: Alert = serde_json::from_value(serde_json::json!({
            "number": 1, "code": "Tunnel", "entity": "a@gate", "category": "tunnels",
            "severity": "ERROR", "title": "Tunnel is down", "text": "no route",
            "remedy": "Look.", "sinceMs": 5}))
        .unwrap();
        let json = |alert: &Alert| serde_json::to_value(MonitoredAlert::show(alert)).unwrap();
        assert_eq!(
            json(&alert),
            serde_json::json!({"timestamp": 5, "status": "ERROR", "type": "Tunnel",
                "origin": "Master", "message": "no route", "entity": "a@gate"})
        );
        let standing = alert.clone();
        alert.resolved_ms = Some(7);
        let all = MonitoredAlerts::show([&standing, &alert]);
        assert_eq!(
            all.alerts
                .iter()
                .map(|one| (one.timestamp, one.status))
                .collect::<Vec<_>>(),
            [(7, Severity::Info), (5, Severity::Error)]
        );
    }
}
