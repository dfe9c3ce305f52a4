//! TLS with the cipher suites that are chosen now, made ready once per choice.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use underpass_runtime::tls::{ByName, ClientAuthorities, OldestTls, TlsError};
use underpass_shared::config::CipherSuites;

/// What handshakes are made with.
pub(super) struct LiveTls {
    own: ClientAuthorities,
    certificates: Arc<ByName>,
    oldest: OldestTls,
    present: Mutex<(CipherSuites, Arc<ServerConfig>)>,
}

impl LiveTls {
    /// With the suites of the start.
    pub(super) fn new(
        own: ClientAuthorities,
        certificates: Arc<ByName>,
        oldest: OldestTls,
        suites: CipherSuites,
    ) -> Result<Self, TlsError> {
        let config = own.server(Arc::clone(&certificates), oldest, &suites)?;
        Ok(Self {
            own,
            certificates,
            oldest,
            present: Mutex::new((suites, config)),
        })
    }

    /// The configuration for these suites.
    pub(super) fn of(&self, suites: &CipherSuites) -> Result<Arc<ServerConfig>, TlsError> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.0 != *suites {
            let certificates = Arc::clone(&self.certificates);
            let config = self.own.server(certificates, self.oldest, suites)?;
            *present = (suites.clone(), config);
        }
        Ok(Arc::clone(&present.1))
    }
}
