//! Keys of the agent's own certificates: of several kinds, made here or brought by an operator.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, DnValue, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, RsaKeySize, SanType,
    SignatureAlgorithm,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use underpass_shared::pki::alt_name::AltName;
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::pki::dn::{Attribute, DistinguishedName};
use underpass_shared::secret::Secret;

use super::authority::Lifetime;

/// How long certificates are good that the agent signs for itself.
const SELF_SIGNED_VALID: Duration = Duration::from_secs(365 * 86_400);
/// The name of an e-mail address in a subject (PKCS #9).
const EMAIL: &[u64] = &[1, 2, 840, 113_549, 1, 9, 1];

/// What kind of key is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyType {
    /// ECDSA on the curve P-256: the safest choice where the other end knows it.
    #[default]
    EcdsaP256,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 4096 bits.
    Rsa4096,
}

/// Why a key cannot be made, read or used.
#[derive(Debug, Error)]
pub enum OwnKeyError {
    /// The text holds no key.
    #[error("there is no private key: it must be PEM, as PKCS #8, PKCS #1 or SEC1")]
    Missing,
    /// The key is encrypted.
    #[error(
        "the private key is encrypted; import it as PKCS #12, or decrypt it before: openssl pkey -in FILE"
    )]
    Encrypted,
    /// A kind of key that cannot be used, or a damaged one.
    #[error(
        "the private key cannot be used: it must be RSA with at least 2048 bits, ECDSA P-256, P-384 or P-521, or Ed25519"
    )]
    Kind(#[source] rcgen::Error),
    /// The library refused.
    #[error("cannot make a key, request or certificate")]
    Rcgen(#[from] rcgen::Error),
    /// Out of the range of certificates.
    #[error("cannot make a certificate of this time")]
    Time(#[from] super::PkiError),
}

/// What a request or certificate says of its subject.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Whose it is.
    pub name: DistinguishedName,
    /// By which other names.
    pub alt_names: Vec<AltName>,
}

/// A private key of one of the agent's certificates.
#[derive(Debug)]
pub struct OwnKey {
    pair: KeyPair,
    pem: Secret,
}

impl OwnKey {
    /// A fresh key. RSA takes up to seconds.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn generate(kind: KeyType) -> Result<Self, OwnKeyError> {
        let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
        let pair = match kind {
            KeyType::EcdsaP256 => KeyPair::generate()?,
            KeyType::Rsa2048 => rsa(RsaKeySize::_2048)?,
            KeyType::Rsa4096 => rsa(RsaKeySize::_4096)?,
        };
        let pem = Secret::new(pair.serialize_pem());
        Ok(Self { pair, pem })
    }

    /// Reads the first private key of a PEM text.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub fn from_pem(text: &Secret) -> Result<Self, OwnKeyError> {
        let text = text.expose();
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(OwnKeyError::Encrypted);
        }
        let Ok(der) = PrivateKeyDer::from_pem_slice(text.as_bytes()) else {
            return Err(OwnKeyError::Missing);
        };
        let pair = KeyPair::try_from(&der).map_err(OwnKeyError::Kind)?;
        let pem = block(text).ok_or(OwnKeyError::Missing)?;
        Ok(Self { pair, pem })
    }

    /// Reads a PKCS #8 key.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, OwnKeyError> {
        let pair = KeyPair::try_from(der).map_err(OwnKeyError::Kind)?;
        let pem = Secret::new(pair.serialize_pem());
        Ok(Self { pair, pem })
    }

    /// The key as PEM.
    pub const fn pem(&self) -> &Secret {
        &self.pem
    }

    /// Its subject public key info: what certificates of it carry.
    pub fn public(&self) -> Vec<u8> {
        self.pair.subject_public_key_info()
    }

    /// A certificate request, PEM.
    ///
    /// # Errors
    /// When signing fails.
    pub fn request(
        &self,
        subject: &Subject,
        for_use: CertificateUse,
    ) -> Result<String, OwnKeyError> {
        let params = params(subject, for_use)?;
        let request = match for_use {
            // What a request may ask for has no constraints in this library.
            CertificateUse::PpCa => with_ca_wish(params).serialize_request(&self.pair),
            CertificateUse::System | CertificateUse::Ui => params.serialize_request(&self.pair),
        };
        Ok(request?.pem()?)
    }

    /// A certificate that this key signs for itself, PEM; good for a year.
    ///
    /// # Errors
    /// When signing fails.
    pub fn self_signed(
        &self,
        subject: &Subject,
        for_use: CertificateUse,
        now_ms: i64,
    ) -> Result<String, OwnKeyError> {
        let mut params = params(subject, for_use)?;
        if for_use == CertificateUse::PpCa {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        } else {
            params.is_ca = IsCa::ExplicitNoCa;
        }
        let valid = SELF_SIGNED_VALID;
        Lifetime { now_ms, valid }.set(&mut params)?;
        Ok(params.self_signed(&self.pair)?.pem())
    }

    /// A certificate for the key of a user, signed by this key, whose own certificate is `ca` (DER);
    /// DER.
    ///
    /// # Errors
    /// When signing fails.
    pub fn user(
        &self,
        ca: &[u8],
        user: &Self,
        subject: &Subject,
        lifetime: Lifetime,
    ) -> Result<Vec<u8>, OwnKeyError> {
        // Users are clients, as the agent itself is.
        let mut params = params(subject, CertificateUse::System)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        lifetime.set(&mut params)?;
        let issuer = Issuer::from_ca_cert_der(&CertificateDer::from(ca), &self.pair)?;
        let signed = params.signed_by(&user.pair, &issuer)?;
        Ok(signed.der().to_vec())
    }

    /// With which algorithm it signs.
    pub fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.pair.algorithm()
    }
}

/// The PEM block of the first private key.
fn block(text: &str) -> Option<Secret> {
    const END: &str = "PRIVATE KEY-----";
    let start = text.match_indices("-----BEGIN ").find(|(at, _)| {
        let line = text.get(*at..).and_then(|rest| rest.lines().next());
        line.is_some_and(|line| line.trim_end().ends_with(END))
    });
    let rest = text.get(start?.0..)?;
    let end = rest.find("-----END ")?;
    let close = rest.get(end..)?.find(END)? + END.len();
    Some(Secret::new(format!("{}\n", rest.get(..end + close)?)))
}

fn params(subject: &Subject, for_use: CertificateUse) -> Result<CertificateParams, OwnKeyError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    // In certificates the most general part stands first.
    for (attribute, value) in subject.name.parts().iter().rev() {
        let (kind, value) = match attribute {
            Attribute::CommonName => (DnType::CommonName, value.as_str().into()),
            Attribute::Locality => (DnType::LocalityName, value.as_str().into()),
            Attribute::Organization => (DnType::OrganizationName, value.as_str().into()),
            Attribute::OrganizationalUnit => {
                (DnType::OrganizationalUnitName, value.as_str().into())
            }
            Attribute::State => (DnType::StateOrProvinceName, value.as_str().into()),
            Attribute::Country => {
                let code = value.to_ascii_uppercase();
                let code = DnValue::PrintableString(code.as_str().try_into()?);
                (DnType::CountryName, code)
            }
            Attribute::Email => {
                let address = DnValue::Ia5String(value.as_str().try_into()?);
                (DnType::CustomDnType(EMAIL.to_vec()), address)
            }
        };
        params.distinguished_name.push(kind, value);
    }
    for name in &subject.alt_names {
        params.subject_alt_names.push(match name {
            AltName::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
            AltName::Ip(address) => SanType::IpAddress(*address),
            AltName::Email(address) => SanType::Rfc822Name(address.as_str().try_into()?),
            AltName::Uri(uri) => SanType::URI(uri.as_str().try_into()?),
        });
    }
    let leaf = vec![KeyUsagePurpose::DigitalSignature];
    let (usages, purposes) = match for_use {
        CertificateUse::System => (leaf, vec![ExtendedKeyUsagePurpose::ClientAuth]),
        CertificateUse::Ui => (leaf, vec![ExtendedKeyUsagePurpose::ServerAuth]),
        CertificateUse::PpCa => (vec![KeyUsagePurpose::KeyCertSign], vec![]),
    };
    params.key_usages = usages;
    params.extended_key_usages = purposes;
    Ok(params)
}

/// Asks for a certificate that may sign others: basicConstraints with the CA flag (RFC 5280
/// section 4.2.1.9), as DER.
fn with_ca_wish(mut params: CertificateParams) -> CertificateParams {
    const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
    const CA: &[u8] = &[0x30, 0x03, 0x01, 0x01, 0xff];
    let mut wish = CustomExtension::from_oid_content(BASIC_CONSTRAINTS, CA.to_vec());
    wish.set_criticality(true);
    params.custom_extensions.push(wish);
    params
}
