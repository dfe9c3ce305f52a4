//! The addresses of the agent's own certificates and of those it trusts.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::{certificates, connector};
use super::path::segment;
use crate::pki::chain::CertificateUse;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateTarget {
    /// One of the agent's own certificates.
    Own(CertificateUse),
    /// Which certificates of back ends are trusted.
    Truststore,
    /// The trusted certificates.
    Trusted,
    /// One of them.
    TrustedOne(String),
}

impl CertificateTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        let ["configuration", "connector", rest @ ..] = segments else {
            return None;
        };
        Some(Ok(match rest {
            ["ui", "uiCertificate"] => Self::Own(CertificateUse::Ui),
            ["onPremises" | "onPremise", rest @ ..] => match rest {
                ["systemCertificate"] => Self::Own(CertificateUse::System),
                ["ppCaCertificate"] => Self::Own(CertificateUse::PpCa),
                ["truststore"] => Self::Truststore,
                ["truststore", "certificates"] => Self::Trusted,
                ["truststore", "certificates", alias] => Self::TrustedOne((*alias).to_owned()),
                _ => return None,
            },
            _ => return None,
        }))
    }

    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Own(CertificateUse::Ui) => certificates::UI,
            Self::Own(CertificateUse::System) => certificates::SYSTEM,
            Self::Own(CertificateUse::PpCa) => certificates::PP_CA,
            Self::Truststore => connector::TRUSTSTORE,
            Self::Trusted => connector::TRUSTED_CERTIFICATES,
            Self::TrustedOne(_) => connector::TRUSTED_CERTIFICATE,
        }
    }
}

impl fmt::Display for CertificateTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrustedOne(alias) => {
                write!(f, "{}/{}", connector::TRUSTED_CERTIFICATES, segment(alias))
            }
            Self::Own(_) | Self::Truststore | Self::Trusted => f.write_str(self.template()),
        }
    }
}
