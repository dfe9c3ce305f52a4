//! Private keys and what is made with the key alone: requests and proofs.

use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData as _};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use super::PkiError;

/// An ECDSA P-256 private key.
#[derive(Debug)]
pub struct PrivateKey(pub(super) KeyPair);

impl PrivateKey {
    /// A fresh key.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn generate() -> Result<Self, PkiError> {
        Ok(Self(KeyPair::generate()?))
    }

    /// Reads a PKCS#8 PEM key.
    ///
    /// # Errors
    /// When it is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, PkiError> {
        Ok(Self(KeyPair::from_pem(pem)?))
    }

    /// The key as PKCS#8 PEM. Secret.
    pub fn to_pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// SHA-256 of the subject public key info: the name of this key.
    pub fn spki_hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.subject_public_key_info()).into()
    }

    /// A PKCS#10 request for this key, as PEM. It carries no names: the issuer gives them.
    ///
    /// # Errors
    /// When signing fails.
    pub fn request(&self) -> Result<String, PkiError> {
        self.named_request("underpass")
    }

    /// Proof that one holds this key: a request whose common name is the hash of what is proven.
    ///
    /// # Errors
    /// When signing fails.
    pub fn proof(&self, statement: &[u8; 32]) -> Result<String, PkiError> {
        self.named_request(&hex(statement))
    }

    fn named_request(&self, name: &str) -> Result<String, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(params.serialize_request(&self.0)?.pem()?)
    }

    /// The key in the form that TLS wants.
    ///
    /// # Errors
    /// Never for a key of this type; the signature follows the parser's.
    pub fn to_der(&self) -> Result<PrivateKeyDer<'static>, PkiError> {
        PrivateKeyDer::from_pem_slice(self.to_pem().as_bytes()).map_err(|_wrong| PkiError::Pem {
            what: "private key",
        })
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
