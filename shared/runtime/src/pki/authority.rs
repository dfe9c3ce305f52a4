//! A certificate authority: makes itself, signs servers and agents.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType,
};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use underpass_shared::pki::identity::AgentIdentity;
use underpass_shared::pki::operator::OperatorIdentity;

use super::key::hex;
use super::{CertificateInfo, PkiError, PrivateKey};

/// Certificates start this long before now, for clocks that lag.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Bytes of an uncompressed point of P-256.
const P256_POINT_LEN: usize = 65;
/// Bytes (DER) of the shortest RSA public key with a modulus of 2,048 bits.
const RSA_2048_LEN: usize = 266;

/// From when and for how long a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Now, milliseconds UTC.
    pub now_ms: i64,
    /// How long from now.
    pub valid: Duration,
}

impl Lifetime {
    pub(super) fn set(self, params: &mut CertificateParams) -> Result<(), PkiError> {
        let at = |ms: i64| {
            OffsetDateTime::from_unix_timestamp(ms / 1_000).map_err(|_range| PkiError::Certificate)
        };
        let now = at(self.now_ms)?;
        params.not_before = now - CLOCK_TOLERANCE;
        params.not_after = now + self.valid;
        Ok(())
    }
}

/// A certificate authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    /// Makes a new authority called `name`; answers it with its private key, which is secret.
    ///
    /// # Errors
    /// When the key cannot be made or used.
    pub fn create(name: &str, lifetime: Lifetime) -> Result<(Self, PrivateKey), PkiError> {
        let key = PrivateKey::generate()?;
        Ok((Self::of_key(name, lifetime, &key)?, key))
    }

    /// Makes the certificate of an authority that has its key already. What trusts another
    /// certificate of the same name and key trusts this authority too.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub fn of_key(name: &str, lifetime: Lifetime, key: &PrivateKey) -> Result<Self, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        lifetime.set(&mut params)?;
        let certificate = params.self_signed(&key.0)?.pem();
        Self::load(&certificate, key)
    }

    /// Loads an authority from its certificate and key.
    ///
    /// # Errors
    /// When they do not parse, or do not belong together: what it signed then nobody would trust.
    pub fn load(certificate: &str, key: &PrivateKey) -> Result<Self, PkiError> {
        if CertificateInfo::from_pem(certificate)?.spki_hash != key.spki_hash() {
            return Err(PkiError::Apart);
        }
        let key = KeyPair::from_pem(&key.to_pem())?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_pem(certificate, key)?,
            certificate: certificate.to_owned(),
        })
    }

    /// The authority's own certificate as PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Signs a server certificate for host names and IP addresses; answers PEM.
    ///
    /// # Errors
    /// When a name is no host name.
    pub fn server(
        &self,
        names: &[&str],
        key: &PrivateKey,
        lifetime: Lifetime,
    ) -> Result<String, PkiError> {
        let mut params = CertificateParams::default();
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(ip) => SanType::IpAddress(ip),
                Err(_name) => SanType::DnsName((*name).try_into()?),
            });
        }
        let common_name = names.first().copied().unwrap_or("underpass");
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        lifetime.set(&mut params)?;
        leaf_key_usage(&mut params);
        Ok(params.signed_by(&key.0, &self.issuer)?.pem())
    }

    /// Signs an agent's client certificate for the key of a PKCS#10 request; answers PEM.
    ///
    /// Nothing but the key is taken from the request.
    ///
    /// # Errors
    /// When the request does not parse, its signature is wrong or its key is of another kind.
    pub fn agent(
        &self,
        request: &str,
        identity: &AgentIdentity,
        lifetime: Lifetime,
    ) -> Result<String, PkiError> {
        let request = parse_request(request)?;
        let name = identity.instance.to_string();
        self.client(&request, &identity.to_string(), &name, lifetime)
    }

    /// Signs an operator's client certificate for the key of a PKCS#10 request; answers PEM.
    ///
    /// Nothing but the key is taken from the request.
    ///
    /// # Errors
    /// When the request does not parse, its signature is wrong or its key is too weak.
    pub fn operator(
        &self,
        request: &str,
        identity: OperatorIdentity,
        lifetime: Lifetime,
    ) -> Result<String, PkiError> {
        let request = CertificateSigningRequestParams::from_pem(request)?;
        if !is_strong(&request) {
            return Err(PkiError::WeakKey);
        }
        let name = identity.0.to_string();
        self.client(&request, &identity.to_string(), &name, lifetime)
    }

    fn client(
        &self,
        request: &CertificateSigningRequestParams,
        uri: &str,
        name: &str,
        lifetime: Lifetime,
    ) -> Result<String, PkiError> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(uri.try_into()?)];
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        lifetime.set(&mut params)?;
        leaf_key_usage(&mut params);
        let certificate: Certificate = params.signed_by(&request.public_key, &self.issuer)?;
        Ok(certificate.pem())
    }
}

/// SHA-256 of the public key of a PKCS#10 request whose signature holds.
///
/// # Errors
/// When the request does not parse or its signature is wrong.
pub fn request_key_hash(request: &str) -> Result<[u8; 32], PkiError> {
    let request = parse_request(request)?;
    Ok(Sha256::digest(request.public_key.subject_public_key_info()).into())
}

/// Whether `proof` was made by the key of `certificate` over `statement`; see [`PrivateKey::proof`].
pub fn proof_holds(proof: &str, certificate: &CertificateInfo, statement: &[u8; 32]) -> bool {
    let Ok(request) = parse_request(proof) else {
        return false;
    };
    let key: [u8; 32] = Sha256::digest(request.public_key.subject_public_key_info()).into();
    let name = request.params.distinguished_name.get(&DnType::CommonName);
    let stated = matches!(name, Some(rcgen::DnValue::Utf8String(name)) if *name == hex(statement));
    key == certificate.spki_hash && stated
}

fn parse_request(request: &str) -> Result<CertificateSigningRequestParams, PkiError> {
    let request = CertificateSigningRequestParams::from_pem(request)?;
    if *request.public_key.algorithm() != rcgen::PKCS_ECDSA_P256_SHA256 {
        return Err(PkiError::KeyKind);
    }
    Ok(request)
}

/// Whether a key is of a kind that scripts and smart cards have, and long enough.
fn is_strong(request: &CertificateSigningRequestParams) -> bool {
    let (kind, len) = (
        request.public_key.algorithm(),
        request.public_key.der_bytes().len(),
    );
    if *kind == rcgen::PKCS_ECDSA_P256_SHA256 {
        return len == P256_POINT_LEN;
    }
    *kind == rcgen::PKCS_ED25519 || (*kind == rcgen::PKCS_RSA_SHA256 && len >= RSA_2048_LEN)
}

fn leaf_key_usage(params: &mut CertificateParams) {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn now() -> Lifetime {
        Lifetime {
            now_ms: crate::clock::wall_ms(),
            valid: DAY,
        }
    }

    #[test]
    fn an_agent_certificate_carries_the_identity_that_the_issuer_gives() {
        let (authority, _key) = Authority::create("test", now()).unwrap();
        let identity: AgentIdentity = "underpass://agent/0190a5a2-6d0e-7cc0-8000-000000000001/0190a5a2-6d0e-7cc0-8000-000000000002".parse().unwrap();
        let key = PrivateKey::generate().unwrap();
        let pem = authority
            .agent(&key.request().unwrap(), &identity, now())
            .unwrap();
        let info = CertificateInfo::from_pem(&pem).unwrap();
        assert_eq!(info.identity, Some(identity));
        assert_eq!(info.spki_hash, key.spki_hash());
        assert!(info.renew_at_ms() < info.not_after_ms);
    }

    #[test]
    fn an_operator_certificate_names_the_operator() {
        let (authority, _key) = Authority::create("test", now()).unwrap();
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap();
        let key = PrivateKey::generate().unwrap();
        let request = key.request().unwrap();
        let pem = authority
            .operator(&request, OperatorIdentity(id), now())
            .unwrap();
        let info = CertificateInfo::from_pem(&pem).unwrap();
        assert_eq!(info.operator, Some(OperatorIdentity(id)));
        assert_eq!(info.identity, None);
        assert_eq!(info.spki_hash, key.spki_hash());
        let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        for (key, fits) in [(ed25519, true), (p384, false)] {
            let request = CertificateParams::default()
                .serialize_request(&key)
                .unwrap();
            let signed = authority.operator(&request.pem().unwrap(), OperatorIdentity(id), now());
            assert_eq!(signed.is_ok(), fits);
        }
    }

    #[test]
    fn a_proof_holds_for_its_key_and_statement_only() {
        let (authority, _key) = Authority::create("test", now()).unwrap();
        let key = PrivateKey::generate().unwrap();
        let pem = authority.server(&["localhost"], &key, now()).unwrap();
        let info = CertificateInfo::from_pem(&pem).unwrap();
        let proof = key.proof(&[7; 32]).unwrap();
        assert!(proof_holds(&proof, &info, &[7; 32]));
        assert!(!proof_holds(&proof, &info, &[8; 32]));
        let other = PrivateKey::generate().unwrap().proof(&[7; 32]).unwrap();
        assert!(!proof_holds(&other, &info, &[7; 32]));
    }

    #[test]
    fn a_tampered_request_is_refused() {
        let request = PrivateKey::generate().unwrap().request().unwrap();
        assert!(request_key_hash(&request).is_ok());
        let tampered = request.replacen("MIH", "MIG", 1);
        assert!(request_key_hash(&tampered).is_err());
        assert!(request_key_hash("").is_err());
    }
}
