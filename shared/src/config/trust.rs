//! Which certificates of back ends are trusted.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::invalid::Invalid;
use super::limits::{ALIAS_LEN_MAX, CERTIFICATE_LEN_MAX, TRUSTED_CERTIFICATES_MAX};
use crate::id::serde_as_text;
use crate::pki::{alt_name, dn};
use crate::schema::{PLAIN, schema, schema_like};

/// Characters of a line of PEM (RFC 7468).
const PEM_LINE: usize = 64;

/// The name of a trusted certificate, for people and for commands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias(Arc<str>);

/// A text that is no alias.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("alias must have 1 to {ALIAS_LEN_MAX} characters of A-Z a-z 0-9 . _ -")]
pub struct InvalidAlias(());

impl Alias {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Alias {
    type Err = InvalidAlias;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !fits || !(1..=ALIAS_LEN_MAX).contains(&text.len()) {
            return Err(InvalidAlias(()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

serde_as_text!(Alias);
schema!(Alias = {
    "type": "string",
    "pattern": PLAIN,
    "minLength": 1,
    "maxLength": ALIAS_LEN_MAX,
});

/// One X.509 certificate, written as PEM. Text around the PEM block is dropped when it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(Arc<[u8]>);

/// A text that is not one certificate.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidCertificate {
    /// No block, or one that does not decode.
    #[error(
        "certificate must be PEM: -----BEGIN CERTIFICATE-----, base64, -----END CERTIFICATE-----"
    )]
    Pem,
    /// Another kind of block, such as a key.
    #[error("certificate must be a PEM block of the kind CERTIFICATE")]
    Kind,
    /// More than one block.
    #[error("certificate must be a single one; add the certificates of a bundle one by one")]
    Several,
    /// The inside is no certificate.
    #[error("certificate is not X.509")]
    X509,
    /// Too long.
    #[error("certificate must have at most {CERTIFICATE_LEN_MAX} bytes")]
    TooLong,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Start of validity, milliseconds UTC.
    pub not_before_ms: i64,
    /// End of validity, milliseconds UTC.
    pub not_after_ms: i64,
    /// SHA-256 of the whole certificate.
    pub fingerprint: [u8; 32],
    /// Whether it may issue others.
    pub ca: bool,
    /// Its number, hexadecimal with colons.
    pub serial_number: String,
    /// Its alternative names, each as type and value.
    pub alt_names: Vec<(&'static str, String)>,
    /// The kind and size of its key, such as `RSA 2048`.
    pub key: String,
}

impl Certificate {
    /// Takes DER.
    ///
    /// # Errors
    /// When it is too long or not exactly one certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidCertificate> {
        if der.len() > CERTIFICATE_LEN_MAX {
            return Err(InvalidCertificate::TooLong);
        }
        match X509Certificate::from_der(der) {
            Ok(([], _)) => Ok(Self(der.into())),
            Ok(_) | Err(_) => Err(InvalidCertificate::X509),
        }
    }

    /// Takes the certificates of a PEM text, in their order. Text around the blocks is dropped.
    ///
    /// # Errors
    /// When there is none, a block is broken, of another kind or no certificate.
    pub fn list(text: &str) -> Result<Vec<Self>, InvalidCertificate> {
        let mut list = vec![];
        for block in Pem::iter_from_buffer(text.as_bytes()) {
            let block = block.or(Err(InvalidCertificate::Pem))?;
            if block.label != "CERTIFICATE" {
                return Err(InvalidCertificate::Kind);
            }
            list.push(Self::from_der(&block.contents)?);
        }
        if list.is_empty() {
            return Err(InvalidCertificate::Pem);
        }
        Ok(list)
    }

    /// The DER bytes.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// What it says of itself.
    ///
    /// # Panics
    /// Never: it was parsed when it was made.
    pub fn summary(&self) -> CertificateSummary {
        let (_, parsed) = X509Certificate::from_der(&self.0).expect("parsed when it was made");
        CertificateSummary {
            subject: dn::text(parsed.subject()),
            issuer: dn::text(parsed.issuer()),
            not_before_ms: parsed.validity().not_before.timestamp() * 1_000,
            not_after_ms: parsed.validity().not_after.timestamp() * 1_000,
            fingerprint: Sha256::digest(&self.0).into(),
            ca: parsed.is_ca(),
            serial_number: parsed.raw_serial_as_string(),
            alt_names: alt_name::of(&parsed),
            key: key_kind(parsed.public_key()),
        }
    }
}

/// The kind and size of a key, for people.
fn key_kind(key: &SubjectPublicKeyInfo<'_>) -> String {
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve
        .and_then(|one| one.as_oid().ok())
        .map(|oid| oid.to_id_string());
    match (key.parsed(), curve.as_deref()) {
        (Ok(PublicKey::RSA(rsa)), _) => format!("RSA {}", rsa.key_size()),
        (_, Some("1.2.840.10045.3.1.7")) => "ECDSA P-256".to_owned(),
        (_, Some("1.3.132.0.34")) => "ECDSA P-384".to_owned(),
        (_, Some("1.3.132.0.35")) => "ECDSA P-521".to_owned(),
        _ if key.algorithm.algorithm.to_id_string() == "1.3.101.112" => "Ed25519".to_owned(),
        _ => "of another kind".to_owned(),
    }
}

impl FromStr for Certificate {
    type Err = InvalidCertificate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut blocks = Pem::iter_from_buffer(text.as_bytes());
        let Some(Ok(block)) = blocks.next() else {
            return Err(InvalidCertificate::Pem);
        };
        if block.label != "CERTIFICATE" {
            return Err(InvalidCertificate::Kind);
        }
        if blocks.next().is_some() {
            return Err(InvalidCertificate::Several);
        }
        Self::from_der(&block.contents)
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("-----BEGIN CERTIFICATE-----\n")?;
        let text = STANDARD.encode(&self.0);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
            writeln!(f, "{line}")?;
            rest = after;
        }
        f.write_str("-----END CERTIFICATE-----\n")
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}

serde_as_text!(Certificate);
schema!(Certificate = {
    "type": "string",
    "format": "pem-certificate",
    "description": "One X.509 certificate as PEM.",
});

/// An entry of the trust store: a CA, or exactly one back end's own certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedCertificate {
    /// Its name.
    pub alias: Alias,
    /// The certificate.
    pub certificate: Certificate,
}

/// Trusted certificates, sorted by alias; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<TrustedCertificate>", into = "Vec<TrustedCertificate>")]
pub struct TrustedCertificates(Vec<TrustedCertificate>);

impl TryFrom<Vec<TrustedCertificate>> for TrustedCertificates {
    type Error = Invalid;

    /// Refuses too many certificates, and an alias or a certificate that occurs twice.
    fn try_from(mut certificates: Vec<TrustedCertificate>) -> Result<Self, Self::Error> {
        if certificates.len() > TRUSTED_CERTIFICATES_MAX {
            let rule = format!("at most {TRUSTED_CERTIFICATES_MAX} certificates are allowed");
            return Err(Invalid::new("certificates", rule));
        }
        certificates.sort_by(|a, b| a.alias.cmp(&b.alias));
        for (i, one) in certificates.iter().enumerate() {
            let others = certificates.get(i + 1..).unwrap_or_default();
            if others.first().is_some_and(|next| next.alias == one.alias) {
                let rule = format!("alias {} occurs twice", one.alias);
                return Err(Invalid::new("certificates", rule));
            }
            // Otherwise removing one of them would not end the trust.
            if let Some(same) = others.iter().find(|o| o.certificate == one.certificate) {
                let rule = format!("{} and {} are the same certificate", one.alias, same.alias);
                return Err(Invalid::new("certificates", rule));
            }
        }
        Ok(Self(certificates))
    }
}

schema_like!(TrustedCertificates = Vec<TrustedCertificate>);

impl From<TrustedCertificates> for Vec<TrustedCertificate> {
    fn from(certificates: TrustedCertificates) -> Self {
        certificates.0
    }
}

impl TrustedCertificates {
    /// All of them, sorted by alias.
    pub fn as_slice(&self) -> &[TrustedCertificate] {
        &self.0
    }

    pub(super) const fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which certificates of back ends are trusted; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, try_from = "Fields")]
pub struct BackendTrust {
    trust_all_backends: bool,
    certificates: TrustedCertificates,
}

/// Which certificates of back ends are trusted, before the checks.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(
    rename = "BackendTrust",
    description = "Which certificates of back ends are trusted."
)]
struct Fields {
    /// Whether every certificate is taken without any check. Dangerous.
    #[serde(default)]
    trust_all_backends: bool,
    /// The trusted certificates, each alias and each certificate once.
    #[serde(default)]
    #[schemars(length(max = TRUSTED_CERTIFICATES_MAX))]
    certificates: Vec<TrustedCertificate>,
}

impl TryFrom<Fields> for BackendTrust {
    type Error = Invalid;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        Self::new(fields.trust_all_backends, fields.certificates)
    }
}

schema_like!(BackendTrust = Fields);

impl BackendTrust {
    /// Refuses what [`TrustedCertificates`] refuse.
    ///
    /// # Errors
    /// Which rule is broken.
    pub fn new(
        trust_all_backends: bool,
        certificates: Vec<TrustedCertificate>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            trust_all_backends,
            certificates: certificates.try_into()?,
        })
    }

    /// Whether every certificate is taken without any check. Dangerous.
    pub const fn trust_all_backends(&self) -> bool {
        self.trust_all_backends
    }

    /// The trusted certificates, sorted by alias.
    pub fn certificates(&self) -> &[TrustedCertificate] {
        self.certificates.as_slice()
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
