//! Settings of the agent as a whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alert_rules::AlertRules;
use super::alerting::Alerting;
use super::audit::AuditSettings;
use super::backup_schedule::BackupSchedules;
use super::certificates::OwnCertificates;
use super::cipher::CipherSuites;
use super::heartbeat::Heartbeat;
use super::history::HistorySettings;
use super::invalid::Invalid;
use super::limits::{
    ALLOWED_TARGETS_MAX, DESCRIPTION_LEN_MAX, TUNNEL_CONNECTIONS_DEFAULT, TUNNEL_CONNECTIONS_MAX,
};
use super::logs::{LogSettings, TracesBySubaccount};
use super::mail::Mail;
use super::monitoring::MonitoringUsers;
use super::operator::Operators;
use super::organisation::Organisation;
use super::propagation::PpSettings;
use super::proxy::Proxy;
use super::region::Regions;
use super::subject::SubjectRules;
use super::syslog::SyslogServers;
use super::text::Text;
use super::trust::{BackendTrust, TrustedCertificates};
use super::webhook::Webhooks;
use crate::policy::target::TargetRule;
use crate::schema::{schema, schema_like};

/// How many connections a tunnel consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct TunnelConnections(u8);

impl TunnelConnections {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for TunnelConnections {
    fn default() -> Self {
        Self(TUNNEL_CONNECTIONS_DEFAULT)
    }
}

impl TryFrom<u8> for TunnelConnections {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if (1..=TUNNEL_CONNECTIONS_MAX).contains(&number) {
            return Ok(Self(number));
        }
        let rule = format!("must be between 1 and {TUNNEL_CONNECTIONS_MAX}");
        Err(Invalid::new("tunnelConnections", rule))
    }
}

schema!(TunnelConnections = {
    "type": "integer",
    "minimum": 1,
    "maximum": TUNNEL_CONNECTIONS_MAX,
});

impl From<TunnelConnections> for u8 {
    fn from(number: TunnelConnections) -> Self {
        number.0
    }
}

/// Settings of the agent as a whole, before their checks.
///
/// What is at its default and came after the first version is not written, so that documents of
/// older agents keep their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(
    rename = "Connector",
    description = "Settings of the agent as a whole."
)]
pub struct ConnectorFields {
    /// Addresses that mappings may lead to although the target guard would refuse them.
    #[schemars(length(max = ALLOWED_TARGETS_MAX))]
    pub allowed_targets: Vec<TargetRule>,
    /// How many connections each tunnel consists of.
    pub tunnel_connections: TunnelConnections,
    /// Which certificates of back ends are trusted.
    #[serde(skip_serializing_if = "BackendTrust::is_default")]
    pub backend_trust: BackendTrust,
    /// The HTTP proxy on the way out to the gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Who may use the management API from afar.
    #[serde(skip_serializing_if = "Operators::is_empty")]
    pub operators: Operators,
    /// Whose client certificates beside those of the agent itself are taken.
    #[serde(skip_serializing_if = "Organisation::is_default")]
    pub organisation: Organisation,
    /// Users with a password, who may read what monitoring needs.
    #[serde(skip_serializing_if = "MonitoringUsers::is_default")]
    pub monitoring_users: MonitoringUsers,
    /// What is recorded in the audit log.
    #[serde(skip_serializing_if = "AuditSettings::is_default")]
    pub audit: AuditSettings,
    /// The agent's own certificates.
    #[serde(skip_serializing_if = "OwnCertificates::is_default")]
    pub certificates: OwnCertificates,
    /// What this agent is for, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<DESCRIPTION_LEN_MAX>>,
    /// How long the certificates that stand for users are good.
    #[serde(skip_serializing_if = "PpSettings::is_default")]
    pub pp_settings: PpSettings,
    /// The rules by which users get the subjects of their certificates.
    #[serde(skip_serializing_if = "SubjectRules::is_default")]
    pub subject_pattern_rules: SubjectRules,
    /// Levels and limits of the log.
    #[serde(skip_serializing_if = "LogSettings::is_default")]
    pub log_and_trace: LogSettings,
    /// Which payload of which subaccounts is to be traced.
    #[serde(skip_serializing_if = "TracesBySubaccount::is_default")]
    pub subaccount_traces: TracesBySubaccount,
    /// When alerts are raised, and which are sent.
    #[serde(skip_serializing_if = "Alerting::is_default")]
    pub alerting: Alerting,
    /// Further rules of alerts.
    #[serde(skip_serializing_if = "AlertRules::is_default")]
    pub alert_rules: AlertRules,
    /// How mail is sent.
    #[serde(skip_serializing_if = "Mail::is_default")]
    pub email: Mail,
    /// Which certificates of the mail server are trusted.
    #[serde(skip_serializing_if = "TrustedCertificates::is_default")]
    pub email_trust: TrustedCertificates,
    /// Where alerts are posted to.
    #[serde(skip_serializing_if = "Webhooks::is_default")]
    pub webhooks: Webhooks,
    /// The syslog servers that get alerts.
    #[serde(skip_serializing_if = "SyslogServers::is_default")]
    pub syslog: SyslogServers,
    /// What is asked so that a monitor outside hears of the agent.
    #[serde(skip_serializing_if = "Heartbeat::is_default")]
    pub heartbeat: Heartbeat,
    /// Which cipher suites the management API takes.
    #[serde(skip_serializing_if = "CipherSuites::is_default")]
    pub cipher_suites: CipherSuites,
    /// How long is kept what was measured.
    #[serde(skip_serializing_if = "HistorySettings::is_default")]
    pub history: HistorySettings,
    /// When backups are made, and where they go.
    #[serde(skip_serializing_if = "BackupSchedules::is_default")]
    pub backup_schedules: BackupSchedules,
    /// Gateways by name.
    #[serde(skip_serializing_if = "Regions::is_default")]
    pub regions: Regions,
}

/// Settings of the agent as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ConnectorFields", into = "ConnectorFields")]
pub struct Connector(ConnectorFields);

schema_like!(Connector = ConnectorFields);

impl TryFrom<ConnectorFields> for Connector {
    type Error = Invalid;

    fn try_from(mut fields: ConnectorFields) -> Result<Self, Self::Error> {
        fields.allowed_targets.sort_unstable();
        fields.allowed_targets.dedup();
        if fields.allowed_targets.len() > ALLOWED_TARGETS_MAX {
            let rule = format!("at most {ALLOWED_TARGETS_MAX} entries are allowed");
            return Err(Invalid::new("allowedTargets", rule));
        }
        Ok(Self(fields))
    }
}

impl From<Connector> for ConnectorFields {
    fn from(connector: Connector) -> Self {
        connector.0
    }
}

impl std::ops::Deref for Connector {
    type Target = ConnectorFields;

    fn deref(&self) -> &ConnectorFields {
        &self.0
    }
}

impl Connector {
    /// Addresses that mappings may lead to although the target guard would refuse them.
    pub fn allowed_targets(&self) -> &[TargetRule] {
        &self.0.allowed_targets
    }

    /// How many connections each tunnel consists of.
    pub const fn tunnel_connections(&self) -> TunnelConnections {
        self.0.tunnel_connections
    }

    /// Which certificates of back ends are trusted.
    pub const fn backend_trust(&self) -> &BackendTrust {
        &self.0.backend_trust
    }

    /// The HTTP proxy on the way out to the gateways.
    pub const fn proxy(&self) -> Option<&Proxy> {
        self.0.proxy.as_ref()
    }

    /// Who may use the management API from afar.
    pub const fn operators(&self) -> &Operators {
        &self.0.operators
    }
}
