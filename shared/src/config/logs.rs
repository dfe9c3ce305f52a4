//! What the agent writes into its log.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::invalid::Invalid;
use super::levels::ModuleLevels;
use super::limits::SUBACCOUNTS_MAX;
use super::loose::{Number, Truth, flag};
use crate::id::{RegionHost, SubaccountId};
use crate::schema::{schema, schema_like};

/// How much is logged. `ALL` is as much as `TRACE`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
    All,
}

/// Megabytes; read also with their unit, such as `"75 MB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Megabytes(pub Number<1, 10_000>);

schema!(Megabytes = {
    "anyOf": [
        { "type": "integer", "minimum": 1, "maximum": 10_000 },
        { "type": "string", "pattern": "^([1-9][0-9]{0,3}|10000)( *MB)?$" },
    ],
});

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MB", self.0.get())
    }
}

impl<'de> Deserialize<'de> for Megabytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        let value = match value.as_str().and_then(|text| text.strip_suffix("MB")) {
            Some(number) => number.trim_end_matches(' ').into(),
            None => value,
        };
        let number = Number::deserialize(value);
        let number = number.map_err(|rule| de::Error::custom(format!("{rule}, or such as 75 MB")));
        number.map(Self)
    }
}

/// Levels and limits of the log. A level that is not set is the one that the agent was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogSettings {
    /// Of the agent's own parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scc_log_level: Option<LogLevel>,
    /// Of the libraries in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_log_level: Option<LogLevel>,
    /// Of single modules of either, such as `underpass_agent::forward`.
    #[serde(skip_serializing_if = "ModuleLevels::is_empty")]
    pub levels: ModuleLevels,
    /// Whether handshakes are to be traced.
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub tls_trace: bool,
    /// How much of the RFC protocol is to be traced.
    pub cpic_trace_level: Number<0, 3>,
    /// Days that files are kept; 0 is for ever.
    pub cleanup: Number<0, 3_650>,
    /// Size at which the next file begins.
    pub rollover_threshold: Megabytes,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            scc_log_level: None,
            other_log_level: None,
            levels: ModuleLevels::default(),
            tls_trace: false,
            cpic_trace_level: const { Number::constant(0) },
            cleanup: const { Number::constant(14) },
            rollover_threshold: Megabytes(const { Number::constant(50) }),
        }
    }
}

impl LogSettings {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which payload of a subaccount is to be traced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Traces {
    /// What passes the tunnel.
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub traffic_trace: bool,
    /// What passes under SNC.
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub payload_snc_trace: bool,
}

/// The traces of one subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubaccountTraces {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// What is to be traced.
    pub traces: Traces,
}

/// The traces by subaccount; who traces nothing is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<SubaccountTraces>", into = "Vec<SubaccountTraces>")]
pub struct TracesBySubaccount(Vec<SubaccountTraces>);

impl TryFrom<Vec<SubaccountTraces>> for TracesBySubaccount {
    type Error = Invalid;

    fn try_from(mut all: Vec<SubaccountTraces>) -> Result<Self, Self::Error> {
        all.retain(|one| one.traces != Traces::default());
        all.sort_by(|a, b| (&a.region_host, a.subaccount).cmp(&(&b.region_host, b.subaccount)));
        if all.len() > SUBACCOUNTS_MAX {
            let rule = format!("at most {SUBACCOUNTS_MAX} entries are allowed");
            return Err(Invalid::new("subaccountTraces", rule));
        }
        let twice = all.windows(2).find_map(|pair| match pair {
            [a, b] if a.region_host == b.region_host && a.subaccount == b.subaccount => Some(a),
            _ => None,
        });
        match twice {
            Some(one) => {
                let rule = format!("{}@{} occurs twice", one.subaccount, one.region_host);
                Err(Invalid::new("subaccountTraces", rule))
            }
            None => Ok(Self(all)),
        }
    }
}

schema_like!(TracesBySubaccount = Vec<SubaccountTraces>);

impl From<TracesBySubaccount> for Vec<SubaccountTraces> {
    fn from(all: TracesBySubaccount) -> Self {
        all.0
    }
}

impl TracesBySubaccount {
    /// Those of one subaccount.
    pub fn of(&self, host: &RegionHost, subaccount: SubaccountId) -> Traces {
        let mut all = self.0.iter();
        let found = all.find(|one| one.region_host == *host && one.subaccount == subaccount);
        found.map(|one| one.traces).unwrap_or_default()
    }

    pub(super) fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn megabytes_may_carry_their_unit() {
        for json in ["75", "\"75\"", "\"75 MB\"", "\"75MB\""] {
            let read: Megabytes = serde_json::from_str(json).unwrap();
            assert_eq!(read.to_string(), "75 MB");
            assert_eq!(serde_json::to_string(&read).unwrap(), "75");
        }
        for json in ["0", "\"75 GB\"", "\"MB\"", "null", "\"10001 MB\""] {
            let wrong = serde_json::from_str::<Megabytes>(json).unwrap_err();
            assert!(wrong.to_string().contains("or such as 75 MB"), "{wrong}");
        }
    }

    #[test]
    fn only_who_traces_something_is_remembered() {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let entry = |host: &str, trace: bool| {
            format!(
                r#"{{"regionHost":"{host}","subaccount":"{id}","traces":{{"trafficTrace":{trace}}}}}"#
            )
        };
        let read = |entries: &[String]| {
            serde_json::from_str::<TracesBySubaccount>(&format!("[{}]", entries.join(",")))
        };
        let all = read(&[entry("b", true), entry("a", true), entry("c", false)]).unwrap();
        let traces = |host: &str| all.of(&host.parse().unwrap(), id.parse().unwrap());
        assert!(traces("a").traffic_trace && traces("b").traffic_trace);
        assert_eq!(traces("c"), Traces::default());
        assert_eq!(Vec::from(all).len(), 2);
        let twice = read(&[entry("a", true), entry("a", true)]).unwrap_err();
        assert!(twice.to_string().contains("occurs twice"), "{twice}");
    }
}
