//! Back ends that are asked from time to time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Number, Probe, ProbePath, SubaccountKey};
use crate::host::VirtualAddress;

/// How a back end is to be asked.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeInput {
    /// The path that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<ProbePath>,
    /// How often, in seconds; 0 is never.
    pub every_sec: Number<0, 86_400>,
    /// How long it may take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_sec: Option<Number<1, 60>>,
}

impl ProbeInput {
    /// The probe; none where it is never asked. What is left out of one that is there stays.
    pub(super) fn onto(self, old: Option<&Probe>) -> Option<Probe> {
        let every_sec = Number::try_from(self.every_sec.get()).ok()?;
        let old = old.cloned();
        let timeout_sec = old.as_ref().map(|old| old.timeout_sec);
        Some(Probe {
            path: self.path.or(old.and_then(|old| old.path)),
            every_sec,
            timeout_sec: self
                .timeout_sec
                .or(timeout_sec)
                .unwrap_or(Probe::TIMEOUT_SEC),
        })
    }
}

/// What a back end answered last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProbeShown {
    /// The subaccount whose mapping it is.
    #[serde(flatten)]
    pub key: SubaccountKey,
    /// The mapping.
    pub virtual_address: VirtualAddress,
    /// Whether it answered well.
    pub up: bool,
    /// Since when it does or does not, milliseconds UTC.
    pub since_ms: i64,
    /// When it was asked last.
    pub checked_ms: i64,
    /// How long that took, milliseconds.
    pub millis: u64,
    /// How often in a row it did not.
    pub failures: u32,
    /// What was seen.
    pub message: String,
}

/// All that are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeList {
    /// By subaccount and mapping.
    pub probes: Vec<ProbeShown>,
}
