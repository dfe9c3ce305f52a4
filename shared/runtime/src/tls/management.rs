//! The listening side of an agent's management API: the certificate by server name, the client's
//! certificate if it has one.

use std::sync::Arc;
use std::time::Duration;

use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, UnixTime};
use underpass_shared::config::{Certificate, CipherSuites};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::server::finish;
use super::{LiveCertificate, TlsError, provider, provider_of, roots};

/// The oldest version of TLS that a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldestTls {
    /// For old automation.
    Tls12,
    /// As it should be.
    Tls13,
}

/// Which certificate is shown: one for a certain server name, another for every other and for none.
#[derive(Debug)]
pub struct ByName {
    /// The server name that asks for [`Self::own`].
    pub name: String,
    /// What is shown for it.
    pub own: Arc<LiveCertificate>,
    /// What is shown else.
    pub other: Arc<LiveCertificate>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let own = |name: &str| name.eq_ignore_ascii_case(&self.name);
        Some(if hello.server_name().is_some_and(own) {
            self.own.present()
        } else {
            self.other.present()
        })
    }
}

/// Whether a CA of somebody else issued the first certificate of a chain, expressly for clients, and
/// both are valid at `at_ms` (UTC).
pub fn vouches(authority: &Certificate, chain: &[CertificateDer<'_>], at_ms: i64) -> bool {
    let Some((leaf, intermediates)) = chain.split_first() else {
        return false;
    };
    if !is_for_clients(leaf) {
        return false;
    }
    // What is trusted is not asked for its own time by the library.
    let own = authority.summary();
    if !(own.not_before_ms..=own.not_after_ms).contains(&at_ms) {
        return false;
    }
    let authority = CertificateDer::from(authority.der());
    let (Ok(anchor), Ok(leaf)) = (
        anchor_from_trusted_cert(&authority),
        EndEntityCert::try_from(leaf),
    ) else {
        return false;
    };
    let anchors = [anchor];
    let path = leaf.verify_for_usage(
        provider().signature_verification_algorithms.all,
        &anchors,
        intermediates,
        at(at_ms),
        KeyUsage::client_auth(),
        None,
        None,
    );
    path.is_ok()
}

/// Whether a certificate says so itself. CAs above it need not.
fn is_for_clients(leaf: &CertificateDer<'_>) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else {
        return false;
    };
    let usage = parsed.extended_key_usage().ok().flatten();
    usage.is_some_and(|usage| usage.value.client_auth)
}

fn at(at_ms: i64) -> UnixTime {
    let since = Duration::from_millis(u64::try_from(at_ms).unwrap_or(0));
    UnixTime::since_unix_epoch(since)
}

/// Certificate authorities whose client certificates count.
#[derive(Clone, Debug)]
pub struct ClientAuthorities(Arc<dyn ClientCertVerifier>);

impl ClientAuthorities {
    /// The authorities of a bundle (PEM).
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn new(bundle: &str) -> Result<Self, TlsError> {
        let builder = WebPkiClientVerifier::builder_with_provider(roots(bundle)?, provider());
        // Who shows none is told so in an answer.
        Ok(Self(builder.allow_unauthenticated().build()?))
    }

    /// The same with other CAs, for handshakes: who may do what is decided behind them. A CA that
    /// cannot be used lets nobody in and is in nobody's way.
    ///
    /// # Errors
    /// When one of the bundle cannot be used.
    pub fn with_others(bundle: &str, others: &[&Certificate]) -> Result<Self, TlsError> {
        let mut store = RootCertStore::clone(&*roots(bundle)?);
        let others = others.iter().map(|one| CertificateDer::from(one.der()));
        store.add_parsable_certificates(others);
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider());
        Ok(Self(builder.allow_unauthenticated().build()?))
    }

    /// Whether one of them issued the first certificate of a chain to a client, at `at_ms` (UTC).
    pub fn issued(&self, chain: &[CertificateDer<'_>], at_ms: i64) -> bool {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return false;
        };
        let verified = self.0.verify_client_cert(leaf, intermediates, at(at_ms));
        verified.is_ok()
    }

    /// A server that shows certificates by name and asks for one of these authorities.
    ///
    /// # Errors
    /// When no suite fits a version; the signature follows the library's.
    pub fn server(
        &self,
        certificates: Arc<ByName>,
        oldest: OldestTls,
        suites: &CipherSuites,
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let versions: &[_] = match oldest {
            OldestTls::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
            OldestTls::Tls13 => &[&rustls::version::TLS13],
        };
        let mut config = ServerConfig::builder_with_provider(provider_of(suites.as_slice()))
            .with_protocol_versions(versions)?
            .with_client_cert_verifier(Arc::clone(&self.0))
            .with_cert_resolver(certificates);
        config.require_ems = true;
        Ok(finish(config, vec![b"http/1.1".to_vec()]))
    }
}
