//! The configuration document of an agent, its parts, its differences and its revisions.
//!
//! A document is immutable. A change makes a new one that shares all untouched parts with the old
//! one, so keeping, comparing and storing states of a large document stays cheap. Nothing invalid
//! can be held: every type refuses wrong input where it is made.

mod alert_rules;
mod alerting;
mod apply;
mod audit;
mod backup_schedule;
pub(crate) mod canonical;
mod certificates;
mod change;
mod channel;
mod cipher;
mod connector;
mod creation;
mod cron;
mod delivery;
mod delta;
mod diff;
mod document;
mod domain;
mod fields;
mod files;
mod heartbeat;
mod history;
mod identity;
mod import;
mod invalid;
mod json;
mod levels;
pub mod limits;
mod logs;
mod loose;
mod mail;
mod mapping;
mod merge;
mod monitoring;
mod operator;
mod organisation;
mod part;
mod path_options;
mod place;
mod port_name;
mod ports;
mod probe;
mod propagation;
mod proxy;
mod region;
mod resource;
mod revision;
mod rfc;
mod subaccount;
mod subject;
mod syslog;
mod text;
mod trial;
mod trust;
mod webhook;

pub use alert_rules::{AlertDelays, AlertLimits, AlertRules, AlertSending};
pub use alerting::{Alerting, Notification, Thresholds};
pub use audit::{AuditCleanup, AuditLevel, AuditSettings};
pub use backup_schedule::{
    BackupDestination, BackupDirectory, BackupSchedule, BackupScheduleFields, BackupSchedules,
    BackupUpload, FolderPath, InvalidFolderPath, InvalidScheduleName, InvalidUploadUrl, Keep,
    ScheduleName, UploadLogin, UploadUrl, UploadUser, WantedHours,
};
pub use certificates::{OwnCertificate, OwnCertificateFields, OwnCertificates};
pub(crate) use change::connector as connector_of;
pub use change::{Change, ChangeKind, UndoError, changes};
pub use channel::{
    Channel, ChannelConnections, ChannelId, ChannelService, ChannelType, Channels, ClusterHost,
    InstanceNumber, InvalidChannelId, ServiceName,
};
pub use cipher::{CipherSuite, CipherSuites};
pub use connector::{Connector, ConnectorFields, TunnelConnections};
pub use creation::CreationDate;
pub use cron::{Ahead, Cron, CronClock, InvalidCron};
pub use delivery::DeliveryTrust;
pub use delta::{Delta, Op, Ops};
pub use diff::diff;
pub use document::{Document, SCHEMA};
pub use domain::{DomainMapping, DomainMappings};
pub use fields::{FieldChange, entry_name, field_changes};
pub use files::{Files, MARKER as FILES_MARKER};
pub use heartbeat::{Heartbeat, HeartbeatUrl};
pub use history::HistorySettings;
pub use identity::{IdentityProvider, IdentityTrust, TrustedApp};
pub use invalid::Invalid;
pub use levels::{InvalidModuleName, ModuleLevels, ModuleName};
pub use logs::{LogLevel, LogSettings, Megabytes, SubaccountTraces, Traces, TracesBySubaccount};
pub use loose::{Number, OutOfRange, flag};
pub use mail::property as mail_property;
pub use mail::{Mail, MailFields, TrustOption};
pub use mapping::{
    AuthenticationMode, BackendType, HostInHeader, Mapping, MappingFields, MappingPart, Protocol,
    ProtocolFamily,
};
pub use merge::{Conflict, Merged, merge_documents};
pub use monitoring::{MonitoringUser, MonitoringUsers};
pub use operator::{Comment, Joining, Operator, OperatorName, Operators};
pub use organisation::{AuthorityRule, Organisation, OrganisationFields, SubjectMatch};
pub use part::Part;
pub use path_options::PathOptions;
pub use place::Place;
pub(crate) use place::{Content, LASTING, Touched, settings as settings_of, touched};
pub use port_name::{InvalidPortName, PortName, SystemName};
pub use ports::{InvalidPortRange, PortRange};
pub use probe::{InvalidProbePath, Probe, ProbePath};
pub use propagation::PpSettings;
pub use proxy::{InvalidProxyUrl, Proxy, ProxyFields, ProxyUrl};
pub use region::{Region, Regions};
pub use resource::{InvalidResourcePath, Resource, ResourcePath};
pub use revision::Revision;
pub use rfc::{Client, ClientUser, InvalidClient, RfcOptions, SapUser};
pub use subaccount::{Subaccount, SubaccountFields, SubaccountKey};
pub use subject::{
    Attributes, Comparison, Condition, ConditionFields, InvalidPattern, InvalidVariable, NamePart,
    NoName, NoSubject, Pattern, Sampled, SubjectFallback, SubjectPattern, SubjectRule,
    SubjectRules, Variable,
};
pub use syslog::{SyslogServer, SyslogServers, SyslogTransport};
pub use text::{InvalidText, Text};
pub use trial::{ConfirmWithin, InvalidConfirmWithin, OnTrial, Trial};
pub use trust::{
    Alias, BackendTrust, Certificate, CertificateSummary, InvalidAlias, InvalidCertificate,
    TrustedCertificate, TrustedCertificates,
};
pub use webhook::{InvalidWebhookUrl, Webhook, WebhookForm, WebhookOrigin, Webhooks};

#[cfg(test)]
pub(crate) mod tests;
