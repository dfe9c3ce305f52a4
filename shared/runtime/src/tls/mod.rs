//! TLS configurations: the only home of versions, suites and verifiers.
//!
//! No session is ever resumed: resumption would skip the verification of certificates.

mod backend;
mod client;
mod judge;
mod live;
mod looking;
mod management;
mod server;

pub use backend::{
    BackendTls, CertificateRefused, ClientIdentity, TlsFailure, TrustStore, may_issue,
};
pub use client::ClientTls;
pub use live::LiveCertificate;
pub use looking::Presented;
pub use management::{ByName, ClientAuthorities, OldestTls, vouches};
pub use server::{ServerStream, ServerTls, without_client_certificate};

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use thiserror::Error;
use underpass_shared::config::CipherSuite;

use crate::pki::PkiError;

/// A TLS configuration that cannot be made.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A key or certificate does not parse.
    #[error("a key or certificate cannot be used for TLS")]
    Pki(#[from] PkiError),
    /// rustls refuses the combination.
    #[error("TLS refuses the configuration")]
    Rustls(#[from] rustls::Error),
    /// No usable trust anchor.
    #[error("no usable CA certificate to verify the other end with")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// A key with its certificate chain, both PEM.
#[derive(Clone, Copy, Debug)]
pub struct Credential<'a> {
    /// The certificate, then its issuers.
    pub chain: &'a str,
    /// The PKCS#8 private key.
    pub key: &'a str,
}

/// Bytes that TLS takes in one write: more than a batch of the tunnel, so that a batch leaves as one
/// system call. The tunnel's own limits say how much waits.
const WRITE_MAX: usize = 512 * 1024;

fn provider() -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // AES-128 first: as safe as we need and the fastest where the processor knows AES.
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    Arc::new(provider)
}

/// What TLS is made of where only some suites are to be taken.
fn provider_of(suites: &[CipherSuite]) -> Arc<CryptoProvider> {
    let mut provider = CryptoProvider::clone(&provider());
    provider.cipher_suites.retain(|one| {
        let mut names = suites.iter().map(|suite| registered(*suite));
        names.any(|name| name == one.suite())
    });
    Arc::new(provider)
}

const fn registered(suite: CipherSuite) -> rustls::CipherSuite {
    use rustls::CipherSuite as Registered;
    match suite {
        CipherSuite::Aes128 => Registered::TLS13_AES_128_GCM_SHA256,
        CipherSuite::Aes256 => Registered::TLS13_AES_256_GCM_SHA384,
        CipherSuite::ChaCha20 => Registered::TLS13_CHACHA20_POLY1305_SHA256,
        CipherSuite::EcdsaAes128 => Registered::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::EcdsaAes256 => Registered::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::EcdsaChaCha20 => Registered::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        CipherSuite::RsaAes128 => Registered::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::RsaAes256 => Registered::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::RsaChaCha20 => Registered::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, PkiError> {
    let what = "certificate";
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match parsed {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) | Err(_) => Err(PkiError::Pem { what }),
    }
}

/// Checks that a text holds CA certificates that can be trusted.
///
/// # Errors
/// When one does not parse, or there is none.
pub fn check_bundle(pem: &str) -> Result<(), TlsError> {
    roots(pem).map(drop)
}

fn roots(pem: &str) -> Result<Arc<rustls::RootCertStore>, TlsError> {
    let mut store = rustls::RootCertStore::empty();
    for certificate in certificates(pem)? {
        store.add(certificate)?;
    }
    Ok(Arc::new(store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suite_of_ours_is_one_of_the_library_and_the_other_way_round() {
        let all = provider_of(&CipherSuite::ALL).cipher_suites.len();
        assert_eq!(all, provider().cipher_suites.len());
        for suite in CipherSuite::ALL {
            let chosen = provider_of(&[suite]).cipher_suites.clone();
            assert_eq!(chosen.len(), 1, "{suite:?}");
            let is_tls13 = chosen.iter().all(|one| one.tls13().is_some());
            assert_eq!(is_tls13, suite.is_tls13(), "{suite:?}");
            let name = serde_json::to_value(suite).unwrap();
            let registered = format!("{:?}", registered(suite)).replace("TLS13_", "TLS_");
            assert_eq!(name, registered.as_str());
        }
    }
}
