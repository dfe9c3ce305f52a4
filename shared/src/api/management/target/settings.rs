//! Addresses of the settings of the agent as a whole.

use std::fmt;

use super::path::segment;
use super::{SubaccountPath, named};
use crate::api::management::error::Refusal;
use crate::api::management::operations::{operators, settings};
use crate::config::Alias;
use crate::config::limits::SUBJECT_RULES_MAX;
use crate::id::RegionHost;

/// What an address below `/api/v1/configuration/connector` means, with the list of all cipher
/// suites, which stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectorTarget {
    /// The agent itself.
    Common,
    /// Times of principal propagation.
    PpSettings,
    /// The rules for subjects.
    SubjectRules,
    /// One of them.
    SubjectRule(usize),
    /// Its place among the others.
    SubjectRuleMove(usize),
    /// A certificate that it would make.
    SampleCertificate(usize),
    /// Levels and limits of the log.
    Logs,
    /// Traces of a subaccount.
    SubaccountLogs(SubaccountPath),
    /// When alerts are raised.
    Alerting,
    /// The heartbeat for a monitor outside.
    Heartbeat,
    /// Further rules of alerts.
    AlertRules,
    /// How mail is sent.
    Email,
    /// Which certificates of the mail server are trusted.
    EmailTruststore,
    /// Those certificates.
    EmailCertificates,
    /// One of them.
    EmailCertificate(String),
    /// Where alerts are posted to.
    Webhooks,
    /// The syslog servers that get alerts.
    Syslog,
    /// All cipher suites that there are.
    AvailableCipherSuites,
    /// Those that the management API takes.
    CipherSuites,
    /// How long is kept what was measured.
    History,
    /// How tunnels are made.
    Tunnel,
    /// Regions of one's own.
    Regions,
    /// One of them, by its gateway.
    Region(RegionHost),
    /// Users with a password.
    MonitoringUsers,
    /// One of them.
    MonitoringUser(Alias),
}

type Parsed = Option<Result<ConnectorTarget, Refusal>>;

impl ConnectorTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Parsed {
        match segments {
            ["configuration", "availableCipherSuites"] => Some(Ok(Self::AvailableCipherSuites)),
            ["configuration", "connector", rest @ ..] => Self::below(rest),
            _ => None,
        }
    }

    /// Reads what stands behind `/api/v1/configuration/connector`.
    fn below(segments: &[&str]) -> Parsed {
        Some(Ok(match segments {
            [] => Self::Common,
            ["onPremises" | "onPremise", "ppSettings"] => Self::PpSettings,
            ["onPremises" | "onPremise", "subjectPatternRules", rest @ ..] => {
                return Self::rule(rest);
            }
            ["logAndTrace"] => Self::Logs,
            ["logAndTrace", "subaccounts", region_host, subaccount] => {
                let path = SubaccountPath::parse(region_host, subaccount);
                return Some(path.map(Self::SubaccountLogs));
            }
            ["alerting"] => Self::Alerting,
            ["heartbeat"] => Self::Heartbeat,
            ["alertRules"] => Self::AlertRules,
            ["email"] => Self::Email,
            ["email", "truststore"] => Self::EmailTruststore,
            ["email", "truststore", "certificates"] => Self::EmailCertificates,
            ["email", "truststore", "certificates", alias] => {
                Self::EmailCertificate((*alias).to_owned())
            }
            ["webhooks"] => Self::Webhooks,
            ["syslog"] => Self::Syslog,
            ["ui", "cipherSuites"] => Self::CipherSuites,
            ["history"] => Self::History,
            ["tunnel"] => Self::Tunnel,
            ["monitoringUsers"] => Self::MonitoringUsers,
            ["monitoringUsers", name] => {
                return Some(named("name", name).map(Self::MonitoringUser));
            }
            ["regions"] => Self::Regions,
            ["regions", host] => {
                return Some(named("regionHost", host).map(Self::Region));
            }
            _ => return None,
        }))
    }

    fn rule(segments: &[&str]) -> Parsed {
        let (number, rest) = match segments {
            [] => return Some(Ok(Self::SubjectRules)),
            [number, rest @ ..] => (number, rest),
        };
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let index = number.parse().ok().filter(|_| digits);
        let Some(index) = index.filter(|index| *index <= SUBJECT_RULES_MAX) else {
            let rule = format!("must be a whole number from 0 to {SUBJECT_RULES_MAX}");
            return Some(Err(Refusal::invalid("index", rule)));
        };
        Some(Ok(match rest {
            [] => Self::SubjectRule(index),
            ["move"] => Self::SubjectRuleMove(index),
            ["sampleCertificate"] => Self::SampleCertificate(index),
            _ => return None,
        }))
    }

    /// Its path with the variable segments in braces.
    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Common => settings::COMMON,
            Self::PpSettings => settings::PP_SETTINGS,
            Self::SubjectRules => settings::SUBJECT_RULES,
            Self::SubjectRule(_) => settings::SUBJECT_RULE,
            Self::SubjectRuleMove(_) => settings::SUBJECT_RULE_MOVE,
            Self::SampleCertificate(_) => settings::SAMPLE_CERTIFICATE,
            Self::Logs => settings::LOGS,
            Self::SubaccountLogs(_) => settings::SUBACCOUNT_LOGS,
            Self::Alerting => settings::ALERTING,
            Self::Heartbeat => settings::HEARTBEAT,
            Self::AlertRules => settings::ALERT_RULES,
            Self::Email => settings::EMAIL,
            Self::EmailTruststore => settings::EMAIL_TRUSTSTORE,
            Self::EmailCertificates => settings::EMAIL_CERTIFICATES,
            Self::EmailCertificate(_) => settings::EMAIL_CERTIFICATE,
            Self::Webhooks => settings::WEBHOOKS,
            Self::Syslog => settings::SYSLOG,
            Self::AvailableCipherSuites => settings::AVAILABLE_CIPHER_SUITES,
            Self::CipherSuites => settings::CIPHER_SUITES,
            Self::History => settings::HISTORY,
            Self::Tunnel => settings::TUNNEL,
            Self::Regions => settings::REGIONS,
            Self::Region(_) => settings::REGION,
            Self::MonitoringUsers => operators::MONITORING_USERS,
            Self::MonitoringUser(_) => operators::MONITORING_USER,
        }
    }
}

impl fmt::Display for ConnectorTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = settings::SUBJECT_RULES;
        match self {
            Self::SubjectRule(index) => write!(f, "{rules}/{index}"),
            Self::SubjectRuleMove(index) => write!(f, "{rules}/{index}/move"),
            Self::SampleCertificate(index) => write!(f, "{rules}/{index}/sampleCertificate"),
            Self::SubaccountLogs(path) => path.below(settings::LOGS, f),
            Self::EmailCertificate(alias) => {
                write!(f, "{}/{}", settings::EMAIL_CERTIFICATES, segment(alias))
            }
            Self::Region(host) => {
                write!(f, "{}/{}", settings::REGIONS, segment(&host.to_string()))
            }
            Self::MonitoringUser(name) => write!(f, "{}/{name}", operators::MONITORING_USERS),
            Self::MonitoringUsers
            | Self::Common
            | Self::PpSettings
            | Self::SubjectRules
            | Self::Logs
            | Self::History
            | Self::Alerting
            | Self::Heartbeat
            | Self::AlertRules
            | Self::Email
            | Self::EmailTruststore
            | Self::EmailCertificates
            | Self::Webhooks
            | Self::Syslog
            | Self::AvailableCipherSuites
            | Self::CipherSuites
            | Self::Tunnel
            | Self::Regions => f.write_str(self.template()),
        }
    }
}

/// Why operators cannot log on by LDAP.
const LDAP: &str = "there is no LDAP: operators are known by their certificates; those of your \
                    organisation's CAs get roles by rules (connector/organisation)";

/// Why a documented address answers 501, whatever the method; `segments` stand behind the version.
pub(super) fn absent(segments: &[&str]) -> Option<Refusal> {
    let reason = match segments {
        ["configuration", "connector", "authentication", "ldap", ..] => LDAP,
        ["configuration", "connector", "solutionManagement", ..] => {
            "there is no connection to SAP Solution Manager; use the metrics and the events"
        }
        _ => return None,
    };
    Some(Refusal::not_implemented(reason))
}

/// The same behind the second version of the API, which has nothing but LDAP.
pub(super) fn absent_newer(segments: &[&str]) -> Option<Refusal> {
    let ldap = segments.starts_with(&["configuration", "connector", "authentication"]);
    ldap.then(|| Refusal::not_implemented(LDAP))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{CONFIGURATION, Target};
    use super::*;

    const CONNECTOR: &str = "/api/v1/configuration/connector";
    const TRACES: &str = "/logAndTrace/subaccounts/gate:1/0190a5a2-6d0e-7cc0-8000-000000000001";
    /// Path behind `/connector`, methods.
    const PATHS: &[(&str, &str)] = &[
        ("", "GET, PUT"),
        ("/onPremises/ppSettings", "GET, PUT, PATCH"),
        ("/onPremises/subjectPatternRules", "GET, POST"),
        ("/onPremises/subjectPatternRules/0", "GET, PUT, DELETE"),
        ("/onPremises/subjectPatternRules/100/move", "POST"),
        ("/onPremises/subjectPatternRules/1/sampleCertificate", "GET"),
        ("/logAndTrace", "GET, PATCH"),
        (TRACES, "GET, PATCH"),
        ("/alerting", "GET, PUT, PATCH"),
        ("/heartbeat", "GET, PUT, PATCH"),
        ("/alertRules", "GET, PUT, PATCH"),
        ("/email", "GET, PUT, PATCH"),
        ("/email/truststore", "GET"),
        ("/email/truststore/certificates", "GET, POST, DELETE"),
        ("/email/truststore/certificates/my%20ca", "GET, DELETE"),
        ("/webhooks", "GET, PUT"),
        ("/syslog", "GET, PUT"),
        ("/ui/cipherSuites", "GET, POST, DELETE"),
        ("/history", "GET, PUT, PATCH"),
        ("/tunnel", "GET, PUT, PATCH"),
        ("/monitoringUsers", "GET, POST"),
        ("/monitoringUsers/prom", "GET, PUT, DELETE"),
        ("/regions", "GET, POST"),
        ("/regions/gate.example.com:8443", "GET, DELETE"),
    ];

    /// All of them.
    pub(in super::super) fn paths() -> Vec<String> {
        let below = PATHS.iter().map(|(path, _)| format!("{CONNECTOR}{path}"));
        let beside = format!("{CONFIGURATION}/availableCipherSuites");
        below.chain([beside]).collect()
    }

    #[test]
    fn addresses_lead_there_and_back() {
        for path in paths() {
            assert_eq!(Target::parse(&path).unwrap().to_string(), path);
        }
        for (path, methods) in PATHS {
            let target = Target::parse(&format!("{CONNECTOR}{path}")).unwrap();
            let all = format!("{}, OPTIONS", methods.replace("GET", "GET, HEAD"));
            assert_eq!(target.allow(), all, "{path}");
        }
        let old = format!("{CONNECTOR}/onPremise/ppSettings");
        let same = Target::Connector(ConnectorTarget::PpSettings);
        assert_eq!(Target::parse(&old), Ok(same));
    }

    #[test]
    fn wrong_names_are_named_and_what_is_not_there_says_why() {
        for (path, status, field) in [
            ("/onPremises/subjectPatternRules/101", 400, Some("index")),
            ("/onPremises/subjectPatternRules/-1", 400, Some("index")),
            ("/onPremises/subjectPatternRules/+1", 400, Some("index")),
            ("/onPremises/subjectPatternRules/0/other", 404, None),
            ("/regions/a%20b", 400, Some("regionHost")),
            ("/logAndTrace/subaccounts/gate/7", 400, Some("subaccount")),
            ("/ha/master", 404, None),
            ("/ha/shadow/state/other", 404, None),
            ("/authentication/ldap", 501, None),
            ("/authentication/other", 404, None),
            ("/solutionManagement/registrationFile", 501, None),
            ("/other", 404, None),
        ] {
            let refusal = Target::parse(&format!("{CONNECTOR}{path}")).unwrap_err();
            assert_eq!(refusal.status, status, "{path}");
            assert_eq!(refusal.body.field.as_deref(), field, "{path}");
        }
        let newer = "/api/v2/configuration/connector";
        for (path, status) in [
            ("/authentication", 501),
            ("/authentication/ldap/servers/1/move", 501),
            ("/ha/master/config", 404),
            ("/solutionManagement", 404),
            ("", 404),
        ] {
            let refusal = Target::parse(&format!("{newer}{path}")).unwrap_err();
            assert_eq!(refusal.status, status, "{path}");
            assert_eq!(status == 501, refusal.body.message.contains("no LDAP"));
        }
    }
}
