//! TLS with the cipher suites and CAs that are chosen now, made ready once per choice.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use underpass_runtime::tls::{ByName, ClientAuthorities, OldestTls, TlsError};
use underpass_shared::config::{CipherSuites, Connector, Organisation};

/// What handshakes are made with.
pub(super) struct LiveTls {
    /// The agent's identity as PEM.
    own: String,
    certificates: Arc<ByName>,
    oldest: OldestTls,
    present: Mutex<Present>,
}

/// A choice with what was made of it.
struct Present {
    suites: CipherSuites,
    organisation: Organisation,
    config: Arc<ServerConfig>,
}

impl LiveTls {
    /// With the settings of the start.
    pub(super) fn new(
        own: &str,
        certificates: Arc<ByName>,
        oldest: OldestTls,
        settings: &Connector,
    ) -> Result<Self, TlsError> {
        let present = Mutex::new(make(own, &certificates, oldest, settings)?);
        Ok(Self {
            own: own.to_owned(),
            certificates,
            oldest,
            present,
        })
    }

    /// The configuration for these settings.
    pub(super) fn of(&self, settings: &Connector) -> Result<Arc<ServerConfig>, TlsError> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let same = present.suites == settings.cipher_suites
            && present.organisation == settings.organisation;
        if !same {
            *present = make(&self.own, &self.certificates, self.oldest, settings)?;
        }
        Ok(Arc::clone(&present.config))
    }
}

fn make(
    own: &str,
    certificates: &Arc<ByName>,
    oldest: OldestTls,
    settings: &Connector,
) -> Result<Present, TlsError> {
    let (suites, organisation) = (&settings.cipher_suites, &settings.organisation);
    let others = organisation.authorities().iter();
    let others: Vec<_> = others.map(|one| &one.certificate).collect();
    let authorities = ClientAuthorities::with_others(own, &others)?;
    Ok(Present {
        config: authorities.server(Arc::clone(certificates), oldest, suites)?,
        suites: suites.clone(),
        organisation: organisation.clone(),
    })
}
