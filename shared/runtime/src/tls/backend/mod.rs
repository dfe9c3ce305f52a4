//! TLS towards back ends: whom to believe comes from the operator's trust store alone.
//!
//! No session is ever resumed: a resumed one would be believed by rules of the past.

mod identity;
mod leaf;
mod refused;
mod store;
#[cfg(test)]
mod tests;
mod verifier;

pub use identity::ClientIdentity;
pub use refused::{CertificateRefused, TlsFailure};
pub use store::{TrustStore, may_issue};

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::verifier::Verifier;
use super::judge::Judged;
use super::provider;

/// What is spoken inside; back ends that know HTTP/2 as well must not choose it.
const ALPN: &[u8] = b"http/1.1";

/// TLS 1.2 and 1.3 towards back ends, under one set of rules.
#[derive(Clone, Debug)]
pub struct BackendTls(Arc<ClientConfig>);

impl BackendTls {
    /// Believes what `store` trusts. With `name_by_common_name`, a certificate without alternative
    /// names may name the back end by its common name. A back end that asks for a certificate gets
    /// `identity`, if there is one.
    ///
    /// # Panics
    /// Never: the provider knows both versions.
    pub fn new(
        store: Arc<TrustStore>,
        name_by_common_name: bool,
        identity: Option<&ClientIdentity>,
    ) -> Self {
        let provider = provider();
        let verifier = Verifier {
            store,
            name_by_common_name,
            algorithms: provider.signature_verification_algorithms,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .expect("the provider knows both versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Judged::new(verifier)));
        let mut config = match identity {
            Some(identity) => builder.with_client_cert_resolver(identity.resolver()),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        Self(Arc::new(config))
    }

    /// The same, but what is spoken inside is not agreed on; for servers that do not speak HTTP.
    #[must_use]
    pub fn without_alpn(self) -> Self {
        let mut config = Arc::unwrap_or_clone(self.0);
        config.alpn_protocols.clear();
        Self(Arc::new(config))
    }

    /// Shakes hands with the back end `host`, a name or an IP address; only names are sent along.
    ///
    /// # Errors
    /// When the back end is not believed, or something else keeps TLS from starting.
    pub async fn connect<S>(&self, host: &str, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::clone(&self.0));
        connector.connect(name, stream).await
    }
}
