//! Where SAP Cloud Connector's API has what.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::config::ChannelType;

/// What the version is asked by.
pub(super) const VERSION: &str = "/api/v1/connector/version";
/// How operators log on, in the newer form.
pub(super) const AUTHENTICATION: &str = "/api/v2/configuration/connector/authentication";
/// All subaccounts.
pub(super) const SUBACCOUNTS: &str = "/api/v1/configuration/subaccounts";
/// Subaccounts that the connector itself could not load.
pub(super) const CORRUPTED: &str = "/api/v1/configuration/subaccounts/corrupted";
/// What is asked of the connector as a whole, below [`connector`].
pub(super) const CONNECTOR: [&str; 12] = [
    "",
    "/proxy",
    "/authentication",
    "/ha/master/config",
    "/logAndTrace",
    "/auditLog",
    "/alerting",
    "/email",
    "/email/truststore",
    "/solutionManagement",
    "/ui/uiCertificate",
    "/ui/cipherSuites",
];
/// What is asked of the way to back ends, below [`on_premises`].
pub(super) const ON_PREMISES: [&str; 5] = [
    "truststore",
    "ppSettings",
    "subjectPatternRules",
    "systemCertificate",
    "ppCaCertificate",
];
/// What is asked of each subaccount beside itself, its mappings and its channels.
pub(super) const OF_SUBACCOUNT: [&str; 4] = ["trust", "trust/idps", "trust/apps", "domainMappings"];

/// What stands in one segment of an address as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A subaccount as the other side names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceSubaccount {
    /// The region's host.
    pub region_host: String,
    /// The id: a GUID, or a name in the oldest environment.
    pub subaccount: String,
}

impl fmt::Display for SourceSubaccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.subaccount, self.region_host)
    }
}

impl SourceSubaccount {
    fn tail(&self) -> String {
        format!(
            "{}/{}",
            segment(&self.region_host),
            segment(&self.subaccount)
        )
    }

    /// The subaccount itself.
    pub(super) fn path(&self) -> String {
        format!("{SUBACCOUNTS}/{}", self.tail())
    }

    /// Something below it.
    pub(super) fn below(&self, what: &str) -> String {
        format!("{}/{what}", self.path())
    }

    /// Its channels of one kind.
    pub(super) fn channels(&self, kind: ChannelType) -> String {
        self.below(&format!("channels/{kind}"))
    }

    /// Something below one of its mappings.
    pub(super) fn of_mapping(&self, host: &str, port: &str, what: &str) -> String {
        let address = segment(&format!("{host}:{port}"));
        self.below(&format!("systemMappings/{address}/{what}"))
    }

    /// What the connector keeps of it elsewhere.
    pub(super) fn setting(&self, what: &str) -> String {
        format!("{}/subaccounts/{}", connector(what), self.tail())
    }
}

/// Something of the connector as a whole.
pub(super) fn connector(what: &str) -> String {
    format!("/api/v1/configuration/connector{what}")
}

/// Something of the way to back ends; `old` as it was called before version 2.18.
pub(super) fn on_premises(what: &str, old: bool) -> String {
    let folder = if old { "onPremise" } else { "onPremises" };
    connector(&format!("/{folder}/{what}"))
}

/// One certificate of the trust store of back ends.
pub(super) fn trusted(alias: &str, old: bool) -> String {
    on_premises(&format!("truststore/certificates/{}", segment(alias)), old)
}

/// One certificate of the trust store of mail servers.
pub(super) fn trusted_mail(alias: &str) -> String {
    connector(&format!(
        "/email/truststore/certificates/{}",
        segment(alias)
    ))
}
