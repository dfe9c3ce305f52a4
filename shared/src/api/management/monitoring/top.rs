//! The requests that took longest, since the start or the last reset.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BySubaccount, RequestShown, whole_ms};
use crate::config::Protocol;
use crate::monitor::Request;

/// The longest requests of each subaccount.
pub type TopTimeConsumers = BySubaccount<TopTimeConsumerList>;

/// The longest requests of a subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopTimeConsumerList {
    /// The requests, the longest first.
    pub requests: Vec<TopTimeConsumer>,
    /// Since when, UTC as in RFC 3339.
    pub since_time: String,
}

/// One of the longest requests. Times are in ms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopTimeConsumer {
    /// When it began, UTC as in RFC 3339.
    pub start_time: String,
    /// Its number in this list, from 1.
    pub id: u64,
    /// What was spoken.
    pub protocol: Protocol,
    /// Virtual host and port.
    pub virtual_backend: String,
    /// Internal host and port.
    pub internal_backend: String,
    /// What was asked for.
    pub resource: String,
    /// Bytes of the answer.
    pub sent_bytes: u64,
    /// Bytes of the request.
    pub received_bytes: u64,
    /// For whom; empty where nobody was named.
    pub user: String,
    /// All of it.
    pub total_time: u64,
    /// Of the back end.
    pub external_time: u64,
    /// Making the credentials of principal propagation.
    pub gen_sso_time: u64,
    /// Opening a connection to the back end.
    pub open_remote_time: u64,
    /// Checking the credentials of principal propagation; part of making them here.
    pub validation_sso_time: u64,
    /// The same, by the name that connectors give it beside their documentation.
    pub validate_sso_time: u64,
    /// Between the cloud and the agent.
    pub latency_time: u64,
}

impl TopTimeConsumer {
    /// Shows a request that is the `id`th of its list and began at `start_time`.
    pub fn show(request: &Request, id: u64, start_time: String, protocol: Protocol) -> Self {
        let split = request.split;
        let ms = |part: Option<u64>| whole_ms(part.unwrap_or(0));
        let between = split
            .gateway
            .unwrap_or(0)
            .saturating_add(split.tunnel.unwrap_or(0));
        Self {
            start_time,
            id,
            protocol,
            virtual_backend: format!("{}:{}", request.virtual_host, request.virtual_port),
            internal_backend: String::from(&*request.internal),
            resource: String::from(&*request.path),
            sent_bytes: request.sent,
            received_bytes: request.received,
            user: request.user.as_deref().unwrap_or_default().to_owned(),
            total_time: whole_ms(split.total),
            external_time: ms(split.backend),
            gen_sso_time: ms(split.propagation),
            open_remote_time: ms(split.open),
            validation_sso_time: 0,
            validate_sso_time: 0,
            latency_time: whole_ms(between),
        }
    }
}

/// The longest requests, by our own call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopShown {
    /// Since when, milliseconds UTC.
    pub since_ms: i64,
    /// The requests, the longest first.
    pub requests: Vec<RequestShown>,
}
