//! Signatures under what shall not be changed later, by an Ed25519 key.

use rcgen::{KeyPair, PKCS_ED25519, SigningKey as _};
use rustls_pki_types::SignatureVerificationAlgorithm;
use underpass_shared::audit::{PublicKey, Signature};

use super::PkiError;

/// A private key that signs.
#[derive(Debug)]
pub struct SignatureKey {
    pair: KeyPair,
    public: PublicKey,
}

impl SignatureKey {
    /// A fresh key.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn generate() -> Result<Self, PkiError> {
        Self::of(KeyPair::generate_for(&PKCS_ED25519)?)
    }

    /// Reads a PKCS#8 PEM key.
    ///
    /// # Errors
    /// When it is no Ed25519 key.
    pub fn from_pem(pem: &str) -> Result<Self, PkiError> {
        Self::of(KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_ED25519)?)
    }

    fn of(pair: KeyPair) -> Result<Self, PkiError> {
        let public = pair.public_key_raw().try_into();
        let public = PublicKey::new(public.or(Err(PkiError::KeyKind))?);
        Ok(Self { pair, public })
    }

    /// The key as PKCS#8 PEM. Secret.
    pub fn to_pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// What others check signatures with.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs some bytes.
    ///
    /// # Errors
    /// When the cryptographic library refuses.
    pub fn sign(&self, bytes: &[u8]) -> Result<Signature, PkiError> {
        let signature = self.pair.sign(bytes)?;
        let signature = signature.as_slice().try_into();
        Ok(Signature::new(signature.or(Err(PkiError::KeyKind))?))
    }
}

/// Whether a signature over some bytes is good.
pub fn is_signed(key: &PublicKey, bytes: &[u8], signature: &Signature) -> bool {
    let algorithm: &dyn SignatureVerificationAlgorithm = webpki::aws_lc_rs::ED25519;
    let verified = algorithm.verify_signature(key.as_bytes(), bytes, signature.as_bytes());
    verified.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signed_bytes_and_the_right_key_pass() {
        let key = SignatureKey::generate().unwrap();
        let again = SignatureKey::from_pem(&key.to_pem()).unwrap();
        assert_eq!(again.public(), key.public());
        let signature = again.sign(b"bytes").unwrap();
        assert!(is_signed(&key.public(), b"bytes", &signature));
        assert!(!is_signed(&key.public(), b"bytez", &signature));
        let other = SignatureKey::generate().unwrap();
        assert!(!is_signed(&other.public(), b"bytes", &signature));
        let wrong = super::super::PrivateKey::generate().unwrap();
        assert!(SignatureKey::from_pem(&wrong.to_pem()).is_err());
    }
}
