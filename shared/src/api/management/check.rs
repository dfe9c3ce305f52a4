//! Checks that operators ask for: can a system be reached, and would a request pass?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::PortText;
use crate::config::Protocol;
use crate::host::{InternalHost, VirtualAddress};

/// An internal system that may not be in the configuration yet.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionCheckInput {
    /// Where the system is.
    pub local_host: InternalHost,
    /// Where the system is.
    pub local_port: PortText,
    /// What is spoken to it.
    pub protocol: Protocol,
}

/// A step of the way to a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CheckStep {
    /// The addresses of its name.
    NameResolution,
    /// Whether mappings may lead to these addresses.
    TargetGuard,
    /// The TCP connection.
    Connection,
    /// TLS: versions, chain, names and trust.
    Tls,
    /// An answer to `HEAD /`.
    Http,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CheckOutcome {
    /// As it should.
    Ok,
    /// Worth a look.
    Warning,
    /// Requests would fail here.
    Failed,
}

/// A step with what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedStep {
    /// Which.
    pub step: CheckStep,
    /// How it went.
    pub outcome: CheckOutcome,
    /// How long it took, milliseconds.
    pub millis: u64,
    /// What was seen.
    pub seen: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// The way to a system, as far as it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionCheck {
    /// Whether requests would get there.
    pub reachable: bool,
    /// The steps, up to the first that failed.
    pub steps: Vec<CheckedStep>,
}

/// A request as a cloud application would make it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessCheckInput {
    /// Its method; access control lets all methods pass alike.
    #[serde(default)]
    pub method: Option<String>,
    /// Its URL, with the virtual host.
    pub url: String,
    /// Whether it asks for an upgrade to WebSocket.
    #[serde(default)]
    pub websocket: super::Flag,
}

/// What decided on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AccessRule {
    /// A resource allows it.
    Resource,
    /// No system mapping has this virtual host and port.
    UnknownSystem,
    /// The system mapping is stored, but has no effect.
    NotEffective,
    /// The path could be understood in more than one way.
    AmbiguousPath,
    /// No resource covers the path.
    UnknownResource,
    /// The resource does not allow WebSocket.
    WebsocketNotAllowed,
}

/// Whether a request would pass, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessCheck {
    /// Whether it would.
    pub allowed: bool,
    /// What decided.
    pub rule: AccessRule,
    /// The same for people.
    pub message: String,
    /// The system mapping, where one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<VirtualAddress>,
    /// Where it would lead to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal: Option<String>,
    /// The path of the resource that allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What almost allowed it, and what to change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}
