//! Making and reading keys and certificates. Those between agents and gateways are ECDSA P-256.

mod authority;
mod certificate;
mod key;
mod own_key;
#[cfg(test)]
mod own_tests;
mod pkcs12;
mod signature;

pub use authority::{Authority, Lifetime, proof_holds, request_key_hash};
pub use certificate::{CertificateInfo, describe};
pub use key::PrivateKey;
pub use own_key::{KeyType, OwnKey, OwnKeyError, Subject};
pub use pkcs12::{Pkcs12Error, read as read_pkcs12};
pub use signature::{SignatureKey, is_signed};

use thiserror::Error;

/// A key, request or certificate that cannot be made, read or used.
#[derive(Debug, Error)]
pub enum PkiError {
    /// The cryptographic library refused.
    #[error("cannot make or read a key or certificate")]
    Rcgen(#[from] rcgen::Error),
    /// Not PEM, or not of the kind that belongs there.
    #[error("{what} is not valid PEM")]
    Pem {
        /// What was to be read.
        what: &'static str,
    },
    /// The certificate's inside does not parse.
    #[error("the certificate cannot be read")]
    Certificate,
    /// The certificate is of another key than the one beside it.
    #[error("the certificate and the private key do not belong together")]
    Apart,
    /// The request asks for a key that is not ECDSA P-256.
    #[error("the signing request must have an ECDSA P-256 key")]
    KeyKind,
    /// The request has a key that is too weak, or of a kind that is not known.
    #[error(
        "the signing request must have an ECDSA P-256, an Ed25519 or an RSA key of at least 2,048 bits (with SHA-256)"
    )]
    WeakKey,
}
