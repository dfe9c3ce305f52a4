//! What back ends see that ask who calls.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::tls::live::parsed;
use crate::tls::{Credential, TlsError, provider};

/// A client certificate with its key. It is shown to every back end that asks for one, whichever
/// issuers that names: some name none, or not the one that they believe.
#[derive(Clone, Debug)]
pub struct ClientIdentity(Arc<CertifiedKey>);

impl ClientIdentity {
    /// Takes a certificate and its key, of any kind that TLS knows. The caller has made sure that
    /// they belong together: the library could not, since it reads no certificates of X.509
    /// version 1, which CAs of companies still issue and back ends believe.
    ///
    /// # Errors
    /// When they do not parse.
    pub fn new(credential: Credential<'_>) -> Result<Self, TlsError> {
        let (chain, key) = parsed(credential)?;
        let key = provider().key_provider.load_private_key(key)?;
        Ok(Self(Arc::new(CertifiedKey::new(chain, key))))
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}
