//! One record: who did what, to what, and what became of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edits::Edit;
use super::limits::TEXT_LEN_MAX;
use crate::config::SubaccountKey;

/// What a record is about. Those of changes have the names that SAP Cloud Connector gives them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Category {
    Account,
    AdvancedConnectivity,
    AlertConfiguration,
    AllowedResource,
    AuditLogCleanup,
    AuditLogLevel,
    BackendMapping,
    CloudConnectorLoggers,
    Configuration,
    CrossAuditLogLevel,
    DomainMapping,
    EMailConfiguration,
    IdentityProviderTrust,
    PayloadTrace,
    PpcaCertificate,
    PrincipalPropagationConfiguration,
    ProxySettings,
    SCCUser,
    ServiceChannelConfiguration,
    SystemCertificate,
    TrustSynchronization,
    TrustedBackendCertificate,
    UiCertificate,
    /// A request that the access control let through.
    AccessAllowed,
    /// A request that the access control refused, or a caller who may not administer.
    AccessDenied,
    /// A backup was made, opened to be verified, or restored; or a schedule of backups was changed.
    Backup,
    /// A subaccount was added by a token of its gateway.
    Enrolment,
    /// An operator was added or removed.
    Pairing,
    /// An operator had the agent drain, open its tunnels again, or start anew.
    ServiceControl,
    ServiceStart,
    ServiceStop,
    TunnelStart,
    TunnelEnd,
    /// Records that did not fit into the queue are missing here.
    AuditOverflow,
    /// The log was not closed in order, or holds what does not verify.
    AuditRepair,
    /// Old segments were removed.
    AuditRetention,
    /// Written by a newer version.
    #[serde(other)]
    Unknown,
}

impl Category {
    /// All that this version writes.
    pub const ALL: [Self; 36] = [
        Self::Account,
        Self::AdvancedConnectivity,
        Self::AlertConfiguration,
        Self::AllowedResource,
        Self::AuditLogCleanup,
        Self::AuditLogLevel,
        Self::BackendMapping,
        Self::CloudConnectorLoggers,
        Self::Configuration,
        Self::CrossAuditLogLevel,
        Self::DomainMapping,
        Self::EMailConfiguration,
        Self::IdentityProviderTrust,
        Self::PayloadTrace,
        Self::PpcaCertificate,
        Self::PrincipalPropagationConfiguration,
        Self::ProxySettings,
        Self::SCCUser,
        Self::ServiceChannelConfiguration,
        Self::SystemCertificate,
        Self::TrustSynchronization,
        Self::TrustedBackendCertificate,
        Self::UiCertificate,
        Self::AccessAllowed,
        Self::AccessDenied,
        Self::Backup,
        Self::Enrolment,
        Self::Pairing,
        Self::ServiceControl,
        Self::ServiceStart,
        Self::ServiceStop,
        Self::TunnelStart,
        Self::TunnelEnd,
        Self::AuditOverflow,
        Self::AuditRepair,
        Self::AuditRetention,
    ];
}

/// What became of what the record is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Outcome {
    /// It is about to be done; another record tells what became of it.
    Intent,
    /// It was done, or happened.
    Done,
    /// Nothing had to be changed.
    Unchanged,
    /// It was refused or failed; nothing changed.
    Refused,
    /// Written by a newer version.
    #[serde(other)]
    Unknown,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The operator, or the part of the agent.
    pub name: String,
    /// The operator's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl Actor {
    /// The agent itself.
    pub fn agent() -> Self {
        Self {
            name: "agent".to_owned(),
            role: None,
            from: None,
        }
    }
}

/// A request of a cloud application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Forwarded {
    /// The method.
    pub method: String,
    /// The virtual host.
    pub host: String,
    /// The virtual port.
    pub port: u16,
    /// The path, without what stands behind the `?`.
    pub path: String,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Counts all records of the log from 1. The chain gives it.
    pub sequence: u64,
    /// Milliseconds since 1970 UTC, as the host's clock told. Order is by sequence alone.
    pub time_ms: i64,
    /// What it is about.
    pub category: Category,
    /// What became of it.
    pub outcome: Outcome,
    /// Who.
    pub actor: Actor,
    /// Whose, where it belongs to a subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<SubaccountKey>,
    /// A sentence for people: what, or why not.
    pub message: String,
    /// The request, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Forwarded>,
    /// What changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// Changed parts and fields that found no place here; the revision has them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_edits: u64,
    /// The revision that was made, or was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The record of the intent, where this is what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Record {
    /// A record with nothing but the necessary.
    pub fn new(
        time_ms: i64,
        category: Category,
        outcome: Outcome,
        actor: Actor,
        message: &str,
    ) -> Self {
        Self {
            sequence: 0,
            time_ms,
            category,
            outcome,
            actor,
            subaccount: None,
            message: bounded(message),
            request: None,
            edits: vec![],
            more_edits: 0,
            revision: None,
            intent: None,
        }
    }

    /// Something that the agent itself did.
    pub fn of_agent(time_ms: i64, category: Category, message: &str) -> Self {
        Self::new(time_ms, category, Outcome::Done, Actor::agent(), message)
    }

    /// With its subaccount.
    #[must_use]
    pub fn of(mut self, subaccount: SubaccountKey) -> Self {
        self.subaccount = Some(subaccount);
        self
    }

    /// All that it says, as text for people and for searching.
    pub fn text(&self) -> String {
        let mut text = self.message.clone();
        if let Some(request) = &self.request {
            let Forwarded {
                method,
                host,
                port,
                path,
            } = request;
            text.push_str(&format!(": {method} {host}:{port}{path}"));
        }
        for edit in &self.edits {
            text.push_str(&format!("; {edit}"));
        }
        if self.more_edits > 0 {
            text.push_str(&format!("; and {} more", self.more_edits));
        }
        text
    }
}

/// A text that a record takes: not longer than the limit.
pub(super) fn bounded(text: &str) -> String {
    let mut end = text.len().min(TEXT_LEN_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

impl Forwarded {
    /// A request; what is too long is cut.
    pub fn new(method: &str, host: &str, port: u16, path: &str) -> Self {
        Self {
            method: bounded(method),
            host: bounded(host),
            port,
            path: bounded(path),
        }
    }
}
