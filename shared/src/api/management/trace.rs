//! Traces of payload: asked for by one operator, approved by another.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::PortText;
use crate::config::limits::REASON_LEN_MAX;
use crate::config::{Number, Text};
use crate::host::{VirtualAddress, VirtualHost};
use crate::id::{LocationId, RegionHost, SubaccountId};

/// Seconds that a trace runs.
pub type TraceSeconds = Number<1, 3_600>;
/// Megabytes that a trace may write.
pub type TraceMegabytes = Number<1, 100>;
/// Bytes of one body that are written.
pub type TraceBodyLen = Number<0, 65_536>;

/// A trace that is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraceInput {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant whose requests are traced.
    pub subaccount: SubaccountId,
    /// Those of one enrolment alone.
    #[serde(
        rename = "locationID",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub location_id: Option<LocationId>,
    /// Those to one system alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_host: Option<VirtualHost>,
    /// Its port; needed with the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_port: Option<PortText>,
    /// How long it runs.
    #[serde(default = "ten_minutes")]
    pub seconds: TraceSeconds,
    /// How much it may write.
    #[serde(default = "ten_megabytes")]
    pub megabytes: TraceMegabytes,
    /// How much of each body is written.
    #[serde(default = "four_kilobytes")]
    pub body_bytes: TraceBodyLen,
    /// Why, for who approves.
    pub reason: Text<REASON_LEN_MAX>,
}

const fn ten_minutes() -> TraceSeconds {
    Number::constant(600)
}

const fn ten_megabytes() -> TraceMegabytes {
    Number::constant(10)
}

const fn four_kilobytes() -> TraceBodyLen {
    Number::constant(4_096)
}

/// How far a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TraceState {
    /// Another operator has to approve it.
    Requested,
    /// It is written.
    Running,
    /// It is there to be read.
    Ended,
    /// Somebody refused it, or nobody approved it in time.
    Refused,
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "requested",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Refused => "refused",
        })
    }
}

/// A trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceShown {
    /// Its number.
    pub id: u64,
    /// How far it is.
    pub state: TraceState,
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// One enrolment alone.
    #[serde(
        rename = "locationID",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub location_id: Option<LocationId>,
    /// One system alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_address: Option<VirtualAddress>,
    /// How long it runs.
    pub seconds: u32,
    /// How much it may write.
    pub megabytes: u32,
    /// How much of each body is written.
    pub body_bytes: u32,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub requested_by: String,
    /// When, milliseconds UTC.
    pub requested_ms: i64,
    /// Who approved or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When it began to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Why it was over, or refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
    /// Bytes that were written.
    pub bytes: u64,
    /// Requests that were traced.
    pub requests: u64,
    /// Requests and parts of them that were not, because too much happened at once.
    pub dropped: u64,
}

impl TraceShown {
    /// What is traced, in words.
    pub fn scope(&self) -> String {
        let of = match &self.location_id {
            Some(id) if !id.to_string().is_empty() => {
                format!("{}@{} ({id})", self.subaccount, self.region_host)
            }
            Some(_) | None => format!("{}@{}", self.subaccount, self.region_host),
        };
        match &self.virtual_address {
            Some(address) => format!("{address} of {of}"),
            None => of,
        }
    }
}

/// All traces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceList {
    /// The traces, the newest first.
    pub traces: Vec<TraceShown>,
}
