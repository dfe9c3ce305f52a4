//! A look at the certificate that a server shows. The connection never comes up.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use underpass_shared::protocol::role::Role;

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
pub(super) struct Looking {
    seen: Presented,
    schemes: Vec<SignatureScheme>,
}

impl Looking {
    pub(super) fn new(seen: &Presented) -> Self {
        let algorithms = super::provider().signature_verification_algorithms;
        Self {
            seen: seen.clone(),
            schemes: algorithms.supported_schemes(),
        }
    }

    /// What a server of ours and any other will talk about.
    pub(super) fn protocols(role: Role) -> Vec<Vec<u8>> {
        vec![role.alpn().to_vec(), b"h2".to_vec(), b"http/1.1".to_vec()]
    }
}

impl ServerCertVerifier for Looking {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(end_entity.clone().into_owned());
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
