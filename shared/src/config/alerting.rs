//! When the agent raises alerts, and which of them are sent by mail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loose::{Number, Truth, flag};

/// Megabytes of a volume; ten terabytes are more than any limit that makes sense.
type VolumeMb = Number<1, 10_000_000>;

/// Limits at which alerts are raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct Thresholds {
    /// Load of the processors in percent.
    pub cpu_load: Number<1, 100>,
    /// How long the load may be above its limit, in seconds.
    pub cpu_load_violation_tolerance_sec: Number<1, 86_400>,
    /// Free space below which an alert is raised.
    pub free_disk_space_mb: VolumeMb,
    /// The same for the audit log, where it has a volume of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_disc_for_audit_log_mb: Option<VolumeMb>,
    /// The same for traces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_disc_for_trace_mb: Option<VolumeMb>,
    /// Days before the end of a certificate.
    pub certificate_validity_days: Number<1, 3_650>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            cpu_load: const { Number::constant(90) },
            cpu_load_violation_tolerance_sec: const { Number::constant(60) },
            free_disk_space_mb: const { Number::constant(100) },
            free_disc_for_audit_log_mb: None,
            free_disc_for_trace_mb: None,
            certificate_validity_days: const { Number::constant(30) },
        }
    }
}

/// Which alerts are sent by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Notification {
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub ha: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub tunnels: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub service_channels: bool,
    #[serde(rename = "CPU", deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub cpu: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub free_disk_space: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub certificates: bool,
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub troubleshooting: bool,
}

impl Default for Notification {
    fn default() -> Self {
        Self {
            ha: true,
            tunnels: true,
            service_channels: true,
            cpu: true,
            free_disk_space: true,
            certificates: true,
            troubleshooting: true,
        }
    }
}

/// When the agent raises alerts, and which of them are sent by mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alerting {
    /// Limits at which alerts are raised.
    pub thresholds: Thresholds,
    /// Which alerts are sent by mail.
    pub notification: Notification,
}

impl Alerting {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
