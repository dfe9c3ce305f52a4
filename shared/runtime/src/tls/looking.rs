//! A look at the certificate that a server shows. The connection never comes up.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::CertificateError;
use rustls_pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use underpass_shared::protocol::role::Role;

use super::judge::{Judge, Server};
use crate::pki;

/// The certificate that a server showed, whoever it is.
#[derive(Clone, Debug, Default)]
pub struct Presented(Arc<Mutex<Option<CertificateDer<'static>>>>);

impl Presented {
    /// Whose it is, who issued it and when it ends, in one sentence; nothing if none came.
    pub fn describe(&self) -> Option<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_deref().map(pki::describe)
    }

    /// Its SHA-256; nothing if none came.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map(|leaf| Sha256::digest(leaf).into())
    }

    fn note(&self, leaf: &CertificateDer<'_>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(leaf.clone().into_owned());
    }
}

/// Notes the certificate and refuses it.
#[derive(Debug)]
pub(super) struct Looking(Presented);

impl Looking {
    pub(super) fn new(seen: &Presented) -> Self {
        Self(seen.clone())
    }

    /// What a server of ours and any other will talk about.
    pub(super) fn protocols(role: Role) -> Vec<Vec<u8>> {
        vec![role.alpn().to_vec(), b"h2".to_vec(), b"http/1.1".to_vec()]
    }
}

impl Judge for Looking {
    fn judge(&self, server: &Server<'_>) -> Result<(), rustls::Error> {
        self.0.note(server.leaf);
        Err(CertificateError::ApplicationVerificationFailure.into())
    }
}

/// Believes the server with one certificate of its own, whoever issued it, and notes what it showed.
#[derive(Debug)]
pub(super) struct PinnedLeaf {
    fingerprint: [u8; 32],
    seen: Presented,
}

impl PinnedLeaf {
    pub(super) fn new(fingerprint: &[u8; 32], seen: &Presented) -> Self {
        Self {
            fingerprint: *fingerprint,
            seen: seen.clone(),
        }
    }
}

impl Judge for PinnedLeaf {
    fn judge(&self, server: &Server<'_>) -> Result<(), rustls::Error> {
        self.seen.note(server.leaf);
        if Sha256::digest(server.leaf).ct_eq(&self.fingerprint).into() {
            return Ok(());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }
}
