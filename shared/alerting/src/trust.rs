//! TLS with receivers: the rules are those for back ends, the words are for receivers.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use underpass_runtime::tls::{BackendTls, CertificateRefused, TlsFailure, TrustStore};
use underpass_shared::config::{DeliveryTrust, TrustOption, TrustedCertificates};

use crate::failure::{Failure, within};

/// The step that is needed before TLS.
const SYSTEM: &str = "reading the certificates of the system";

/// Which certificates are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Store,
    SystemAndStore,
    All,
}

impl From<DeliveryTrust> for Trust {
    fn from(trust: DeliveryTrust) -> Self {
        match trust {
            DeliveryTrust::TrustStore => Self::Store,
            DeliveryTrust::SystemAndTrustStore => Self::SystemAndStore,
            DeliveryTrust::TrustAll => Self::All,
        }
    }
}

impl Trust {
    /// None is no TLS at all.
    pub(crate) const fn of_mail(option: TrustOption) -> Option<Self> {
        match option {
            TrustOption::TlsDisabled => None,
            TrustOption::EmailTrustStore => Some(Self::Store),
            TrustOption::JdkAndEmailTrustStore => Some(Self::SystemAndStore),
            TrustOption::TrustAll => Some(Self::All),
        }
    }

    async fn store(self, trusted: &TrustedCertificates) -> Result<TrustStore, Failure> {
        let own = trusted.as_slice().iter();
        let own = own.map(|one| one.certificate.der());
        let system = match self {
            Self::All => return Ok(TrustStore::all()),
            Self::Store => return Ok(TrustStore::new(own)),
            Self::SystemAndStore => {
                // It reads files.
                let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
                read.await.map_err(|error| Failure::at(SYSTEM, error))?
            }
        };
        if let (true, Some(error)) = (system.certs.is_empty(), system.errors.first()) {
            return Err(Failure::at(SYSTEM, error));
        }
        let system = system.certs.iter().map(|one| one.as_ref());
        Ok(TrustStore::new(own.chain(system)))
    }

    /// Begins TLS with a receiver. With `http`, HTTP is agreed on.
    pub(crate) async fn connect(
        self,
        trusted: &TrustedCertificates,
        host: &str,
        stream: TcpStream,
        inside: Inside,
        limit: Duration,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let tls = BackendTls::new(Arc::new(self.store(trusted).await?), false, None);
        let tls = match inside {
            Inside::Http => tls,
            Inside::Other => tls.without_alpn(),
        };
        let step = format!("TLS with {host}");
        let connected = within(limit, &step, tls.connect(host, stream)).await?;
        connected.map_err(|error| match TlsFailure::of(&error) {
            TlsFailure::Handshake => Failure::at(step, error),
            known @ (TlsFailure::Certificate(_)
            | TlsFailure::NothingInCommon
            | TlsFailure::NotTls) => Failure::at(step, words(known)),
        })
    }
}

/// What is spoken inside TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    Http,
    Other,
}

fn words(failure: TlsFailure) -> String {
    let text = match failure {
        TlsFailure::Certificate(CertificateRefused::NothingTrusted) => {
            "the certificate is not trusted: the trust store of mail is empty; add the server's CA \
             to it"
        }
        TlsFailure::Certificate(CertificateRefused::Untrusted) => {
            "the certificate is not trusted: neither it nor one of its issuers is in the trust \
             store; add the server's CA to the trust store of mail"
        }
        TlsFailure::Certificate(CertificateRefused::OtherName) => {
            "the certificate is for another host"
        }
        TlsFailure::NotTls => "the server does not speak TLS on this port",
        TlsFailure::Certificate(_) | TlsFailure::NothingInCommon | TlsFailure::Handshake => {
            return failure.to_string();
        }
    };
    text.to_owned()
}
