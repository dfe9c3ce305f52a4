//! Which certificates of back ends are trusted, as the API shows and takes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::Flag;
use crate::config::{Alias, BackendTrust, Certificate, TrustedCertificate};

/// A trusted certificate as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustedShown {
    /// Its name.
    pub alias: Alias,
    /// Whose it is.
    #[serde(rename = "subjectDN")]
    pub subject_dn: String,
    /// Who issued it.
    pub issuer: String,
    /// Start of validity, milliseconds UTC.
    pub not_before_time_stamp: i64,
    /// End of validity, milliseconds UTC.
    pub not_after_time_stamp: i64,
    /// Whether it may issue others; if not, it stands for itself only.
    pub ca: bool,
}

impl TrustedShown {
    /// Shows an entry.
    pub fn show(entry: &TrustedCertificate) -> Self {
        let summary = entry.certificate.summary();
        Self {
            alias: entry.alias.clone(),
            subject_dn: summary.subject,
            issuer: summary.issuer,
            not_before_time_stamp: summary.not_before_ms,
            not_after_time_stamp: summary.not_after_ms,
            ca: summary.ca,
        }
    }
}

/// The trust store as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TruststoreShown {
    /// Whether certificates are not checked at all. Dangerous.
    pub trust_all_backends: bool,
    /// The entries.
    pub trusted_backends: Vec<TrustedShown>,
}

impl TruststoreShown {
    /// Shows the trust store.
    pub fn show(trust: &BackendTrust) -> Self {
        let entries = trust.certificates().iter();
        Self {
            trust_all_backends: trust.trust_all_backends(),
            trusted_backends: entries.map(TrustedShown::show).collect(),
        }
    }
}

/// A change of the trust store.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TruststoreInput {
    /// Whether certificates are not checked at all. Dangerous.
    pub trust_all_backends: Flag,
}

/// A certificate to trust.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustedInput {
    /// Its name.
    pub alias: Alias,
    /// The certificate as PEM.
    pub certificate: Certificate,
}
