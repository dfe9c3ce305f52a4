//! Why TLS with a back end did not start, in words that may be shown to the caller.

use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, OtherError};
use thiserror::Error;

/// Why a back end's certificate is not believed. The sentences name no internal address.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CertificateRefused {
    /// The trust store is empty.
    #[error(
        "untrusted certificate: the trust store is empty; add the CA of the back end, with `underpass-agent trust add`"
    )]
    NothingTrusted,
    /// No way leads from the certificate to an entry of the trust store.
    #[error(
        "untrusted certificate: neither the certificate nor one of its issuers is in the trust store; add the CA of the back end, with `underpass-agent trust add`"
    )]
    Untrusted,
    /// The time of the certificate or of an issuer is over.
    #[error("the certificate or one of its issuers is expired")]
    Expired,
    /// The time of the certificate or of an issuer has not come.
    #[error("the certificate or one of its issuers is not yet valid")]
    NotYetValid,
    /// It belongs to another host.
    #[error("name mismatch: the certificate is not for the host of this system mapping")]
    OtherName,
    /// It was not issued for servers.
    #[error("the certificate is not issued for servers (extended key usage)")]
    Purpose,
    /// It is a CA's own, which serves as a server's only if it is in the trust store itself.
    #[error("untrusted certificate: it is that of a CA, not of a server")]
    AuthorityAsServer,
    /// An issuer is no CA.
    #[error("untrusted certificate: one of its issuers is not allowed to issue certificates")]
    NotAuthority,
    /// An issuer may not issue for this name or at this depth.
    #[error("untrusted certificate: it breaks a constraint of one of its issuers")]
    Constraint,
    /// RSA below 2048 bits.
    #[error("the key of the certificate is too weak; RSA needs 2048 bits")]
    WeakKey,
    /// SHA-1 and the like, or RSA below 2048 bits in an issuer.
    #[error("the certificate is signed in a weak or unknown way, such as SHA-1 or a short RSA key")]
    WeakSignature,
    /// Version 1, or damaged.
    #[error("the certificate cannot be read; X.509 version 3 is needed")]
    Unreadable,
}

impl From<CertificateRefused> for rustls::Error {
    fn from(refused: CertificateRefused) -> Self {
        CertificateError::Other(OtherError(Arc::new(refused))).into()
    }
}

impl From<webpki::Error> for CertificateRefused {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library may add errors")]
    fn from(error: webpki::Error) -> Self {
        use webpki::Error as E;
        match error {
            E::CertExpired { .. } | E::InvalidCertValidity => Self::Expired,
            E::CertNotValidYet { .. } => Self::NotYetValid,
            E::CertNotValidForName(_) => Self::OtherName,
            E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => Self::Purpose,
            E::CaUsedAsEndEntity => Self::AuthorityAsServer,
            E::EndEntityUsedAsCa => Self::NotAuthority,
            E::NameConstraintViolation
            | E::PathLenConstraintViolated
            | E::MalformedNameConstraint
            | E::InvalidNetworkMaskConstraint => Self::Constraint,
            E::UnsupportedSignatureAlgorithmContext(_)
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::WeakSignature,
            E::UnknownIssuer | E::InvalidSignatureForPublicKey => Self::Untrusted,
            // The rest says that something does not parse or is too much to be looked at.
            _ => Self::Unreadable,
        }
    }
}

/// Why TLS with a back end did not start.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TlsFailure {
    /// Its certificate is not believed.
    #[error(transparent)]
    Certificate(#[from] CertificateRefused),
    /// Too old, or nothing in common.
    #[error("no common version or cipher of TLS; versions 1.2 and 1.3 are spoken")]
    NothingInCommon,
    /// It speaks something else on this port.
    #[error("the back end does not speak TLS on this port")]
    NotTls,
    /// The connection broke, or the back end refused.
    #[error("the TLS handshake failed")]
    Handshake,
}

impl TlsFailure {
    /// Finds the reason in an error of [`connect`](super::BackendTls::connect).
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library may add errors")]
    pub fn of(error: &io::Error) -> Self {
        use rustls::Error as E;
        let inner = error.get_ref();
        let Some(error) = inner.and_then(|inner| inner.downcast_ref::<E>()) else {
            return Self::Handshake;
        };
        match error {
            E::InvalidCertificate(CertificateError::Other(OtherError(reason))) => {
                match reason.downcast_ref::<CertificateRefused>() {
                    Some(refused) => Self::Certificate(*refused),
                    None => Self::Handshake,
                }
            }
            E::InvalidCertificate(_) => CertificateRefused::Unreadable.into(),
            E::PeerIncompatible(_)
            | E::AlertReceived(
                AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity,
            ) => Self::NothingInCommon,
            E::InvalidMessage(_) => Self::NotTls,
            _ => Self::Handshake,
        }
    }
}
