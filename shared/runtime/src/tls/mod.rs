//! TLS configurations: the only home of versions, suites and verifiers.
//!
//! No session is ever resumed: resumption would skip the verification of certificates.

mod backend;
mod client;
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
pub use management::{ByName, ClientAuthorities, OldestTls};
pub use server::{ServerStream, ServerTls, without_client_certificate};

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use thiserror::Error;

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
