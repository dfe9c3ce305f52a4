//! A server certificate that is exchanged while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{Credential, TlsError, certificates, provider};
use crate::pki::PkiError;

/// The certificate that new handshakes get; connections that are up keep theirs.
#[derive(Debug)]
pub struct LiveCertificate(RwLock<Arc<CertifiedKey>>);

impl LiveCertificate {
    /// Begins with a certificate and its key, of any kind that TLS knows.
    ///
    /// # Errors
    /// When they do not parse or do not belong together.
    pub fn new(credential: Credential<'_>) -> Result<Self, TlsError> {
        Ok(Self(RwLock::new(certified(credential)?)))
    }

    /// Exchanges the certificate; on failure the old one stays.
    ///
    /// # Errors
    /// When the new ones do not parse or do not belong together.
    pub fn replace(&self, credential: Credential<'_>) -> Result<(), TlsError> {
        let new = certified(credential)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

impl LiveCertificate {
    pub(super) fn present(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for LiveCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.present())
    }
}

fn certified(credential: Credential<'_>) -> Result<Arc<CertifiedKey>, TlsError> {
    let (chain, key) = parsed(credential)?;
    // Checks that key and certificate belong together.
    let certified = CertifiedKey::from_der(chain, key, &provider())?;
    Ok(Arc::new(certified))
}

/// The certificates and the key of a credential.
pub(super) fn parsed(
    credential: Credential<'_>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), PkiError> {
    let key = PrivateKeyDer::from_pem_slice(credential.key.as_bytes());
    let key = key.map_err(|_wrong| PkiError::Pem {
        what: "private key",
    })?;
    Ok((certificates(credential.chain)?, key))
}
