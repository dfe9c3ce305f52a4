//! Asks the URL of the heartbeat once.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Empty;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use underpass_runtime::tls::{BackendTls, TrustStore};
use underpass_shared::config::{Connector, HeartbeatUrl, TrustedCertificates};
use underpass_shared::id::{InvalidId, RegionHost};

use crate::errand;
use crate::secrets::SecretStore;
use crate::tunnel::{DialError, Route, open};

/// How long one heartbeat may take, with everything.
const ATTEMPT: Duration = Duration::from_secs(15);

/// Why a heartbeat did not arrive.
#[derive(Debug, Error)]
pub(super) enum AskError {
    /// The password of the proxy is missing.
    #[error("the way there is not known: {0}")]
    Route(String),
    /// The host cannot be dialled.
    #[error("the host of the URL cannot be used")]
    Host(#[from] InvalidId),
    /// It was not reached.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// There is nothing to trust it by.
    #[error("the certificates that the system trusts cannot be read: {0}")]
    System(String),
    /// It is not trusted, or does not speak TLS.
    #[error("TLS with {host} failed")]
    Tls {
        /// The monitor.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// The request cannot be written.
    #[error("the URL cannot be asked")]
    Request(#[from] http::Error),
    /// It broke off, or talks something else.
    #[error("there was no answer that can be understood")]
    Http(#[from] hyper::Error),
    /// It does not like it.
    #[error("the answer was {0}")]
    Status(StatusCode),
    /// Too slow.
    #[error("it took longer than {} s", ATTEMPT.as_secs())]
    Late,
}

/// Asks once, through the proxy if there is one. TLS trusts what the system trusts, and the trust
/// store of mail.
pub(super) async fn ask(
    url: &HeartbeatUrl,
    connector: &Connector,
    secrets: &SecretStore,
) -> Result<(), AskError> {
    let asked = timeout(ATTEMPT, attempt(url, connector, secrets)).await;
    asked.unwrap_or(Err(AskError::Late))
}

async fn attempt(
    url: &HeartbeatUrl,
    connector: &Connector,
    secrets: &SecretStore,
) -> Result<(), AskError> {
    let route = Route::of(connector.proxy(), secrets);
    let route = route.map_err(|error| AskError::Route(format!("{error:#}")))?;
    let origin = url.origin();
    let host = origin.host().as_str();
    let address: RegionHost = match host.contains(':') {
        true => format!("[{host}]:{}", origin.port()).parse()?,
        false => format!("{host}:{}", origin.port()).parse()?,
    };
    let request = Request::get(url.path())
        .header(HOST, origin.authority())
        .header(
            USER_AGENT,
            concat!("underpass-agent/", env!("CARGO_PKG_VERSION")),
        )
        .body(Empty::new())?;
    let stream = open(&address, &route).await?;
    if !origin.is_tls() {
        return exchange(stream, request).await;
    }
    let own = connector.email_trust.clone();
    // It reads files.
    let trusted = spawn_blocking(move || trusted(&own)).await;
    let trusted = trusted.map_err(|error| AskError::System(error.to_string()))??;
    let tls = BackendTls::new(Arc::new(trusted), false, None);
    let stream = tls.connect(host, stream).await;
    let stream = stream.map_err(|source| AskError::Tls {
        host: host.to_owned(),
        source,
    })?;
    exchange(stream, request).await
}

fn trusted(own: &TrustedCertificates) -> Result<TrustStore, AskError> {
    let own = own.as_slice().iter();
    errand::trust(own.map(|one| one.certificate.der())).map_err(AskError::System)
}

/// Of the answer only the status counts.
async fn exchange<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<(), AskError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let status = errand::exchange(stream, request).await?.status;
    if status.is_success() {
        Ok(())
    } else {
        Err(AskError::Status(status))
    }
}
