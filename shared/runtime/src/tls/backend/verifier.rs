//! Whether a back end is believed: by an issuer in the trust store, or by being in it itself.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use super::leaf::{Leaf, constrains_names};
use super::refused::CertificateRefused as Refused;
use super::store::TrustStore;

#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) store: Arc<TrustStore>,
    pub(super) name_by_common_name: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// What a certificate is presented with.
struct Presented<'a> {
    leaf: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
    host: &'a ServerName<'a>,
    now: UnixTime,
}

impl Verifier {
    fn check(&self, presented: &Presented<'_>) -> Result<(), Refused> {
        if self.store.all {
            return Ok(());
        }
        if self.store.is_empty() {
            return Err(Refused::NothingTrusted);
        }
        let leaf = Leaf::parse(presented.leaf)?;
        let certificate = EndEntityCert::try_from(presented.leaf)?;
        leaf.check_key()?;
        let pinned = self.store.holds(presented.leaf);
        if pinned {
            leaf.check_time(presented.now)?;
            leaf.check_purpose()?;
        } else {
            self.path(presented, &certificate, |_| Ok(()))?;
        }
        let Err(wrong_name) = certificate.verify_is_valid_for_subject_name(presented.host) else {
            return Ok(());
        };
        if !self.name_by_common_name || !leaf.common_name_is(presented.host) {
            return Err(wrong_name.into());
        }
        if pinned {
            return Ok(());
        }
        // Common names escape the constraints of issuers, so no issuer may have any.
        self.path(presented, &certificate, |path| {
            let mut between = path.intermediate_certificates();
            let constrained = path.anchor().name_constraints.is_some()
                || between.any(|one| constrains_names(&one.der()));
            if constrained {
                return Err(webpki::Error::NameConstraintViolation);
            }
            Ok(())
        })
    }

    /// Looks for a way to a trusted CA that also passes `more`.
    fn path(
        &self,
        presented: &Presented<'_>,
        certificate: &EndEntityCert<'_>,
        more: impl Fn(&VerifiedPath<'_>) -> Result<(), webpki::Error>,
    ) -> Result<(), Refused> {
        let check = |path: &VerifiedPath<'_>| {
            self.store.check_path(path, presented.now)?;
            more(path)
        };
        certificate.verify_for_usage(
            self.algorithms.all,
            &self.store.anchors,
            presented.others,
            presented.now,
            KeyUsage::server_auth(),
            None,
            Some(&check),
        )?;
        Ok(())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check(&Presented {
            leaf: end_entity,
            others: intermediates,
            host: server_name,
            now,
        })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
