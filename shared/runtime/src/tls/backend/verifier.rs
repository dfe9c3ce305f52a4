//! Whether a back end is believed: by an issuer in the trust store, or by being in it itself.

use std::sync::Arc;

use rustls::crypto::WebPkiSupportedAlgorithms;
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use super::leaf::{Leaf, constrains_names};
use super::refused::CertificateRefused as Refused;
use super::store::TrustStore;
use crate::tls::judge::{Judge, Server};

#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) store: Arc<TrustStore>,
    pub(super) name_by_common_name: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn check(&self, server: &Server<'_>) -> Result<(), Refused> {
        if self.store.all {
            return Ok(());
        }
        if self.store.is_empty() {
            return Err(Refused::NothingTrusted);
        }
        let leaf = Leaf::parse(server.leaf)?;
        let certificate = EndEntityCert::try_from(server.leaf)?;
        leaf.check_key()?;
        let pinned = self.store.holds(server.leaf);
        if pinned {
            leaf.check_time(server.now)?;
            leaf.check_purpose()?;
        } else {
            self.path(server, &certificate, |_| Ok(()))?;
        }
        let Err(wrong_name) = certificate.verify_is_valid_for_subject_name(server.name) else {
            return Ok(());
        };
        if !self.name_by_common_name || !leaf.common_name_is(server.name) {
            return Err(wrong_name.into());
        }
        if pinned {
            return Ok(());
        }
        // Common names escape the constraints of issuers, so no issuer may have any.
        self.path(server, &certificate, |path| {
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
        server: &Server<'_>,
        certificate: &EndEntityCert<'_>,
        more: impl Fn(&VerifiedPath<'_>) -> Result<(), webpki::Error>,
    ) -> Result<(), Refused> {
        let check = |path: &VerifiedPath<'_>| {
            self.store.check_path(path, server.now)?;
            more(path)
        };
        certificate.verify_for_usage(
            self.algorithms.all,
            &self.store.anchors,
            server.others,
            server.now,
            KeyUsage::server_auth(),
            None,
            Some(&check),
        )?;
        Ok(())
    }
}

impl Judge for Verifier {
    fn judge(&self, server: &Server<'_>) -> Result<(), rustls::Error> {
        Ok(self.check(server)?)
    }
}
