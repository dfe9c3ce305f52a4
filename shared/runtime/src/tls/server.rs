//! The listening side: one configuration per role, chosen by ALPN before the handshake goes on.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use underpass_shared::protocol::role::Role;

use super::{LiveCertificate, TlsError, WRITE_MAX, provider, roots};

/// A stream after the server's handshake.
pub type ServerStream<S> = TlsStream<S>;

/// The gateway's public port: TLS 1.3, roles by ALPN, no resumption.
#[derive(Clone)]
pub struct ServerTls {
    tunnel: Arc<ServerConfig>,
    control: Arc<ServerConfig>,
    enrol: Arc<ServerConfig>,
    verifier: Arc<dyn rustls::server::danger::ClientCertVerifier>,
}

impl ServerTls {
    /// Presents `certificate`; asks for client certificates of the CAs in `client_ca` in all roles but
    /// enrol.
    ///
    /// # Errors
    /// When a certificate or key cannot be used.
    pub fn new(certificate: &Arc<LiveCertificate>, client_ca: &str) -> Result<Self, TlsError> {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots(client_ca)?, provider()).build()?;
        let mutual = |role: Role| -> Result<_, TlsError> {
            let builder = ServerConfig::builder_with_provider(provider())
                .with_protocol_versions(&[&rustls::version::TLS13])?
                .with_client_cert_verifier(Arc::clone(&verifier) as Arc<_>);
            let config = builder.with_cert_resolver(Arc::clone(certificate) as Arc<_>);
            Ok(finish(config, vec![role.alpn().to_vec()]))
        };
        Ok(Self {
            tunnel: mutual(Role::Tunnel)?,
            control: mutual(Role::Control)?,
            enrol: without_client_certificate(
                Arc::clone(certificate),
                &[&rustls::version::TLS13],
                vec![Role::Enrol.alpn().to_vec()],
            )?,
            verifier,
        })
    }

    /// Finishes a handshake in the role that the client names.
    ///
    /// # Errors
    /// When the client names no role of ours, or its certificate does not verify.
    pub async fn accept<S>(&self, stream: S) -> std::io::Result<(Role, TlsStream<S>)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
        let role = start
            .client_hello()
            .alpn()
            .and_then(|mut ids| ids.find_map(Role::from_alpn));
        // Without a role of ours any configuration refuses with the right alert.
        let config = self.config(role.unwrap_or(Role::Enrol));
        let mut stream = start.into_stream(config).await?;
        stream.get_mut().1.set_buffer_limit(Some(WRITE_MAX));
        match role {
            Some(role) if stream.get_ref().1.alpn_protocol() == Some(role.alpn()) => {
                Ok((role, stream))
            }
            Some(_) | None => Err(std::io::Error::other("the client named no role by ALPN")),
        }
    }

    /// Whether one of our CAs issued `certificate` to a client, at the time `at_ms` (UTC).
    pub fn issued(&self, certificate: &CertificateDer<'_>, at_ms: i64) -> bool {
        let seconds = u64::try_from(at_ms / 1_000).unwrap_or(0);
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        self.verifier
            .verify_client_cert(certificate, &[], at)
            .is_ok()
    }

    fn config(&self, role: Role) -> Arc<ServerConfig> {
        Arc::clone(match role {
            Role::Tunnel => &self.tunnel,
            Role::Control => &self.control,
            Role::Enrol => &self.enrol,
        })
    }
}

/// A configuration that asks for no client certificate, for the token endpoint and for enrolment.
///
/// # Errors
/// When a certificate or key cannot be used.
pub fn without_client_certificate(
    certificate: Arc<LiveCertificate>,
    versions: &[&'static rustls::SupportedProtocolVersion],
    alpn: Vec<Vec<u8>>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    Ok(finish(config, alpn))
}

pub(super) fn finish(mut config: ServerConfig, alpn: Vec<Vec<u8>>) -> Arc<ServerConfig> {
    config.alpn_protocols = alpn;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Arc::new(config)
}
