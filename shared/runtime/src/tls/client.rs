//! The dialling side: verifies the server against pinned CA certificates, never the system's.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivateKeyDer, ServerName};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use underpass_shared::protocol::role::Role;

use super::judge::{Judge, Judged, Server};
use super::live::parsed;
use super::looking::{Looking, PinnedLeaf, Presented};
use super::{Credential, TlsError, WRITE_MAX, certificates, provider, roots};
use crate::pki::{PkiError, PrivateKey};

/// What the management API speaks.
const HTTP1: &[u8] = b"http/1.1";

/// TLS 1.3 towards a gateway or an agent.
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
        let config = match credential {
            Some(credential) => builder.with_client_auth_cert(
                certificates(credential.chain)?,
                PrivateKey::from_pem(credential.key)?.to_der()?,
            )?,
            None => builder.with_no_client_auth(),
        };
        Ok(finish(config, role.alpn()))
    }

    /// Trusts the one CA certificate with this SHA-256, which the server sends along; for the first
    /// contact, when nothing but the fingerprint is known.
    ///
    /// # Errors
    /// Never for a role of ours; the signature follows the library's.
    pub fn pinned(ca_fingerprint: &[u8; 32], role: Role) -> Result<Self, TlsError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(PinnedCa::verifier(ca_fingerprint))
            .with_no_client_auth();
        Ok(finish(config, role.alpn()))
    }

    /// Towards an agent's management API, which is known by its identity: `ca` (PEM) alone.
    ///
    /// # Errors
    /// When a certificate or key cannot be used.
    pub fn management(ca: &str, credential: Credential<'_>) -> Result<Self, TlsError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots(ca)?);
        let key = PrivateKeyDer::from_pem_slice(credential.key.as_bytes());
        let key = key.map_err(|_wrong| PkiError::Pem {
            what: "private key",
        })?;
        let config = config.with_client_auth_cert(certificates(credential.chain)?, key)?;
        Ok(finish(config, HTTP1))
    }

    /// Towards the management API of an agent of which nothing is known but the SHA-256 of its
    /// identity.
    ///
    /// # Errors
    /// Never; the signature follows the library's.
    pub fn management_pinned(identity: &[u8; 32]) -> Result<Self, TlsError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(PinnedCa::verifier(identity))
            .with_no_client_auth();
        Ok(finish(config, HTTP1))
    }

    /// Towards a server of another maker that speaks HTTP/1.1 and is known by the SHA-256 of its own
    /// certificate; what it showed can be asked for when it was another one. TLS 1.2 is taken too.
    ///
    /// # Errors
    /// When the credential cannot be used.
    pub fn foreign(
        fingerprint: &[u8; 32],
        credential: Option<Credential<'_>>,
    ) -> Result<(Self, Presented), TlsError> {
        let seen = Presented::default();
        let judge = Judged::new(PinnedLeaf::new(fingerprint, &seen));
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(rustls::DEFAULT_VERSIONS)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(judge));
        let config = match credential {
            Some(credential) => {
                let (chain, key) = parsed(credential)?;
                builder.with_client_auth_cert(chain, key)?
            }
            None => builder.with_no_client_auth(),
        };
        Ok((finish(config, HTTP1), seen))
    }

    /// Looks at the certificate of whatever server answers, and refuses it: such a connection never
    /// comes up.
    ///
    /// # Errors
    /// Never for a role of ours; the signature follows the library's.
    pub fn looking(role: Role) -> Result<(Self, Presented), TlsError> {
        let presented = Presented::default();
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(rustls::DEFAULT_VERSIONS)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Judged::new(Looking::new(&presented))))
            .with_no_client_auth();
        config.alpn_protocols = Looking::protocols(role);
        config.resumption = Resumption::disabled();
        Ok((Self(Arc::new(config)), presented))
    }

    /// Shakes hands with the server `name`.
    ///
    /// # Errors
    /// When the server is not the one that is trusted, or refuses us.
    pub async fn connect<S>(
        &self,
        name: ServerName<'static>,
        stream: S,
    ) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let connector = TlsConnector::from(Arc::clone(&self.0));
        let mut stream = connector.connect(name, stream).await?;
        stream.get_mut().1.set_buffer_limit(Some(WRITE_MAX));
        Ok(stream)
    }

    /// The rustls configuration.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}

fn finish(mut config: ClientConfig, alpn: &[u8]) -> ClientTls {
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    ClientTls(Arc::new(config))
}

/// Verifies as usual, with the pinned CA as the only root.
#[derive(Debug)]
struct PinnedCa {
    fingerprint: [u8; 32],
}

impl PinnedCa {
    fn verifier(fingerprint: &[u8; 32]) -> Arc<Judged<Self>> {
        Arc::new(Judged::new(Self {
            fingerprint: *fingerprint,
        }))
    }
}

impl Judge for PinnedCa {
    fn judge(&self, server: &Server<'_>) -> Result<(), rustls::Error> {
        let pinned = server
            .others
            .iter()
            .find(|der| Sha256::digest(der).ct_eq(&self.fingerprint).into())
            .ok_or(CertificateError::UnknownIssuer)?;
        let mut roots = RootCertStore::empty();
        roots.add(pinned.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|_own| CertificateError::UnknownIssuer)?;
        verifier.verify_server_cert(server.leaf, server.others, server.name, &[], server.now)?;
        Ok(())
    }
}
