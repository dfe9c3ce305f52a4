//! The agent's own certificates, as the API shows and takes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::target::{CertificateTarget, Target};
use super::{Links, links};
use crate::config::{Certificate, OwnCertificate};
use crate::pki::alt_name::AltName;
use crate::pki::chain::CertificateUse;
use crate::pki::dn::DistinguishedName;
use crate::schema::schema;

/// Alternative names of one certificate; more would not fit into what servers take.
const ALT_NAMES_MAX: usize = 100;

/// An alternative name as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AltNameShown {
    /// `DNS`, `IP`, `RFC822` or `URI`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name.
    pub value: String,
}

/// One of the agent's certificates as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateShown {
    /// Whose it is.
    #[serde(rename = "subjectDN")]
    pub subject_dn: String,
    /// Who issued it.
    pub issuer: String,
    /// Start of validity, milliseconds UTC.
    pub not_before_time_stamp: i64,
    /// End of validity, milliseconds UTC.
    pub not_after_time_stamp: i64,
    /// Its number, hexadecimal with colons.
    pub serial_number: String,
    /// By which other names it goes.
    pub subject_alt_names: Vec<AltNameShown>,
    /// How many certificates the chain has, with this one.
    pub chain_length: usize,
    /// Whether a request waits for its certificate.
    pub request_pending: bool,
    /// Where it is.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl CertificateShown {
    /// Shows a certificate, if there is one.
    pub fn show(own: &OwnCertificate, one: CertificateUse) -> Option<Self> {
        let (chain, _key) = own.certificate()?;
        Self::of_chain(chain, own, one)
    }

    /// Shows a chain that is in use in place of one that somebody set.
    pub fn of_chain(
        chain: &[Certificate],
        own: &OwnCertificate,
        one: CertificateUse,
    ) -> Option<Self> {
        let summary = chain.first()?.summary();
        let name = |(kind, value): (&'static str, String)| AltNameShown {
            kind: kind.to_owned(),
            value,
        };
        Some(Self {
            subject_dn: summary.subject,
            issuer: summary.issuer,
            not_before_time_stamp: summary.not_before_ms,
            not_after_time_stamp: summary.not_after_ms,
            serial_number: summary.serial_number,
            subject_alt_names: summary.alt_names.into_iter().map(name).collect(),
            chain_length: chain.len(),
            request_pending: own.pending_key().is_some(),
            links: links([("self", Target::Certificates(CertificateTarget::Own(one)))]),
        })
    }
}

/// What is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CertificateOrigin {
    /// A certificate that its own key signs, at once in use.
    SelfSigned,
    /// A request for somebody else to sign; its key waits.
    Csr,
}

/// The size of a key: 256 is ECDSA P-256, more is RSA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Size", into = "u16")]
pub enum KeySize {
    /// ECDSA P-256.
    #[default]
    Ecdsa256,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 4096 bits.
    Rsa4096,
}

schema!(KeySize = {"enum": [256, 2048, 4096, "256", "2048", "4096"]});

#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Number(u64),
    Text(String),
}

impl TryFrom<Size> for KeySize {
    type Error = &'static str;

    fn try_from(size: Size) -> Result<Self, Self::Error> {
        let text = match size {
            Size::Number(number) => number.to_string(),
            Size::Text(text) => text,
        };
        match text.as_str() {
            "256" => Ok(Self::Ecdsa256),
            "2048" => Ok(Self::Rsa2048),
            "4096" => Ok(Self::Rsa4096),
            _ => Err("must be 256 (ECDSA), 2048 or 4096 (RSA)"),
        }
    }
}

impl From<KeySize> for u16 {
    fn from(size: KeySize) -> Self {
        match size {
            KeySize::Ecdsa256 => 256,
            KeySize::Rsa2048 => 2_048,
            KeySize::Rsa4096 => 4_096,
        }
    }
}

/// A certificate or request that is to be made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateInput {
    /// What is to be made.
    #[serde(rename = "type")]
    pub origin: CertificateOrigin,
    /// The size of its key.
    #[serde(default)]
    pub key_size: KeySize,
    /// Whose it is.
    #[serde(rename = "subjectDN")]
    pub subject_dn: DistinguishedName,
    /// By which other names it goes.
    #[serde(default)]
    #[schemars(length(max = ALT_NAMES_MAX))]
    pub subject_alt_names: Vec<AltName>,
}

impl CertificateInput {
    /// Checks what the types of the fields do not say.
    ///
    /// # Errors
    /// Too many alternative names.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.subject_alt_names.len() > ALT_NAMES_MAX {
            let rule = format!("at most {ALT_NAMES_MAX} names are allowed");
            return Err(Refusal::invalid("subjectAltNames", rule));
        }
        Ok(())
    }
}

/// The answer to a request, as PEM: the certificate, then its issuers.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedInput {
    /// The certificates.
    pub signed_certificate: String,
}

/// A certificate that comes with its private key: a key store, or both as PEM.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImportInput {
    /// A PKCS #12 key store, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkcs12: Option<String>,
    /// The password of the key store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The password of the key in it; the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_password: Option<String>,
    /// The certificate and its issuers, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The private key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn what_is_to_be_made_is_read_in_both_spellings() {
        let input = |more: &str| {
            let json = format!("{{\"type\":\"csr\",\"subjectDN\":\"CN=a\"{more}}}");
            read::<CertificateInput>(json.as_bytes())
        };
        assert_eq!(input("").unwrap().key_size, KeySize::Ecdsa256);
        assert_eq!(
            input(",\"keySize\":\"4096\"").unwrap().key_size,
            KeySize::Rsa4096
        );
        assert_eq!(
            input(",\"keySize\":2048").unwrap().key_size,
            KeySize::Rsa2048
        );
        for (more, field) in [
            (",\"keySize\":1024", "keySize"),
            (",\"other\":1", "other"),
            (
                ",\"subjectAltNames\":[{\"type\":\"IP\",\"value\":\"x\"}]",
                "subjectAltNames[0]",
            ),
        ] {
            let refusal = input(more).unwrap_err();
            assert_eq!(refusal.body.field.as_deref(), Some(field), "{more}");
        }
        let wrong =
            read::<CertificateInput>(b"{\"type\":\"csr\",\"subjectDN\":\"x\"}").unwrap_err();
        assert_eq!(wrong.body.field.as_deref(), Some("subjectDN"));
    }
}
