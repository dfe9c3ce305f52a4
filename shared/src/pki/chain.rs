//! What is asked of the agent's own certificates: their order, their strength, their use and time.

use std::fmt;

use thiserror::Error;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

use super::dn;
use crate::config::Certificate;
use crate::config::limits::CHAIN_LEN_MAX;

/// Bits of the shortest RSA key that counts as safe.
const RSA_BITS_MIN: usize = 2_048;
/// Signature algorithms that can be forged: MD2, MD5 and SHA-1 with RSA, DSA and ECDSA.
const WEAK_SIGNATURES: [&str; 6] = [
    "1.2.840.113549.1.1.2",
    "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.5",
    "1.3.14.3.2.29",
    "1.2.840.10040.4.3",
    "1.2.840.10045.4.1",
];

/// What one of the agent's certificates is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateUse {
    /// The agent shows it to back ends that ask for a client certificate.
    System,
    /// It signs the short-lived certificates that tell users to back ends.
    PpCa,
    /// The management API shows it.
    Ui,
}

impl CertificateUse {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::System, Self::PpCa, Self::Ui];

    /// As the document calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::PpCa => "ppCa",
            Self::Ui => "ui",
        }
    }
}

impl fmt::Display for CertificateUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system certificate",
            Self::PpCa => "CA certificate for principal propagation",
            Self::Ui => "certificate of the management API",
        })
    }
}

/// A chain that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChainError {
    /// There is none.
    #[error("there is no certificate")]
    Empty,
    /// Too many.
    #[error("there are more than {CHAIN_LEN_MAX} certificates")]
    TooMany,
    /// None of them is of the key.
    #[error("the key does not match: no certificate is of this private key")]
    OtherKey,
    /// One that did not issue any other.
    #[error("the certificate of {0:?} does not belong to the chain")]
    Unrelated(String),
    /// Out of order.
    #[error("the certificate of {0:?} did not issue the one before it")]
    Order(String),
    /// Too short a key.
    #[error(
        "the RSA key of {subject:?} is weak: it has {bits} bits, and at least {RSA_BITS_MIN} are needed"
    )]
    WeakKey {
        /// Whose.
        subject: String,
        /// How many bits it has.
        bits: usize,
    },
    /// A signature that can be forged.
    #[error("the certificate of {0:?} is weak: it is signed with SHA-1 or MD5")]
    WeakSignature(String),
    /// A CA that is none.
    #[error(
        "the certificate of {0:?} is not one of a CA: its CA flag or its key usage keyCertSign is missing"
    )]
    NotCa(String),
    /// For something else.
    #[error(
        "the certificate of {subject:?} may not be used as {for_use}: its extended key usage lacks {needed}"
    )]
    Purpose {
        /// Whose.
        subject: String,
        /// What it shall be used for.
        for_use: CertificateUse,
        /// What it lacks.
        needed: &'static str,
    },
    /// Of the first version of certificates.
    #[error(
        "the certificate of {0:?} is X.509 version 1, which clients refuse; have it issued as version 3, with alternative names"
    )]
    Version(String),
    /// Too old.
    #[error("the certificate of {subject:?} expired on {at}")]
    Expired {
        /// Whose.
        subject: String,
        /// When.
        at: String,
    },
    /// Too young.
    #[error(
        "the certificate of {subject:?} is not valid before {at}; is the clock of this host right?"
    )]
    NotYetValid {
        /// Whose.
        subject: String,
        /// When.
        at: String,
    },
}

/// Brings the certificates in order: the one of the key first, then issuer by issuer.
///
/// # Errors
/// When none is of the key, or one does not belong to the others.
pub fn ordered(key: &[u8], mut rest: Vec<Certificate>) -> Result<Vec<Certificate>, ChainError> {
    if rest.is_empty() {
        return Err(ChainError::Empty);
    }
    let mut seen: Vec<Certificate> = vec![];
    rest.retain(|one| {
        let new = !seen.contains(one);
        if new {
            seen.push(one.clone());
        }
        new
    });
    if rest.len() > CHAIN_LEN_MAX {
        return Err(ChainError::TooMany);
    }
    let of_key = |one: &Certificate| one.with(|parsed| parsed.public_key().raw == key);
    let first = rest.iter().position(of_key).ok_or(ChainError::OtherKey)?;
    let mut chain = vec![rest.remove(first)];
    while let Some(last) = chain.last() {
        let next = rest.iter().position(|one| issued(one, last));
        match next {
            Some(next) => chain.push(rest.remove(next)),
            None => break,
        }
    }
    match rest.first() {
        Some(other) => Err(ChainError::Unrelated(subject(other))),
        None => Ok(chain),
    }
}

/// The part of [`ordered`] that belongs to the key; what else a key store held is left out.
///
/// # Errors
/// When none is of the key, or too many are there.
pub fn of_key(key: &[u8], mut all: Vec<Certificate>) -> Result<Vec<Certificate>, ChainError> {
    loop {
        match ordered(key, all.clone()) {
            Err(ChainError::Unrelated(name)) => all.retain(|one| subject(one) != name),
            other => return other,
        }
    }
}

/// Checks what does not depend on the time.
///
/// # Errors
/// The first rule that is broken.
pub fn check(chain: &[Certificate], for_use: CertificateUse) -> Result<(), ChainError> {
    if chain.len() > CHAIN_LEN_MAX {
        return Err(ChainError::TooMany);
    }
    let (first, issuers) = chain.split_first().ok_or(ChainError::Empty)?;
    for (one, issuer) in chain.iter().zip(issuers) {
        if !issued(issuer, one) {
            return Err(ChainError::Order(subject(issuer)));
        }
    }
    chain.iter().try_for_each(|one| one.with(check_strength))?;
    first.with(|parsed| check_use(parsed, for_use))?;
    issuers.iter().try_for_each(|one| one.with(check_ca))
}

/// Checks the time, milliseconds UTC.
///
/// # Errors
/// Names the first certificate that is out of its time.
pub fn check_time(chain: &[Certificate], now_ms: i64) -> Result<(), ChainError> {
    chain.iter().try_for_each(|one| {
        one.with(|parsed| {
            let validity = parsed.validity();
            let now = now_ms.div_euclid(1_000);
            if now > validity.not_after.timestamp() {
                return Err(ChainError::Expired {
                    subject: dn::text(parsed.subject()),
                    at: validity.not_after.to_string(),
                });
            }
            if now < validity.not_before.timestamp() {
                return Err(ChainError::NotYetValid {
                    subject: dn::text(parsed.subject()),
                    at: validity.not_before.to_string(),
                });
            }
            Ok(())
        })
    })
}

/// Whether a certificate is of a key, given as its subject public key info.
pub fn is_of_key(certificate: &Certificate, key: &[u8]) -> bool {
    certificate.with(|parsed| parsed.public_key().raw == key)
}

fn subject(certificate: &Certificate) -> String {
    certificate.with(|parsed| dn::text(parsed.subject()))
}

fn issued(issuer: &Certificate, one: &Certificate) -> bool {
    issuer != one
        && issuer.with(|issuer| one.with(|one| one.issuer().as_raw() == issuer.subject().as_raw()))
}

fn check_strength(parsed: &X509Certificate<'_>) -> Result<(), ChainError> {
    let subject = || dn::text(parsed.subject());
    if let Ok(PublicKey::RSA(key)) = parsed.public_key().parsed() {
        let bits = key.key_size();
        if bits < RSA_BITS_MIN {
            let subject = subject();
            return Err(ChainError::WeakKey { subject, bits });
        }
    }
    // Nobody checks the signature that a root makes on itself.
    let own = parsed.subject().as_raw() == parsed.issuer().as_raw();
    let signature = parsed.signature_algorithm.algorithm.to_id_string();
    if !own && WEAK_SIGNATURES.contains(&signature.as_str()) {
        return Err(ChainError::WeakSignature(subject()));
    }
    Ok(())
}

fn check_use(parsed: &X509Certificate<'_>, for_use: CertificateUse) -> Result<(), ChainError> {
    if for_use == CertificateUse::Ui && parsed.version() != X509Version::V3 {
        return Err(ChainError::Version(dn::text(parsed.subject())));
    }
    let usage = parsed.extended_key_usage().ok().flatten();
    let usage = usage.map(|found| found.value).filter(|found| !found.any);
    let (fits, needed) = match for_use {
        CertificateUse::PpCa => return check_ca(parsed),
        CertificateUse::System => (usage.is_none_or(|found| found.client_auth), "clientAuth"),
        CertificateUse::Ui => (usage.is_none_or(|found| found.server_auth), "serverAuth"),
    };
    if fits {
        return Ok(());
    }
    Err(ChainError::Purpose {
        subject: dn::text(parsed.subject()),
        for_use,
        needed,
    })
}

/// Whether a certificate is one of a CA that may sign others.
///
/// # Errors
/// When it is not.
pub fn check_authority(certificate: &Certificate) -> Result<(), ChainError> {
    certificate.with(check_ca)
}

fn check_ca(parsed: &X509Certificate<'_>) -> Result<(), ChainError> {
    let may_sign = match parsed.key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Err(_) => false,
    };
    if parsed.is_ca() && may_sign {
        return Ok(());
    }
    Err(ChainError::NotCa(dn::text(parsed.subject())))
}

impl Certificate {
    /// Looks into it.
    fn with<T>(&self, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
        let parsed = X509Certificate::from_der(self.der());
        let (_, parsed) = parsed.expect("parsed when it was made");
        look(&parsed)
    }
}
