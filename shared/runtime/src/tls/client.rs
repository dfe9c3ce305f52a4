//! The dialling side: verifies the server against pinned CA certificates, never the system's.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use underpass_shared::protocol::role::Role;

use super::{Credential, TlsError, certificates, provider, roots};
use crate::pki::PrivateKey;

/// TLS 1.3 towards a gateway.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Trusts `ca_bundle` (PEM) alone and presents `credential` if there is one.
    ///
    /// # Errors
    /// When a certificate or key cannot be used.
    pub fn new(
        ca_bundle: &str,
        credential: Option<Credential<'_>>,
        role: Role,
    ) -> Result<Self, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots(ca_bundle)?);
        let mut config = match credential {
            Some(credential) => builder.with_client_auth_cert(
                certificates(credential.chain)?,
                PrivateKey::from_pem(credential.key)?.to_der()?,
            )?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![role.alpn().to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// The rustls configuration.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}
