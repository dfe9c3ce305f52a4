//! The trust store: each entry counts as a CA if it is one, and as exactly the leaf that it is.

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::VerifiedPath;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};

/// What back ends' certificates are held against.
#[derive(Debug, Default)]
pub struct TrustStore {
    pub(super) all: bool,
    entries: Vec<CertificateDer<'static>>,
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// Of the anchor at the same place.
    limits: Vec<Limits>,
}

/// What a CA certificate says of itself beside name and key.
#[derive(Clone, Copy, Debug)]
struct Limits {
    not_before: i64,
    not_after: i64,
    path_len: Option<u32>,
}

impl TrustStore {
    /// Trusts these certificates (DER).
    pub fn new<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut store = Self::default();
        for der in certificates {
            let der = CertificateDer::from(der.to_vec());
            if let Some((anchor, limits)) = authority(&der) {
                store.anchors.push(anchor);
                store.limits.push(limits);
            }
            store.entries.push(der);
        }
        store
    }

    /// Trusts whatever a back end presents. Dangerous.
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether exactly this certificate is an entry.
    pub(super) fn holds(&self, leaf: &CertificateDer<'_>) -> bool {
        self.entries.iter().any(|entry| entry == leaf)
    }

    /// What the library does not ask of a path: that the CA at its end is in its time and allows
    /// the depth, and that those between may sign certificates.
    pub(super) fn check_path(
        &self,
        path: &VerifiedPath<'_>,
        time: UnixTime,
    ) -> Result<(), webpki::Error> {
        let mut depth = 0;
        for between in path.intermediate_certificates() {
            let der = between.der();
            let Ok((_, parsed)) = X509Certificate::from_der(&der) else {
                return Err(webpki::Error::BadDer);
            };
            if !may_sign(&parsed) {
                return Err(webpki::Error::EndEntityUsedAsCa);
            }
            depth += 1;
        }
        let ends = self.anchors.iter().zip(&self.limits);
        let mut result = Err(webpki::Error::UnknownIssuer);
        // The same CA may be there with an old and a renewed certificate: one good one is enough.
        for (_, limits) in ends.filter(|(anchor, _)| *anchor == path.anchor()) {
            result = limits.check(depth, time);
            if result.is_ok() {
                break;
            }
        }
        result
    }
}

impl Limits {
    fn check(self, depth: u32, time: UnixTime) -> Result<(), webpki::Error> {
        let seconds = |at: i64| {
            let at = u64::try_from(at).unwrap_or(0);
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(at))
        };
        let (not_before, not_after) = (seconds(self.not_before), seconds(self.not_after));
        if time < not_before {
            return Err(webpki::Error::CertNotValidYet { time, not_before });
        }
        if time > not_after {
            return Err(webpki::Error::CertExpired { time, not_after });
        }
        if self.path_len.is_some_and(|most| depth > most) {
            return Err(webpki::Error::PathLenConstraintViolated);
        }
        Ok(())
    }
}

/// Whether a certificate (DER) in the trust store lets others pass that it issued; otherwise it
/// stands for itself alone.
pub fn may_issue(der: &[u8]) -> bool {
    authority(&CertificateDer::from(der)).is_some()
}

fn authority(der: &CertificateDer<'_>) -> Option<(TrustAnchor<'static>, Limits)> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let constraints = parsed.basic_constraints().ok()??.value;
    let servers = match parsed.extended_key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.value.any || usage.value.server_auth,
        Err(_) => false,
    };
    let fits = parsed.version() == X509Version::V3 && constraints.ca && may_sign(&parsed);
    if !fits || !servers {
        return None;
    }
    let limits = Limits {
        not_before: parsed.validity().not_before.timestamp(),
        not_after: parsed.validity().not_after.timestamp(),
        path_len: constraints.path_len_constraint,
    };
    let anchor = webpki::anchor_from_trusted_cert(der).ok()?;
    Some((anchor.to_owned(), limits))
}

fn may_sign(certificate: &X509Certificate<'_>) -> bool {
    match certificate.key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Err(_) => false,
    }
}
