//! The management API of an agent: its paths, messages and errors.
//!
//! Paths, fields, codes and error types are those of SAP Cloud Connector's documented REST API;
//! document, revisions, status and dry runs are our own beside them. Input is strict, and so is
//! every path; readers of answers are tolerant.

mod alert;
mod audit;
mod authentication;
mod backup;
mod backup_schedule;
mod body;
mod certificate;
mod change;
mod channel;
mod check;
mod delivery;
mod domain;
mod error;
mod event;
mod ha;
mod identity;
mod import;
mod lenient;
mod log;
mod log_file;
mod mail;
mod mapping;
mod mapping_address;
mod merge;
mod metric_history;
mod migration;
pub mod monitoring;
mod openapi;
pub mod operations;
mod operator;
mod probe;
mod proxy;
mod query;
mod resource;
mod resource_id;
mod restore;
mod security;
mod settings;
mod status;
mod subaccount;
mod system_ports;
mod target;
mod trace;
mod trust;

pub use alert::{AlertList, AlertState, InvalidAlertState, SilenceInput};
pub use audit::{
    AuditBad, AuditLevelInput, AuditLogInput, AuditLogLevel, AuditLogShown, AuditPage, AuditSearch,
    AuditVerification, Days,
};
pub use authentication::{AuthenticationShown, AuthenticationType, BasicChange, BasicInput};
pub use backup::{
    BackupHead, BackupHistory, BackupInput, BackupVerified, PASSPHRASE_LEN_MAX, PASSPHRASE_LEN_MIN,
    VerificationForm,
};
pub use backup_schedule::{
    DestinationInput, DestinationShown, LoginInput, LoginShown, ScheduleInput, ScheduleShown,
    ScheduleState, ScheduleStatus, UploadInput, UploadShown,
};
pub use body::read;
pub use certificate::{
    AltNameShown, CertificateInput, CertificateOrigin, CertificateShown, ImportInput, KeySize,
    SignedInput,
};
pub use change::{PendingConfirm, Preview, RevisionDetail, RevisionDiff, Version};
pub use channel::{ChannelInput, ChannelShown, ChannelState, ChannelStateInput};
pub use check::{
    AccessCheck, AccessCheckInput, AccessRule, CheckOutcome, CheckStep, CheckedStep,
    ConnectionCheck, ConnectionCheckInput,
};
pub use delivery::{DeliveryShown, DeliveryTestInput, DeliveryTested, WebhookInput, WebhookShown};
pub use domain::{DomainMappingInput, DomainMappingShown};
pub use error::{ErrorBody, ErrorType, Refusal};
pub use event::{Event, EventMessage};
pub use ha::{
    HaRole, HostText, MasterConfigInput, MasterConfigShown, MasterOp, MasterState,
    MasterStateInput, MasterStateShown, ShadowConfig, ShadowOp, ShadowState, ShadowStateInput,
    ShadowStateShown,
};
pub use identity::{
    IdentityProviderShown, IdentityTrustInput, IdentityTrustShown, TrustInput, TrustedAppShown,
};
pub use import::{ImportMode, Imported, InvalidImportMode, MappingsFile, MappingsFormat, Skipped};
pub use lenient::{Flag, Number, PortText, PortsText, ReadOnly};
pub use log::{InvalidLineLevel, LineLevel, LogEvent, LogLine, LogPage, LogSearch};
pub use log_file::{InvalidLogFileName, LogFileName, LogFilePage, LogFileShown, LogFiles};
pub use mail::{MailInput, MailShown};
pub use mapping::{SystemMapping, SystemMappingInput};
pub use mapping_address::{InvalidMappingAddress, MappingAddress};
pub use merge::{Linked, Object, change, fit, object, to_object};
pub use metric_history::{
    HISTORY_BOUNDS_MS, HISTORY_POINTS_MAX, HistoryAnswer, HistoryBucket, HistoryPoint, MetricList,
    MetricShown, MonitorAsk,
};
pub use migration::{
    AcceptInput, CertificateGiven, CsrInput, CsrShown, ENROLMENTS_MAX, EnrolmentCsr, EnrolmentName,
    EnrolmentShown, GatewayPreflight, HandoverInput, HandoverList, HandoverMode, HandoverPart,
    HandoverShown, HandoverSide, HandoverState, PREFLIGHT_MAX, PreflightInput, PreflightShown,
    ReleaseInput, ReleaseMode, RenamedGateway, SystemPreflight, VALID_SEC, VALID_SEC_DEFAULT,
    VouchInput, VouchRequest, Vouched, VouchedCertificate,
};
pub use openapi::openapi;
pub use operator::{
    CertificateRequest, Issued, MonitoringPassword, MonitoringUserInput, MonitoringUserShown,
    OperatorChange, OperatorInput, OperatorShown, Own, PairRequest, Paired, PairingCreated,
    PairingInput, PairingShown, PairingState,
};
pub use probe::{ProbeInput, ProbeList, ProbeShown};
pub use proxy::{MASKED, ProxyInput, ProxyShown};
pub use query::Query;
pub use resource::{ResourceInput, SystemMappingResource};
pub use resource_id::{InvalidResourceId, decode, encode};
pub use restore::{
    RecipientShown, RestoreApplied, RestoreForm, RestoreOrigin, RestorePlanShown, RestoreShown,
    RestoreState, RestoreStep, RollbackOffer,
};
pub use security::{Rating, SecurityEntry, SecurityStatus};
pub use settings::{
    ALWAYS, ConditionInput, ConnectorInput, ConnectorShown, LogsShown, MailTrustShown, MoveInput,
    SubjectRuleInput, SubjectRuleShown, TracesShown, TunnelTuning,
};
pub use status::{
    Connection, Drain, DrainShown, DrainState, HeartbeatStatus, LinkStatus, ManagementStatus,
    Status,
};
pub use subaccount::{
    ApplicationConnection, Corrupted, Enrolment, StateInput, SubaccountCertificate,
    SubaccountInput, SubaccountShown, Tunnel, TunnelChannel, TunnelState, ValidityInput,
};
pub use system_ports::{InvalidSystemPorts, SystemPorts};
pub use target::{
    AlertTarget, AuditTarget, BackupTarget, CertificateTarget, ConnectorTarget, DeliveryTarget,
    DocumentTarget, HaTarget, MappingTarget, MigrationTarget, MonitoringTarget, OperatorTarget,
    RestoreTarget, RunningTarget, ScheduleTarget, SubaccountPath, SubaccountTarget, Target,
    TroubleTarget, Verb, untyped_channels,
};
pub use trace::{
    TraceBodyLen, TraceInput, TraceList, TraceMegabytes, TraceSeconds, TraceShown, TraceState,
};
pub use trust::{TrustedInput, TrustedShown, TruststoreInput, TruststoreShown};

/// `_links` of an object: names and addresses of what belongs to it.
pub type Links = std::collections::BTreeMap<String, Link>;

/// The address of something that belongs to an object.
#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Link {
    /// The path.
    pub href: String,
}

/// `_links` from names and targets.
pub fn links<const N: usize>(entries: [(&str, Target); N]) -> Links {
    let link = |(name, target): (&str, Target)| {
        let href = target.to_string();
        (name.to_owned(), Link { href })
    };
    entries.into_iter().map(link).collect()
}
