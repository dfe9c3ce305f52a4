//! Settings of the agent that others use, or that say how it works.

use super::super::delivery::{WebhookInput, WebhookShown};
use super::super::mail::{MailInput, MailShown};
use super::super::merge::{Linked, Parts, Whole};
use super::super::settings::{
    ConnectorInput, ConnectorShown, LogsShown, MailTrustShown, MoveInput, SubjectRuleInput,
    SubjectRuleShown, TracesShown, TunnelTuning,
};
use super::super::trust::{TrustedInput, TrustedShown};
use super::Operation;
use crate::config::{
    AlertRules, Alerting, CipherSuite, Heartbeat, HistorySettings, LogSettings, PpSettings, Region,
    SyslogServers, Traces,
};
use crate::rights::Access::{Administration, Connector, Inspect, Read, Subaccounts, Trace};

pub(crate) const COMMON: &str = "/api/v1/configuration/connector";
pub(crate) const PP_SETTINGS: &str = "/api/v1/configuration/connector/onPremises/ppSettings";
pub(crate) const SUBJECT_RULES: &str =
    "/api/v1/configuration/connector/onPremises/subjectPatternRules";
pub(crate) const SUBJECT_RULE: &str =
    "/api/v1/configuration/connector/onPremises/subjectPatternRules/{index}";
pub(crate) const SUBJECT_RULE_MOVE: &str =
    "/api/v1/configuration/connector/onPremises/subjectPatternRules/{index}/move";
pub(crate) const SAMPLE_CERTIFICATE: &str =
    "/api/v1/configuration/connector/onPremises/subjectPatternRules/{index}/sampleCertificate";
pub(crate) const LOGS: &str = "/api/v1/configuration/connector/logAndTrace";
pub(crate) const SUBACCOUNT_LOGS: &str =
    "/api/v1/configuration/connector/logAndTrace/subaccounts/{regionHost}/{subaccount}";
pub(crate) const ALERTING: &str = "/api/v1/configuration/connector/alerting";
pub(crate) const HEARTBEAT: &str = "/api/v1/configuration/connector/heartbeat";
pub(crate) const ALERT_RULES: &str = "/api/v1/configuration/connector/alertRules";
pub(crate) const EMAIL: &str = "/api/v1/configuration/connector/email";
pub(crate) const EMAIL_TRUSTSTORE: &str = "/api/v1/configuration/connector/email/truststore";
pub(crate) const EMAIL_CERTIFICATES: &str =
    "/api/v1/configuration/connector/email/truststore/certificates";
pub(crate) const EMAIL_CERTIFICATE: &str =
    "/api/v1/configuration/connector/email/truststore/certificates/{alias}";
pub(crate) const WEBHOOKS: &str = "/api/v1/configuration/connector/webhooks";
pub(crate) const SYSLOG: &str = "/api/v1/configuration/connector/syslog";
pub(crate) const AVAILABLE_CIPHER_SUITES: &str = "/api/v1/configuration/availableCipherSuites";
pub(crate) const CIPHER_SUITES: &str = "/api/v1/configuration/connector/ui/cipherSuites";
pub(crate) const HISTORY: &str = "/api/v1/configuration/connector/history";
pub(crate) const TUNNEL: &str = "/api/v1/configuration/connector/tunnel";
pub(crate) const REGIONS: &str = "/api/v1/configuration/connector/regions";
pub(crate) const REGION: &str = "/api/v1/configuration/connector/regions/{regionHost}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(COMMON, Read, "Shows the agent's role and description.")
        .gives::<Linked<ConnectorShown>>(),
    Operation::put(COMMON, Connector, "Sets the agent's description.")
        .takes::<ConnectorInput>()
        .gives::<Linked<ConnectorShown>>(),
    Operation::get(
        PP_SETTINGS,
        Read,
        "Shows the times of principal propagation.",
    )
    .gives::<Linked<PpSettings>>(),
    Operation::put(
        PP_SETTINGS,
        Subaccounts,
        "Sets the times of principal propagation.",
    )
    .takes::<Whole<PpSettings>>(),
    Operation::patch(
        PP_SETTINGS,
        Subaccounts,
        "Changes times of principal propagation.",
    )
    .takes::<Parts<PpSettings>>(),
    Operation::get(
        SUBJECT_RULES,
        Read,
        "Lists the rules for subjects of users' certificates.",
    )
    .gives::<Vec<SubjectRuleShown>>(),
    Operation::post(
        SUBJECT_RULES,
        Connector,
        "Adds a rule, as the last before the fallback.",
    )
    .takes::<SubjectRuleInput>()
    .creates(),
    Operation::get(SUBJECT_RULE, Read, "Shows a rule for subjects.")
        .gives::<Linked<SubjectRuleShown>>(),
    Operation::put(
        SUBJECT_RULE,
        Connector,
        "Replaces a rule; the last one stays the fallback.",
    )
    .takes::<SubjectRuleInput>(),
    Operation::delete(
        SUBJECT_RULE,
        Connector,
        "Removes a rule; the fallback stays.",
    )
    .conflicts(),
    Operation::post(
        SUBJECT_RULE_MOVE,
        Connector,
        "Moves a rule to another place.",
    )
    .takes::<MoveInput>()
    .gives::<Vec<SubjectRuleShown>>()
    .conflicts(),
    Operation::get(
        SAMPLE_CERTIFICATE,
        Connector,
        "Makes the certificate that a rule gives a user, whose attributes stand behind the ?.",
    )
    .sends("application/pkix-cert")
    .takes_values()
    .conflicts(),
    Operation::get(LOGS, Inspect, "Shows what is logged.").gives::<Linked<LogsShown>>(),
    Operation::patch(LOGS, Trace, "Changes what is logged, at once.").takes::<Parts<LogSettings>>(),
    Operation::get(
        SUBACCOUNT_LOGS,
        Inspect,
        "Shows what of a subaccount is to be traced.",
    )
    .gives::<Linked<TracesShown>>(),
    Operation::patch(
        SUBACCOUNT_LOGS,
        Trace,
        "Changes what of a subaccount is to be traced.",
    )
    .takes::<Parts<Traces>>(),
    Operation::get(
        ALERTING,
        Read,
        "Shows when alerts are raised and which are sent.",
    )
    .gives::<Linked<Alerting>>(),
    Operation::put(
        ALERTING,
        Administration,
        "Sets when alerts are raised and which are sent.",
    )
    .takes::<Whole<Alerting>>(),
    Operation::patch(
        ALERTING,
        Administration,
        "Changes when alerts are raised and which are sent.",
    )
    .takes::<Parts<Alerting>>(),
    Operation::get(
        HEARTBEAT,
        Read,
        "Shows which URL is asked so that a monitor outside hears of the agent.",
    )
    .gives::<Linked<Heartbeat>>(),
    Operation::put(
        HEARTBEAT,
        Administration,
        "Sets which URL is asked while all tunnels that shall be up are up; an empty object ends it.",
    )
    .takes::<Whole<Heartbeat>>(),
    Operation::patch(HEARTBEAT, Administration, "Changes the heartbeat.")
        .takes::<Parts<Heartbeat>>(),
    Operation::get(ALERT_RULES, Read, "Shows further rules of alerts.")
        .gives::<Linked<AlertRules>>(),
    Operation::put(
        ALERT_RULES,
        Administration,
        "Sets further rules of alerts; what is left out is as before anybody set it.",
    )
    .takes::<Whole<AlertRules>>(),
    Operation::patch(
        ALERT_RULES,
        Administration,
        "Changes further rules of alerts.",
    )
    .takes::<Parts<AlertRules>>(),
    Operation::get(EMAIL, Read, "Shows how mail is sent.").gives::<Linked<MailShown>>(),
    Operation::put(EMAIL, Connector, "Sets how mail is sent.").takes::<Whole<MailInput>>(),
    Operation::patch(EMAIL, Connector, "Changes how mail is sent.").takes::<Parts<MailInput>>(),
    Operation::get(
        EMAIL_TRUSTSTORE,
        Read,
        "Shows which mail servers are trusted.",
    )
    .gives::<MailTrustShown>(),
    Operation::get(
        EMAIL_CERTIFICATES,
        Read,
        "Lists the trusted certificates of mail servers.",
    )
    .gives::<Vec<TrustedShown>>(),
    Operation::post(
        EMAIL_CERTIFICATES,
        Connector,
        "Adds a trusted certificate of a mail server.",
    )
    .takes::<TrustedInput>()
    .creates()
    .conflicts(),
    Operation::delete(
        EMAIL_CERTIFICATES,
        Connector,
        "Removes all trusted certificates of mail servers.",
    ),
    Operation::get(
        EMAIL_CERTIFICATE,
        Read,
        "Shows a trusted certificate of a mail server.",
    )
    .gives::<TrustedShown>(),
    Operation::delete(
        EMAIL_CERTIFICATE,
        Connector,
        "Removes a trusted certificate of a mail server.",
    ),
    Operation::get(WEBHOOKS, Read, "Lists where alerts are posted to.")
        .gives::<Vec<WebhookShown>>(),
    Operation::put(WEBHOOKS, Connector, "Sets where alerts are posted to.")
        .takes::<Vec<WebhookInput>>(),
    Operation::get(SYSLOG, Read, "Lists the syslog servers that get alerts.")
        .gives::<SyslogServers>(),
    Operation::put(
        SYSLOG,
        Connector,
        "Sets the syslog servers that get alerts.",
    )
    .takes::<SyslogServers>(),
    Operation::get(
        AVAILABLE_CIPHER_SUITES,
        Read,
        "Lists the cipher suites that there are.",
    )
    .gives::<Vec<CipherSuite>>(),
    Operation::get(
        CIPHER_SUITES,
        Inspect,
        "Lists the cipher suites that this API takes.",
    )
    .gives::<Vec<CipherSuite>>(),
    Operation::post(
        CIPHER_SUITES,
        Administration,
        "Sets the cipher suites that this API takes.",
    )
    .takes::<Vec<CipherSuite>>(),
    Operation::delete(
        CIPHER_SUITES,
        Administration,
        "Lets this API take all cipher suites again.",
    ),
    Operation::get(HISTORY, Read, "Shows how long is kept what was measured.")
        .gives::<Linked<HistorySettings>>(),
    Operation::put(
        HISTORY,
        Administration,
        "Sets how long is kept what was measured.",
    )
    .takes::<Whole<HistorySettings>>(),
    Operation::patch(
        HISTORY,
        Administration,
        "Changes how long is kept what was measured.",
    )
    .takes::<Parts<HistorySettings>>(),
    Operation::get(TUNNEL, Read, "Shows how tunnels are made.").gives::<Linked<TunnelTuning>>(),
    Operation::put(TUNNEL, Administration, "Sets how tunnels are made.")
        .takes::<Whole<TunnelTuning>>(),
    Operation::patch(TUNNEL, Administration, "Changes how tunnels are made.")
        .takes::<Parts<TunnelTuning>>(),
    Operation::get(REGIONS, Read, "Lists the regions of one's own.").gives::<Vec<Region>>(),
    Operation::post(REGIONS, Administration, "Adds a region.")
        .takes::<Region>()
        .creates()
        .conflicts(),
    Operation::get(REGION, Read, "Shows a region.").gives::<Region>(),
    Operation::delete(REGION, Administration, "Removes a region."),
];
