//! The table of addresses: what each path means and which methods it takes.

mod alerts;
mod audit;
mod backup;
mod backup_schedules;
mod certificates;
mod delivery;
mod document;
mod ha;
mod mapping;
mod migration;
mod monitoring;
mod operators;
mod path;
mod restore;
mod running;
mod settings;
mod subaccount;
#[cfg(test)]
mod tests;
mod trouble;
mod verb;

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

pub use self::alerts::AlertTarget;
pub use self::audit::AuditTarget;
pub use self::backup::BackupTarget;
pub use self::backup_schedules::ScheduleTarget;
pub use self::certificates::CertificateTarget;
pub use self::delivery::DeliveryTarget;
pub use self::document::DocumentTarget;
pub use self::ha::HaTarget;
pub use self::mapping::MappingTarget;
pub use self::migration::MigrationTarget;
pub use self::monitoring::MonitoringTarget;
pub use self::operators::OperatorTarget;
pub use self::path::SubaccountPath;
pub use self::restore::RestoreTarget;
pub use self::running::RunningTarget;
pub use self::settings::ConnectorTarget;
pub use self::subaccount::{SubaccountTarget, untyped_channels};
pub use self::trouble::TroubleTarget;
pub use self::verb::Verb;
use super::error::Refusal;
use super::mapping_address::MappingAddress;
use super::operations::{agent, checks, connector, subaccounts};

/// What stands before the paths of the configuration.
const CONFIGURATION: &str = "/api/v1/configuration";

/// What an address means. `Display` writes the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The version of the agent.
    Version,
    /// The description of the API.
    OpenApi,
    /// What the agent does now.
    Status,
    /// What happens.
    Events,
    /// How safe it is set up.
    SecurityStatus,
    /// The whole configuration and its history.
    Document(DocumentTarget),
    /// The audit log.
    Audit(AuditTarget),
    /// Backups.
    Backup(BackupTarget),
    /// Schedules of backups.
    Schedules(ScheduleTarget),
    /// Certificates of the agent, and those it trusts.
    Certificates(CertificateTarget),
    /// Operators and pairing.
    Operators(OperatorTarget),
    /// Restores of backups.
    Restores(RestoreTarget),
    /// What the running process does.
    Running(RunningTarget),
    /// What is measured.
    Monitoring(MonitoringTarget),
    /// The delivery of alerts.
    Delivery(DeliveryTarget),
    /// Handovers between agents.
    Migration(MigrationTarget),
    /// Alerts.
    Alerts(AlertTarget),
    /// Diagnoses, files of the log, and traces.
    Trouble(TroubleTarget),
    /// The HTTP proxy on the way out.
    Proxy,
    /// High availability.
    Ha(HaTarget),
    /// Another setting of the agent as a whole.
    Connector(ConnectorTarget),
    /// All subaccounts.
    Subaccounts,
    /// Subaccounts of which something cannot be read.
    Corrupted,
    /// A subaccount, or what belongs to it.
    Of(SubaccountPath, SubaccountTarget),
    /// A system mapping, or what belongs to it.
    OfMapping(SubaccountPath, MappingAddress, MappingTarget),
}

/// What an area makes of the segments behind `/api/v1/`; nothing where they are of another one.
type Found<T> = Option<Result<T, Refusal>>;

/// Reads the addresses of an area.
type Area = fn(&[&str]) -> Found<Target>;

/// The areas, in the order in which they are asked: `alerts/delivery` is not an alert.
const AREAS: &[Area] = &[
    |path| found(OperatorTarget::parse(path), Target::Operators),
    |path| found(DeliveryTarget::parse(path), Target::Delivery),
    |path| found(RestoreTarget::parse(path), Target::Restores),
    |path| found(RunningTarget::parse(path), Target::Running),
    |path| found(AlertTarget::parse(path), Target::Alerts),
    |path| found(MigrationTarget::parse(path), Target::Migration),
    |path| found(TroubleTarget::parse(path), Target::Trouble),
    |path| found(DocumentTarget::parse(path), Target::Document),
    |path| found(AuditTarget::parse(path), Target::Audit),
    |path| BackupTarget::parse(path).map(Target::Backup).map(Ok),
    |path| found(ScheduleTarget::parse(path), Target::Schedules),
    |path| found(CertificateTarget::parse(path), Target::Certificates),
    |path| HaTarget::parse(path).map(Target::Ha).map(Ok),
    |path| found(ConnectorTarget::parse(path), Target::Connector),
    Target::of_subaccounts,
    |path| Target::single(path).map(Ok),
];

fn found<T>(found: Found<T>, target: fn(T) -> Target) -> Found<Target> {
    found.map(|one| one.map(target))
}

/// A name in the path, or what is wrong with it.
fn named<T: FromStr<Err: fmt::Display>>(field: &str, text: &str) -> Result<T, Refusal> {
    let parsed = text.parse::<T>();
    parsed.map_err(|rule| Refusal::invalid(field, rule.to_string()))
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
        if newer.is_some() {
            return Err(settings::absent_newer(&segments).unwrap_or_else(unknown));
        }
        if let Some(refusal) = settings::absent(&segments) {
            return Err(refusal);
        }
        let parsed = AREAS.iter().find_map(|area| area(&segments));
        parsed.unwrap_or_else(|| Err(unknown()))
    }

    /// Addresses that are of no area.
    fn single(segments: &[&str]) -> Option<Self> {
        match segments {
            ["connector", "version"] => Some(Self::Version),
            ["openapi.json"] => Some(Self::OpenApi),
            ["status"] => Some(Self::Status),
            ["events"] => Some(Self::Events),
            ["securityStatus"] => Some(Self::SecurityStatus),
            ["configuration", "connector", "proxy"] => Some(Self::Proxy),
            _ => None,
        }
    }

    fn of_subaccounts(segments: &[&str]) -> Found<Self> {
        let (host, id, rest) = match segments {
            ["configuration", "subaccounts"] => return Some(Ok(Self::Subaccounts)),
            ["configuration", "subaccounts", "corrupted"] => return Some(Ok(Self::Corrupted)),
            ["configuration", "subaccounts", host, id, rest @ ..] => (host, id, rest),
            _ => return None,
        };
        let path = match SubaccountPath::parse(host, id) {
            Ok(path) => path,
            Err(refusal) => return Some(Err(refusal)),
        };
        if let Some(target) = SubaccountTarget::parse(rest) {
            return Some(target.map(|target| Self::Of(path, target)));
        }
        let ["systemMappings", address, rest @ ..] = rest else {
            return None;
        };
        let address = match named("virtualHost:virtualPort", address) {
            Ok(address) => address,
            Err(refusal) => return Some(Err(refusal)),
        };
        let target = MappingTarget::parse(rest)?;
        Some(target.map(|target| Self::OfMapping(path, address, target)))
    }

    /// Whether what it shows depends on the revision alone, so that a caller who has it by that
    /// revision need not get it again.
    pub const fn is_of_document(&self) -> bool {
        use DocumentTarget::{AsOf, Revision, Whole};
        use MappingTarget::{Itself, Resource, Resources};
        use SubaccountTarget::{ExportMappings, Mappings};
        matches!(
            self,
            Self::Document(Whole | Revision(_) | AsOf(_))
                | Self::Of(_, Mappings | ExportMappings)
                | Self::OfMapping(_, _, Itself | Resources | Resource(_))
                | Self::Proxy
        )
    }

    /// Its path with the variable segments in braces, as the table of calls has it.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Version => agent::VERSION,
            Self::OpenApi => agent::OPENAPI,
            Self::Status => agent::STATUS,
            Self::Events => checks::EVENTS,
            Self::SecurityStatus => checks::SECURITY_STATUS,
            Self::Document(target) => target.template(),
            Self::Audit(target) => target.template(),
            Self::Backup(target) => target.template(),
            Self::Schedules(target) => target.template(),
            Self::Certificates(target) => target.template(),
            Self::Operators(target) => target.template(),
            Self::Restores(target) => target.template(),
            Self::Running(target) => target.template(),
            Self::Monitoring(target) => target.template(),
            Self::Delivery(target) => target.template(),
            Self::Migration(target) => target.template(),
            Self::Alerts(target) => target.template(),
            Self::Trouble(target) => target.template(),
            Self::Proxy => connector::PROXY,
            Self::Ha(target) => target.template(),
            Self::Connector(target) => target.template(),
            Self::Subaccounts => subaccounts::SUBACCOUNTS,
            Self::Corrupted => subaccounts::CORRUPTED,
            Self::Of(_, target) => target.template(),
            Self::OfMapping(_, _, target) => target.template(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version
            | Self::OpenApi
            | Self::Status
            | Self::Events
            | Self::SecurityStatus
            | Self::Proxy
            | Self::Subaccounts
            | Self::Corrupted => f.write_str(self.template()),
            Self::Document(target) => write!(f, "{target}"),
            Self::Audit(target) => write!(f, "{target}"),
            Self::Backup(target) => f.write_str(target.template()),
            Self::Schedules(target) => write!(f, "{target}"),
            Self::Certificates(target) => write!(f, "{target}"),
            Self::Operators(target) => write!(f, "{target}"),
            Self::Restores(target) => write!(f, "{target}"),
            Self::Running(target) => write!(f, "{target}"),
            Self::Monitoring(target) => write!(f, "{target}"),
            Self::Delivery(target) => write!(f, "{target}"),
            Self::Migration(target) => write!(f, "{target}"),
            Self::Alerts(target) => write!(f, "{target}"),
            Self::Trouble(target) => write!(f, "{target}"),
            Self::Ha(target) => write!(f, "{target}"),
            Self::Connector(target) => write!(f, "{target}"),
            Self::Of(path, target) => write!(f, "{path}{target}"),
            Self::OfMapping(path, address, target) => {
                write!(f, "{path}/systemMappings/{address}{target}")
            }
        }
    }
}
