//! The table of addresses: what each path means and which methods it takes.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::error::Refusal;
use super::operations::{Operation, agent, audit, certificates, connector, history, subaccounts};
use super::resource_id;
use crate::host::VirtualAddress;
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

/// The methods that the API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// As it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

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
    /// All subaccounts.
    Subaccounts,
    /// One subaccount.
    Subaccount(SubaccountPath),
    /// Whether its tunnel is to be open.
    State(SubaccountPath),
    /// Its system mappings.
    Mappings(SubaccountPath),
    /// One system mapping.
    Mapping(SubaccountPath, VirtualAddress),
    /// The resources of a system mapping.
    Resources(SubaccountPath, VirtualAddress),
    /// One resource, by its decoded id.
    Resource(SubaccountPath, VirtualAddress, String),
}

impl Target {
    /// Reads the path of a request.
    ///
    /// # Errors
    /// 404 where nothing has this path, 400 where a name in it is wrong.
    pub fn parse(path: &str) -> Result<Self, Refusal> {
        let unknown = || Refusal::not_found(format!("there is nothing at {path}"));
        let decode = |segment: &str| {
            let decoded = percent_decode_str(segment).decode_utf8();
            decoded.map(|text| text.into_owned()).or(Err(unknown()))
        };
        let rest = path.strip_prefix("/api/v1/").ok_or_else(unknown)?;
        let segments: Result<Vec<String>, Refusal> = rest.split('/').map(decode).collect();
        let segments = segments?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["connector", "version"] => Ok(Self::Version),
            ["openapi.json"] => Ok(Self::OpenApi),
            ["status"] => Ok(Self::Status),
            ["auditLog", "records"] => Ok(Self::AuditRecords),
            ["auditLog", "records.csv"] => Ok(Self::AuditCsv),
            ["auditLog", "records.jsonl"] => Ok(Self::AuditLines),
            ["auditLog", "verification"] => Ok(Self::AuditVerification),
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
            ["revisions", number, "undo"] => return Some(revision(number).map(Self::Undo)),
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
            ["subaccounts"] => Self::Subaccounts,
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
        let invalid = |field: &str, rule: String| Some(Err(Refusal::invalid(field, rule)));
        let path = match SubaccountPath::parse(region_host, subaccount) {
            Ok(path) => path,
            Err(refusal) => return Some(Err(refusal)),
        };
        let (address, rest) = match rest {
            [] => return Some(Ok(Self::Subaccount(path))),
            ["state"] => return Some(Ok(Self::State(path))),
            ["systemMappings"] => return Some(Ok(Self::Mappings(path))),
            ["systemMappings", address, rest @ ..] => (address, rest),
            _ => return None,
        };
        let address = match address.parse() {
            Ok(address) => address,
            Err(rule) => return invalid("virtualHost:virtualPort", format!("{rule}")),
        };
        match rest {
            [] => Some(Ok(Self::Mapping(path, address))),
            ["resources"] => Some(Ok(Self::Resources(path, address))),
            ["resources", id] => match resource_id::decode(id) {
                Ok(id) => Some(Ok(Self::Resource(path, address, id))),
                Err(rule) => invalid("id", format!("{rule}")),
            },
            _ => None,
        }
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
            Self::Subaccounts => subaccounts::SUBACCOUNTS,
            Self::Subaccount(_) => subaccounts::SUBACCOUNT,
            Self::State(_) => subaccounts::STATE,
            Self::Mappings(_) => subaccounts::MAPPINGS,
            Self::Mapping(..) => subaccounts::MAPPING,
            Self::Resources(..) => subaccounts::RESOURCES,
            Self::Resource(..) => subaccounts::RESOURCE,
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

impl fmt::Display for SubaccountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.region_host.to_string();
        write!(
            f,
            "{CONFIGURATION}/subaccounts/{}/{}",
            segment(&host),
            self.subaccount
        )
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let truststore = format_args!("{CONFIGURATION}/connector/onPremises/truststore");
        match self {
            Self::Version => f.write_str("/api/v1/connector/version"),
            Self::OpenApi => f.write_str("/api/v1/openapi.json"),
            Self::Status => f.write_str("/api/v1/status"),
            Self::Document => write!(f, "{CONFIGURATION}/document"),
            Self::Revisions => write!(f, "{CONFIGURATION}/revisions"),
            Self::Revision(number) => write!(f, "{CONFIGURATION}/revisions/{number}"),
            Self::Undo(number) => write!(f, "{CONFIGURATION}/revisions/{number}/undo"),
            Self::Proxy => write!(f, "{CONFIGURATION}/connector/proxy"),
            Self::Truststore => write!(f, "{truststore}"),
            Self::TrustedCertificates => write!(f, "{truststore}/certificates"),
            Self::TrustedCertificate(alias) => {
                write!(f, "{truststore}/certificates/{}", segment(alias))
            }
            Self::AuditLog
            | Self::AuditRecords
            | Self::AuditCsv
            | Self::AuditLines
            | Self::AuditVerification => f.write_str(self.template()),
            Self::SubaccountAuditLog(path) => {
                let host = path.region_host.to_string();
                let (host, id) = (segment(&host), path.subaccount);
                write!(f, "{}/subaccounts/{host}/{id}", audit::AUDIT_LOG)
            }
            Self::OwnCertificate(_) => f.write_str(self.template()),
            Self::Subaccounts => write!(f, "{CONFIGURATION}/subaccounts"),
            Self::Subaccount(path) => write!(f, "{path}"),
            Self::State(path) => write!(f, "{path}/state"),
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
        }
    }
}

#[cfg(test)]
mod tests;
