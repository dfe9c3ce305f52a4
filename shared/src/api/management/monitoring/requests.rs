//! The most recent requests.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::api::management::Refusal;
use crate::audit::Glob;
use crate::id::{LocationId, RegionHost, SubaccountId};
use crate::monitor::{Outcome, Request, Split};

/// How a request ended, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestOutcome {
    /// The back end answered.
    Answered,
    /// Access control denied it.
    Denied,
    /// The agent answered in place of the back end.
    Failed,
    /// One side broke it off.
    Aborted,
}

impl RequestOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Answered, Self::Denied, Self::Failed, Self::Aborted];

    /// As it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }

    /// An outcome without its status.
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered(_) => Self::Answered,
            Outcome::Denied => Self::Denied,
            Outcome::Failed(_) => Self::Failed,
            Outcome::Aborted => Self::Aborted,
        }
    }
}

impl fmt::Display for RequestOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no outcome of a request.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be answered, denied, failed or aborted")]
pub struct InvalidOutcome;

impl FromStr for RequestOutcome {
    type Err = InvalidOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or(InvalidOutcome)
    }
}

/// Where the time of a request went, µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SplitShown {
    /// From its head to the last byte of its answer, as the agent saw it.
    pub total_us: u64,
    /// What the gateway took before it sent the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_us: Option<u64>,
    /// The tunnel's round trip, as last measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunnel_us: Option<u64>,
    /// Opening a connection to the back end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_us: Option<u64>,
    /// From the request's last byte to the first of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_us: Option<u64>,
    /// Making the credentials of principal propagation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagation_us: Option<u64>,
}

impl From<Split> for SplitShown {
    fn from(split: Split) -> Self {
        let Split {
            total,
            gateway,
            tunnel,
            open,
            backend,
            propagation,
        } = split;
        Self {
            total_us: total,
            gateway_us: gateway,
            tunnel_us: tunnel,
            open_us: open,
            backend_us: backend,
            propagation_us: propagation,
        }
    }
}

/// A request that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestShown {
    /// When it began, milliseconds UTC.
    pub begun_ms: i64,
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    #[serde(rename = "locationID")]
    pub location_id: LocationId,
    /// The virtual host, as it was asked for.
    pub virtual_host: String,
    /// The virtual port.
    pub virtual_port: u16,
    /// Internal host and port; empty where no mapping was found.
    pub internal: String,
    /// The method.
    pub method: String,
    /// The path without its query; long ones are cut.
    pub path: String,
    /// The resource that allowed it; empty where none did.
    pub resource: String,
    /// For whom, where somebody was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Bytes of the request's body.
    pub received: u64,
    /// Bytes of the answer's body.
    pub sent: u64,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// The status of the answer, where there was one of the back end or in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Where its time went.
    #[serde(flatten)]
    pub split: SplitShown,
}

impl RequestShown {
    /// Shows a request.
    pub fn show(request: &Request) -> Self {
        let status = match request.outcome {
            Outcome::Answered(status) | Outcome::Failed(status) => Some(status),
            Outcome::Denied | Outcome::Aborted => None,
        };
        Self {
            begun_ms: request.begun_ms,
            region_host: request.subaccount.region_host.clone(),
            subaccount: request.subaccount.subaccount,
            location_id: request.subaccount.location_id.clone(),
            virtual_host: String::from(&*request.virtual_host),
            virtual_port: request.virtual_port,
            internal: String::from(&*request.internal),
            method: String::from(&*request.method),
            path: String::from(&*request.path),
            resource: String::from(&*request.resource),
            user: request.user.as_deref().map(str::to_owned),
            received: request.received,
            sent: request.sent,
            outcome: RequestOutcome::of(request.outcome),
            status,
            split: request.split.into(),
        }
    }
}

/// The most recent requests that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestPage {
    /// The requests, the newest first.
    pub requests: Vec<RequestShown>,
    /// How many older ones are no longer remembered.
    pub dropped: u64,
}

/// What a search for requests is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSearch {
    /// Whose virtual host and port hold this.
    pub host: Option<Glob>,
    /// Whose path or resource holds this.
    pub path: Option<Glob>,
    /// That ended so.
    pub outcome: Option<RequestOutcome>,
    /// Of this subaccount.
    pub subaccount: Option<SubaccountId>,
    /// That took so many ms or more.
    pub min_ms: Option<u64>,
}

impl RequestSearch {
    /// Takes one option of a request.
    ///
    /// # Errors
    /// When its value is wrong.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        fn read<T: FromStr<Err: fmt::Display>>(
            name: &str,
            value: &str,
        ) -> Result<Option<T>, Refusal> {
            let read = value.parse().map(Some);
            read.map_err(|rule: T::Err| Refusal::invalid(name, rule.to_string()))
        }
        match name {
            "host" => self.host = read(name, value)?,
            "path" => self.path = read(name, value)?,
            "outcome" => self.outcome = read(name, value)?,
            "subaccount" => self.subaccount = read(name, value)?,
            "minMs" => {
                let rule = "must be a whole number of milliseconds";
                self.min_ms = Some(value.parse().or(Err(Refusal::invalid(name, rule)))?);
            }
            _ => return Err(Refusal::invalid(name, "is unknown")),
        }
        Ok(())
    }

    /// The options, ready to stand behind the `?`.
    pub(crate) fn to_parts(&self) -> impl Iterator<Item = String> {
        let Self {
            host,
            path,
            outcome,
            subaccount,
            min_ms,
        } = self;
        let text = |glob: &Option<Glob>| glob.as_ref().map(ToString::to_string);
        let options = [
            ("host", text(host)),
            ("path", text(path)),
            ("outcome", outcome.map(|one| one.to_string())),
            ("subaccount", subaccount.map(|id| id.to_string())),
            ("minMs", min_ms.map(|ms| ms.to_string())),
        ];
        options.into_iter().filter_map(|(name, value)| {
            let value = value?;
            let value = utf8_percent_encode(&value, NON_ALPHANUMERIC);
            Some(format!("{name}={value}"))
        })
    }

    /// Whether it is for this request.
    pub fn finds(&self, request: &Request) -> bool {
        let least = self.min_ms.unwrap_or(0).saturating_mul(1_000);
        let outcome = RequestOutcome::of(request.outcome);
        let address = || format!("{}:{}", request.virtual_host, request.virtual_port);
        // What costs most comes last.
        request.split.total >= least
            && self.outcome.is_none_or(|wanted| wanted == outcome)
            && (self.subaccount).is_none_or(|wanted| wanted == request.subaccount.subaccount)
            && (self.host.as_ref()).is_none_or(|wanted| wanted.is_in(&address()))
            && (self.path.as_ref())
                .is_none_or(|wanted| wanted.is_in(&request.path) || wanted.is_in(&request.resource))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::tests::key;

    fn request() -> Request {
        Request {
            begun_ms: 1_000,
            subaccount: Arc::new(key(1)),
            virtual_host: "erp.virtual".into(),
            virtual_port: 443,
            internal: "10.0.0.1:8443".into(),
            method: "GET".into(),
            path: "/sap/orders/7".into(),
            resource: "/sap".into(),
            user: None,
            received: 1,
            sent: 2,
            outcome: Outcome::Answered(200),
            split: Split {
                total: 20_000,
                backend: Some(15_000),
                ..Split::default()
            },
        }
    }

    fn search(options: &[(&str, &str)]) -> RequestSearch {
        let mut search = RequestSearch::default();
        for (name, value) in options {
            search.set(name, value).unwrap();
        }
        search
    }

    #[test]
    fn a_search_finds_what_fits_all_its_options() {
        let of = key(1).subaccount.to_string();
        let other = key(2).subaccount.to_string();
        for (options, found) in [
            (&[][..], true),
            (&[("host", "erp.virtual:443")], true),
            (&[("host", "virtual")], true),
            (&[("host", "crm")], false),
            (&[("path", "/sap/*/7")], true),
            (&[("path", "/SAP")], true),
            (&[("path", "/hr")], false),
            (&[("outcome", "answered")], true),
            (&[("outcome", "denied")], false),
            (&[("subaccount", &of)], true),
            (&[("subaccount", &other)], false),
            (&[("minMs", "20")], true),
            (&[("minMs", "21")], false),
            (&[("host", "erp"), ("minMs", "21")], false),
        ] {
            assert_eq!(search(options).finds(&request()), found, "{options:?}");
        }
    }

    #[test]
    fn options_survive_a_round_trip_and_wrong_ones_are_named() {
        let of = key(1).subaccount.to_string();
        let options = [
            ("host", "e?p:443"),
            ("path", "/a&b"),
            ("outcome", "failed"),
            ("subaccount", of.as_str()),
            ("minMs", "7"),
        ];
        let parts: Vec<String> = search(&options).to_parts().collect();
        assert_eq!(parts.len(), options.len());
        assert!(parts.contains(&"path=%2Fa%26b".to_owned()), "{parts:?}");
        for (name, value) in [("outcome", "Denied"), ("minMs", "-1"), ("subaccount", "x")] {
            let refusal = RequestSearch::default().set(name, value).unwrap_err();
            assert_eq!(refusal.body.field.as_deref(), Some(name));
        }
    }

    #[test]
    fn a_request_is_shown_with_all_that_is_known_of_it() {
        let shown = serde_json::to_value(RequestShown::show(&request())).unwrap();
        assert_eq!(shown["outcome"], "answered");
        assert_eq!(shown["status"], 200);
        assert_eq!(shown["totalUs"], 20_000);
        assert_eq!(shown["backendUs"], 15_000);
        assert!(shown.get("gatewayUs").is_none() && shown.get("user").is_none());
        let back: RequestShown = serde_json::from_value(shown).unwrap();
        assert_eq!(back, RequestShown::show(&request()));
    }
}
