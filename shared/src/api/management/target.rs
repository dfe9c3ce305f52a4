//! The table of addresses: what each path means and which methods it takes.

mod alerts;
mod delivery;
mod monitoring;
mod operators;
mod running;
mod settings;
mod trouble;
mod verb;

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

pub use self::alerts::AlertTarget;
pub use self::delivery::DeliveryTarget;
pub use self::monitoring::MonitoringTarget;
pub use self::operators::OperatorTarget;
pub use self::running::RunningTarget;
pub use self::settings::ConnectorTarget;
pub use self::trouble::TroubleTarget;
pub use self::verb::Verb;
use super::error::Refusal;
use super::mapping_address::MappingAddress;
use super::operations::{
    Operation, agent, audit, certificates, channels, checks, clients, connector, domains, history,
    identity, subaccounts,
};
use super::resource_id;
use crate::config::{Alias, ChannelId, ChannelType, Client, ClientUser};
use crate::host::CookieDomain;
use crate::id::{InvalidId, RegionHost, SubaccountId};
use crate::pki::chain::CertificateUse;

/// What must be escaped in one segment of a path.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What stands before the paths of the configuration.
const CONFIGURATION: &str = "/api/v1/configuration";

/// A subaccount as it stands in addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubaccountPath {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
}

impl SubaccountPath {
    /// Reads its two segments.
    fn parse(region_host: &str, subaccount: &str) -> Result<Self, Refusal> {
        let host = region_host.parse();
        let id = subaccount.parse();
        Ok(Self {
            region_host: host.map_err(|rule: InvalidId| invalid("regionHost", &rule))?,
            subaccount: id.map_err(|rule: InvalidId| invalid("subaccount", &rule))?,
        })
    }
}

fn invalid(field: &str, rule: &InvalidId) -> Refusal {
    Refusal::invalid(field, rule.to_string())
}

/// What an address means. `Display` writes the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The version of the agent.
    Version,
    /// The description of the API.
    OpenApi,
    /// What the agent does now.
    Status,
    /// The whole configuration.
    Document,
    /// Its history.
    Revisions,
    /// One entry of its history.
    Revision(u64),
    /// Taking one revision back.
    Undo(u64),
    /// Making a state of the past the present one.
    Restore(u64),
    /// What differs between two revisions.
    RevisionDiff(u64),
    /// The document as of a revision.
    RevisionDocument(u64),
    /// The changes that wait for their confirmation.
    PendingConfirm,
    /// The HTTP proxy on the way out.
    Proxy,
    /// Which certificates of back ends are trusted.
    Truststore,
    /// The trusted certificates.
    TrustedCertificates,
    /// One of them.
    TrustedCertificate(String),
    /// The settings of the audit log.
    AuditLog,
    /// The level of one subaccount in it.
    SubaccountAuditLog(SubaccountPath),
    /// Its records.
    AuditRecords,
    /// Its records, all as CSV.
    AuditCsv,
    /// Its records, all as lines of JSON.
    AuditLines,
    /// Whether it is as it was written.
    AuditVerification,
    /// One of the agent's own certificates.
    OwnCertificate(CertificateUse),
    /// Operators and pairing.
    Operators(OperatorTarget),
    /// What the running process does.
    Running(RunningTarget),
    /// What is measured.
    Monitoring(MonitoringTarget),
    /// The delivery of alerts.
    Delivery(DeliveryTarget),
    /// Alerts.
    Alerts(AlertTarget),
    /// Diagnoses, files of the log, and traces.
    Trouble(TroubleTarget),
    /// What happens.
    Events,
    /// How safe it is set up.
    SecurityStatus,
    /// Another setting of the agent as a whole.
    Connector(ConnectorTarget),
    /// All subaccounts.
    Subaccounts,
    /// One subaccount.
    Subaccount(SubaccountPath),
    /// Subaccounts of which something cannot be read.
    Corrupted,
    /// Whether its tunnel is to be open.
    State(SubaccountPath),
    /// Whether a request to it would pass.
    AccessCheck(SubaccountPath),
    /// Its system mappings as a file.
    ExportMappings(SubaccountPath),
    /// System mappings from a file.
    ImportMappings(SubaccountPath),
    /// Whether a system that is not mapped can be reached.
    ConnectionCheck(SubaccountPath),
    /// Whether its system can be reached.
    MappingCheck(SubaccountPath, MappingAddress),
    /// Its client certificate.
    Validity(SubaccountPath),
    /// Its system mappings.
    Mappings(SubaccountPath),
    /// One system mapping.
    Mapping(SubaccountPath, MappingAddress),
    /// The resources of a system mapping.
    Resources(SubaccountPath, MappingAddress),
    /// One resource, by its decoded id.
    Resource(SubaccountPath, MappingAddress, String),
    /// The clients that a system mapping allows.
    AllowedClients(SubaccountPath, MappingAddress),
    /// One of them.
    AllowedClient(SubaccountPath, MappingAddress, Client),
    /// The users that a system mapping blocks.
    BlockedUsers(SubaccountPath, MappingAddress),
    /// One of them.
    BlockedUser(SubaccountPath, MappingAddress, ClientUser),
    /// Its domain mappings for cookies.
    DomainMappings(SubaccountPath),
    /// One of them, by its internal domain.
    DomainMapping(SubaccountPath, CookieDomain),
    /// Its service channels of all types.
    Channels(SubaccountPath),
    /// Those of one type.
    ChannelsOf(SubaccountPath, ChannelType),
    /// One of them.
    Channel(SubaccountPath, ChannelType, ChannelId),
    /// Whether it is to be open.
    ChannelState(SubaccountPath, ChannelType, ChannelId),
    /// What channels of a type could lead to.
    AvailableChannels(SubaccountPath, ChannelType),
    /// Whose word on users it takes.
    IdentityTrust(SubaccountPath),
    /// The identity providers.
    IdentityProviders(SubaccountPath),
    /// One of them.
    IdentityProvider(SubaccountPath, Alias),
    /// The cloud applications.
    TrustedApps(SubaccountPath),
    /// One of them.
    TrustedApp(SubaccountPath, Alias),
}

impl Target {
    /// Reads the path of a request.
    ///
    /// # Errors
    /// 404 where nothing has this path, 400 where a name in it is wrong.
    pub fn parse(path: &str) -> Result<Self, Refusal> {
        let unknown = || Refusal::not_found(format!("there is nothing at {path}"));
        if let Some(parsed) = MonitoringTarget::parse(path) {
            return Ok(Self::Monitoring(parsed));
        }
        let decode = |segment: &str| {
            let decoded = percent_decode_str(segment).decode_utf8();
            decoded.map(|text| text.into_owned()).or(Err(unknown()))
        };
        let newer = path.strip_prefix("/api/v2/");
        let rest = path
            .strip_prefix("/api/v1/")
            .or(newer)
            .ok_or_else(unknown)?;
        let segments: Result<Vec<String>, Refusal> = rest.split('/').map(decode).collect();
        let segments = segments?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let Some(refusal) = settings::absent(&segments) {
            return Err(refusal);
        }
        if newer.is_some() {
            return Err(unknown());
        }
        if let Some(parsed) = OperatorTarget::parse(&segments) {
            return parsed.map(Self::Operators);
        }
        if let Some(parsed) = DeliveryTarget::parse(&segments) {
            return Ok(Self::Delivery(parsed));
        }
        if let Some(parsed) = RunningTarget::parse(&segments) {
            return Ok(Self::Running(parsed));
        }
        if let Some(parsed) = AlertTarget::parse(&segments) {
            return parsed.map(Self::Alerts);
        }
        if let Some(parsed) = TroubleTarget::parse(&segments) {
            return parsed.map(Self::Trouble);
        }
        match segments.as_slice() {
            ["connector", "version"] => Ok(Self::Version),
            ["openapi.json"] => Ok(Self::OpenApi),
            ["status"] => Ok(Self::Status),
            ["auditLog", "records"] => Ok(Self::AuditRecords),
            ["auditLog", "records.csv"] => Ok(Self::AuditCsv),
            ["auditLog", "records.jsonl"] => Ok(Self::AuditLines),
            ["auditLog", "verification"] => Ok(Self::AuditVerification),
            ["events"] => Ok(Self::Events),
            ["securityStatus"] => Ok(Self::SecurityStatus),
            ["configuration", rest @ ..] => {
                Self::configuration(rest).unwrap_or_else(|| Err(unknown()))
            }
            _ => Err(unknown()),
        }
    }

    fn configuration(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        Some(Ok(match segments {
            ["document"] => Self::Document,
            ["revisions"] => Self::Revisions,
            ["revisions", number] => return Some(revision(number).map(Self::Revision)),
            ["revisions", number, rest] => {
                let meaning = match *rest {
                    "undo" => Self::Undo,
                    "restore" => Self::Restore,
                    "diff" => Self::RevisionDiff,
                    "document" => Self::RevisionDocument,
                    _ => return None,
                };
                return Some(revision(number).map(meaning));
            }
            ["pendingConfirm"] => Self::PendingConfirm,
            ["connector", "proxy"] => Self::Proxy,
            ["connector", "ui", "uiCertificate"] => Self::OwnCertificate(CertificateUse::Ui),
            ["connector", "onPremises" | "onPremise", "systemCertificate"] => {
                Self::OwnCertificate(CertificateUse::System)
            }
            ["connector", "onPremises" | "onPremise", "ppCaCertificate"] => {
                Self::OwnCertificate(CertificateUse::PpCa)
            }
            [
                "connector",
                "onPremises" | "onPremise",
                "truststore",
                rest @ ..,
            ] => match rest {
                [] => Self::Truststore,
                ["certificates"] => Self::TrustedCertificates,
                ["certificates", alias] => Self::TrustedCertificate((*alias).to_owned()),
                _ => return None,
            },
            ["connector", "auditLog"] => Self::AuditLog,
            [
                "connector",
                "auditLog",
                "subaccounts",
                region_host,
                subaccount,
            ] => {
                let path = SubaccountPath::parse(region_host, subaccount);
                return Some(path.map(Self::SubaccountAuditLog));
            }
            ["availableCipherSuites"] => Self::Connector(ConnectorTarget::AvailableCipherSuites),
            ["connector", rest @ ..] => {
                return ConnectorTarget::parse(rest).map(|parsed| parsed.map(Self::Connector));
            }
            ["subaccounts"] => Self::Subaccounts,
            ["subaccounts", "corrupted"] => Self::Corrupted,
            ["subaccounts", region_host, subaccount, rest @ ..] => {
                return Self::of_subaccount(region_host, subaccount, rest);
            }
            _ => return None,
        }))
    }

    fn of_subaccount(
        region_host: &str,
        subaccount: &str,
        rest: &[&str],
    ) -> Option<Result<Self, Refusal>> {
        let path = match SubaccountPath::parse(region_host, subaccount) {
            Ok(path) => path,
            Err(refusal) => return Some(Err(refusal)),
        };
        match rest {
            [] => Some(Ok(Self::Subaccount(path))),
            ["state"] => Some(Ok(Self::State(path))),
            ["validity"] => Some(Ok(Self::Validity(path))),
            ["accessCheck"] => Some(Ok(Self::AccessCheck(path))),
            rest => below::of(path, rest),
        }
    }

    /// Whether what it shows depends on the revision alone, so that a caller who has it by that
    /// revision need not get it again.
    pub const fn is_of_document(&self) -> bool {
        matches!(
            self,
            Self::Document
                | Self::ExportMappings(_)
                | Self::Revision(_)
                | Self::RevisionDocument(_)
                | Self::Mappings(_)
                | Self::Mapping(..)
                | Self::Resources(..)
                | Self::Resource(..)
                | Self::Proxy
        )
    }

    /// Its path with the variable segments in braces, as the table of calls has it.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Version => agent::VERSION,
            Self::OpenApi => agent::OPENAPI,
            Self::Status => agent::STATUS,
            Self::Document => history::DOCUMENT,
            Self::Revisions => history::REVISIONS,
            Self::Revision(_) => history::REVISION,
            Self::Undo(_) => history::UNDO,
            Self::Restore(_) => history::RESTORE,
            Self::RevisionDiff(_) => history::REVISION_DIFF,
            Self::RevisionDocument(_) => history::REVISION_DOCUMENT,
            Self::PendingConfirm => history::PENDING_CONFIRM,
            Self::Proxy => connector::PROXY,
            Self::Truststore => connector::TRUSTSTORE,
            Self::TrustedCertificates => connector::TRUSTED_CERTIFICATES,
            Self::TrustedCertificate(_) => connector::TRUSTED_CERTIFICATE,
            Self::AuditLog => audit::AUDIT_LOG,
            Self::SubaccountAuditLog(_) => audit::SUBACCOUNT_AUDIT_LOG,
            Self::AuditRecords => audit::AUDIT_RECORDS,
            Self::AuditCsv => audit::AUDIT_CSV,
            Self::AuditLines => audit::AUDIT_LINES,
            Self::AuditVerification => audit::AUDIT_VERIFICATION,
            Self::OwnCertificate(one) => match one {
                CertificateUse::Ui => certificates::UI,
                CertificateUse::System => certificates::SYSTEM,
                CertificateUse::PpCa => certificates::PP_CA,
            },
            Self::Operators(target) => target.template(),
            Self::Running(target) => target.template(),
            Self::Monitoring(target) => target.template(),
            Self::Delivery(target) => target.template(),
            Self::Alerts(target) => target.template(),
            Self::Trouble(target) => target.template(),
            Self::Events => checks::EVENTS,
            Self::SecurityStatus => checks::SECURITY_STATUS,
            Self::ExportMappings(_) => checks::EXPORT,
            Self::ImportMappings(_) => checks::IMPORT,
            Self::AccessCheck(_) => checks::ACCESS_CHECK,
            Self::ConnectionCheck(_) => checks::CONNECTION_CHECK,
            Self::MappingCheck(..) => checks::MAPPING_CHECK,
            Self::Connector(target) => target.template(),
            Self::Subaccounts => subaccounts::SUBACCOUNTS,
            Self::Subaccount(_) => subaccounts::SUBACCOUNT,
            Self::Corrupted => subaccounts::CORRUPTED,
            Self::State(_) => subaccounts::STATE,
            Self::Validity(_) => subaccounts::VALIDITY,
            Self::Mappings(_) => subaccounts::MAPPINGS,
            Self::Mapping(..) => subaccounts::MAPPING,
            Self::Resources(..) => subaccounts::RESOURCES,
            Self::Resource(..) => subaccounts::RESOURCE,
            Self::AllowedClients(..) => clients::ALLOWED_CLIENTS,
            Self::AllowedClient(..) => clients::ALLOWED_CLIENT,
            Self::BlockedUsers(..) => clients::BLOCKED_USERS,
            Self::BlockedUser(..) => clients::BLOCKED_USER,
            Self::DomainMappings(_) => domains::DOMAIN_MAPPINGS,
            Self::DomainMapping(..) => domains::DOMAIN_MAPPING,
            Self::Channels(_) => channels::CHANNELS,
            Self::ChannelsOf(..) => channels::CHANNELS_OF,
            Self::Channel(..) => channels::CHANNEL,
            Self::ChannelState(..) => channels::CHANNEL_STATE,
            Self::AvailableChannels(..) => channels::AVAILABLE,
            Self::IdentityTrust(_) => identity::TRUST,
            Self::IdentityProviders(_) => identity::PROVIDERS,
            Self::IdentityProvider(..) => identity::PROVIDER,
            Self::TrustedApps(_) => identity::APPS,
            Self::TrustedApp(..) => identity::APP,
        }
    }

    /// The call that a request makes, if this takes its method. HEAD makes the call of GET.
    ///
    /// # Errors
    /// 405 where it does not.
    pub fn operation(&self, method: &http::Method) -> Result<&'static Operation, Refusal> {
        let verb = match *method {
            http::Method::HEAD => Verb::Get.as_str(),
            ref method => method.as_str(),
        };
        let found = self.operations().find(|one| one.verb.as_str() == verb);
        found.ok_or_else(|| {
            Refusal::new(
                http::StatusCode::METHOD_NOT_ALLOWED,
                super::ErrorType::InvalidRequest,
                format!("{method} is not possible here, only {}", self.allow()),
            )
        })
    }

    /// The methods that it takes, as a header says it.
    pub fn allow(&self) -> String {
        let verbs = self.operations().flat_map(|one| match one.verb {
            Verb::Get => vec!["GET", "HEAD"],
            Verb::Post | Verb::Put | Verb::Patch | Verb::Delete => vec![one.verb.as_str()],
        });
        let names: Vec<&str> = verbs.chain(["OPTIONS"]).collect();
        names.join(", ")
    }
}

fn revision(text: &str) -> Result<u64, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| Refusal::invalid("revision", "must be the number of a revision"))
}

fn segment(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, SEGMENT)
}

impl SubaccountPath {
    /// Writes the address of the subaccount below another one.
    fn below(&self, base: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.region_host.to_string();
        let (host, id) = (segment(&host), self.subaccount);
        write!(f, "{base}/subaccounts/{host}/{id}")
    }
}

impl fmt::Display for SubaccountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.below(CONFIGURATION, f)
    }
}

impl fmt::Display for Target {
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let truststore = format_args!("{CONFIGURATION}/connector/onPremises/truststore");
        match self {
            Self::Document => write!(f, "{CONFIGURATION}/document"),
            Self::Revisions => write!(f, "{CONFIGURATION}/revisions"),
            Self::Revision(number) => write!(f, "{CONFIGURATION}/revisions/{number}"),
            Self::Undo(number) => write!(f, "{CONFIGURATION}/revisions/{number}/undo"),
            Self::Restore(number) => write!(f, "{CONFIGURATION}/revisions/{number}/restore"),
            Self::RevisionDiff(number) => write!(f, "{CONFIGURATION}/revisions/{number}/diff"),
            Self::RevisionDocument(number) => {
                write!(f, "{CONFIGURATION}/revisions/{number}/document")
            }
            Self::PendingConfirm => write!(f, "{CONFIGURATION}/pendingConfirm"),
            Self::Proxy => write!(f, "{CONFIGURATION}/connector/proxy"),
            Self::Truststore => write!(f, "{truststore}"),
            Self::TrustedCertificates => write!(f, "{truststore}/certificates"),
            Self::TrustedCertificate(alias) => {
                write!(f, "{truststore}/certificates/{}", segment(alias))
            }
            Self::Version
            | Self::OpenApi
            | Self::Status
            | Self::AuditLog
            | Self::AuditRecords
            | Self::AuditCsv
            | Self::AuditLines
            | Self::AuditVerification => f.write_str(self.template()),
            Self::SubaccountAuditLog(path) => path.below(audit::AUDIT_LOG, f),
            Self::OwnCertificate(_) => f.write_str(self.template()),
            Self::Operators(target) => write!(f, "{target}"),
            Self::Running(target) => write!(f, "{target}"),
            Self::Monitoring(target) => write!(f, "{target}"),
            Self::Delivery(target) => write!(f, "{target}"),
            Self::Alerts(target) => write!(f, "{target}"),
            Self::Trouble(target) => write!(f, "{target}"),
            Self::Events => f.write_str("/api/v1/events"),
            Self::SecurityStatus => f.write_str("/api/v1/securityStatus"),
            Self::ExportMappings(path) => write!(f, "{path}/systemMappings/export"),
            Self::ImportMappings(path) => write!(f, "{path}/systemMappings/import"),
            Self::AccessCheck(path) => write!(f, "{path}/accessCheck"),
            Self::ConnectionCheck(path) => write!(f, "{path}/systemMappings/check"),
            Self::MappingCheck(path, address) => {
                write!(f, "{path}/systemMappings/{address}/check")
            }
            Self::Connector(target) => write!(f, "{target}"),
            Self::Subaccounts => write!(f, "{CONFIGURATION}/subaccounts"),
            Self::Subaccount(path) => write!(f, "{path}"),
            Self::Corrupted => write!(f, "{CONFIGURATION}/subaccounts/corrupted"),
            Self::State(path) => write!(f, "{path}/state"),
            Self::Validity(path) => write!(f, "{path}/validity"),
            Self::Mappings(path) => write!(f, "{path}/systemMappings"),
            Self::Mapping(path, address) => write!(f, "{path}/systemMappings/{address}"),
            Self::Resources(path, address) => {
                write!(f, "{path}/systemMappings/{address}/resources")
            }
            Self::Resource(path, address, id) => {
                let id = resource_id::encode(id);
                let id = segment(&id);
                write!(f, "{path}/systemMappings/{address}/resources/{id}")
            }
            Self::AllowedClients(path, address) => {
                write!(f, "{path}/systemMappings/{address}/allowedClients")
            }
            Self::AllowedClient(path, address, client) => {
                write!(f, "{path}/systemMappings/{address}/allowedClients/{client}")
            }
            Self::BlockedUsers(path, address) => {
                write!(f, "{path}/systemMappings/{address}/blockedClientUsers")
            }
            Self::BlockedUser(path, address, user) => {
                let user = user.to_string();
                let user = segment(&user);
                write!(
                    f,
                    "{path}/systemMappings/{address}/blockedClientUsers/{user}"
                )
            }
            Self::DomainMappings(path) => write!(f, "{path}/domainMappings"),
            Self::DomainMapping(path, domain) => write!(f, "{path}/domainMappings/{domain}"),
            Self::Channels(path) => write!(f, "{path}/channels"),
            Self::ChannelsOf(path, kind) => write!(f, "{path}/channels/{kind}"),
            Self::Channel(path, kind, id) => write!(f, "{path}/channels/{kind}/{id}"),
            Self::ChannelState(path, kind, id) => write!(f, "{path}/channels/{kind}/{id}/state"),
            Self::AvailableChannels(path, kind) => write!(f, "{path}/availableChannels/{kind}"),
            Self::IdentityTrust(path) => write!(f, "{path}/trust"),
            Self::IdentityProviders(path) => write!(f, "{path}/trust/idps"),
            Self::IdentityProvider(path, id) => write!(f, "{path}/trust/idps/{id}"),
            Self::TrustedApps(path) => write!(f, "{path}/trust/apps"),
            Self::TrustedApp(path, id) => write!(f, "{path}/trust/apps/{id}"),
        }
    }
}

mod below;

pub use below::untyped_channels;

#[cfg(test)]
mod tests;
