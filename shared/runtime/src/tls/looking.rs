//! A look at the certificate that a server shows. The connection never comes up.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::CertificateError;
use rustls_pki_types::CertificateDer;
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
        let mut seen = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(server.leaf.clone().into_owned());
        Err(CertificateError::ApplicationVerificationFailure.into())
    }
}
