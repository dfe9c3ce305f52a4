//! What back ends see that ask who calls.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::tls::live::certified;
use crate::tls::{Credential, TlsError};

/// A client certificate with its key. It is shown to every back end that asks for one, whichever
/// issuers that names: some name none, or not the one that they believe.
#[derive(Clone, Debug)]
pub struct ClientIdentity(Arc<CertifiedKey>);

impl ClientIdentity {
    /// Takes a certificate and its key, of any kind that TLS knows.
    ///
    /// # Errors
    /// When they do not parse or do not belong together.
    pub fn new(credential: Credential<'_>) -> Result<Self, TlsError> {
        Ok(Self(certified(credential)?))
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}
