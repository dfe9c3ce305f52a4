//! How long requests took, since the start or the last reset.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BySubaccount, OfSubaccount};
use crate::api::management::PortsText;
use crate::config::Protocol;
use crate::host::VirtualHost;

/// How long requests of each subaccount took.
pub type Performances = BySubaccount<BackendPerformanceList>;

/// How long requests of a subaccount took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendPerformanceList {
    /// By mapping; only those that were asked for.
    pub backend_performance: Vec<BackendPerformance>,
    /// Since when, UTC as in RFC 3339.
    pub since_time: String,
}

/// How long requests of a mapping took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendPerformance {
    /// The virtual host.
    pub virtual_host: VirtualHost,
    /// The virtual port or range of ports.
    pub virtual_port: PortsText,
    /// What is spoken.
    pub protocol: Protocol,
    /// The requests by their duration.
    pub buckets: Vec<Bucket>,
}

/// Requests of about the same duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// How many.
    pub number_of_calls: u64,
    /// They took longer than this, and at most as long as what the next bucket says.
    pub minimum_call_duration_ms: u64,
}

impl Bucket {
    /// From how many requests took longer than the bound before and at most as long as their own,
    /// and how many took longer than all bounds, in ms.
    pub fn by(bounds_ms: &[u64], counts: &[u64]) -> Vec<Self> {
        let minimums = std::iter::once(&0).chain(bounds_ms);
        let bucket = |(minimum, count): (&u64, &u64)| Self {
            number_of_calls: *count,
            minimum_call_duration_ms: *minimum,
        };
        minimums.zip(counts).map(bucket).collect()
    }
}

/// How long requests took, by our own call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceShown {
    /// Since when, milliseconds UTC.
    pub since_ms: i64,
    /// By mapping; only those that were asked for.
    pub mappings: Vec<OfSubaccount<DurationsOfMapping>>,
}

/// How long requests of a mapping took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DurationsOfMapping {
    /// The virtual host.
    pub virtual_host: VirtualHost,
    /// The virtual port or range of ports.
    pub virtual_port: PortsText,
    /// How many there were.
    pub count: u64,
    /// How long they took together, µs.
    pub sum_us: u64,
    /// The requests by their duration.
    pub buckets: Vec<Bucket>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_in_one_bucket() {
        let buckets = Bucket::by(&[10, 20], &[3, 0, 2]);
        let told: Vec<(u64, u64)> = buckets
            .iter()
            .map(|one| (one.minimum_call_duration_ms, one.number_of_calls))
            .collect();
        assert_eq!(told, [(0, 3), (10, 0), (20, 2)]);
    }
}
