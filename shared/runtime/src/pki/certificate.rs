//! Reading certificates: validity, key and identity. Verification stays with rustls.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use underpass_shared::pki::identity::AgentIdentity;
use underpass_shared::pki::operator::OperatorIdentity;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::PkiError;

/// What we need to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// Start of validity, milliseconds UTC.
    pub not_before_ms: i64,
    /// End of validity, milliseconds UTC.
    pub not_after_ms: i64,
    /// SHA-256 of the subject public key info.
    pub spki_hash: [u8; 32],
    /// SHA-256 of the whole certificate.
    pub fingerprint: [u8; 32],
    /// The agent identity in its URI name, if it has one.
    pub identity: Option<AgentIdentity>,
    /// The operator's identity in its URI name, if it has one.
    pub operator: Option<OperatorIdentity>,
}

impl CertificateInfo {
    /// Reads a DER certificate.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        let Ok((_rest, certificate)) = X509Certificate::from_der(der) else {
            return Err(PkiError::Certificate);
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        let uris: Vec<&str> = names
            .filter_map(|name| {
                if let GeneralName::URI(uri) = name {
                    Some(*uri)
                } else {
                    None
                }
            })
            .collect();
        let validity = certificate.validity();
        Ok(Self {
            not_before_ms: validity.not_before.timestamp() * 1_000,
            not_after_ms: validity.not_after.timestamp() * 1_000,
            spki_hash: Sha256::digest(certificate.public_key().raw).into(),
            fingerprint: Sha256::digest(der).into(),
            identity: uris.iter().find_map(|uri| uri.parse().ok()),
            operator: uris.iter().find_map(|uri| uri.parse().ok()),
        })
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn from_pem(pem: &str) -> Result<Self, PkiError> {
        let Ok(der) = CertificateDer::from_pem_slice(pem.as_bytes()) else {
            return Err(PkiError::Pem {
                what: "certificate",
            });
        };
        Self::from_der(&der)
    }

    /// When a certificate is renewed: at half of its life.
    pub fn renew_at_ms(&self) -> i64 {
        self.not_before_ms + (self.not_after_ms - self.not_before_ms) / 2
    }
}

/// Whose a DER certificate is, who issued it and when it ends, for people.
pub fn describe(der: &[u8]) -> String {
    match X509Certificate::from_der(der) {
        Ok((_rest, found)) => format!(
            "the certificate is of \"{}\", issued by \"{}\", valid from {} to {}",
            found.subject(),
            found.issuer(),
            found.validity().not_before,
            found.validity().not_after
        ),
        Err(_) => "the certificate cannot be read".to_owned(),
    }
}
