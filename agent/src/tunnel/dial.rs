//! Dialling a gateway: name, TCP, TLS.

use std::io;
use std::time::Duration;

use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use underpass_runtime::net;
use underpass_runtime::tls::ClientTls;
use underpass_runtime::tunnel::io::{Watched, Wire};
use underpass_shared::id::RegionHost;
use underpass_shared::protocol::timers::HANDSHAKE;

/// How long one address may take before the next one is tried.
const ADDRESS_TIME: Duration = Duration::from_secs(2);

/// Why a gateway was not reached. The sentences say what to look at.
#[derive(Debug, Error)]
pub enum DialError {
    /// The name is not known.
    #[error("the name {host} cannot be resolved; check DNS")]
    Resolve {
        /// The region host.
        host: RegionHost,
        /// The resolver's answer.
        source: io::Error,
    },
    /// No address answers.
    #[error("{host} cannot be reached; check firewall and proxy")]
    Connect {
        /// The region host.
        host: RegionHost,
        /// The last attempt's error.
        source: io::Error,
    },
    /// The other end is not the gateway that was pinned, or refuses our certificate.
    #[error("TLS with {host} failed")]
    Tls {
        /// The region host.
        host: RegionHost,
        /// What TLS says.
        source: io::Error,
    },
    /// Too slow.
    #[error("{host} did not finish the handshake in 10 s")]
    Timeout {
        /// The region host.
        host: RegionHost,
    },
}

/// A TLS connection to a gateway.
pub type GatewayStream = TlsStream<Watched<TcpStream>>;

/// Connects to a gateway and shakes hands.
///
/// # Errors
/// At which step it failed.
pub async fn dial(host: &RegionHost, tls: &ClientTls) -> Result<(GatewayStream, Wire), DialError> {
    timeout(HANDSHAKE, connect(host, tls))
        .await
        .unwrap_or_else(|_elapsed| Err(DialError::Timeout { host: host.clone() }))
}

async fn connect(host: &RegionHost, tls: &ClientTls) -> Result<(GatewayStream, Wire), DialError> {
    let tls_error = |source| DialError::Tls {
        host: host.clone(),
        source,
    };
    let stream = tcp(host).await?;
    net::tune_tunnel(&stream).map_err(tls_error)?;
    let watched = Watched::new(stream);
    let wire = watched.wire();
    let name = ServerName::try_from(host.host().to_owned())
        .map_err(|wrong| tls_error(io::Error::other(wrong)))?;
    let stream = tls.connect(name, watched).await.map_err(tls_error)?;
    Ok((stream, wire))
}

async fn tcp(host: &RegionHost) -> Result<TcpStream, DialError> {
    let addresses = tokio::net::lookup_host((host.host(), host.port()))
        .await
        .map_err(|source| DialError::Resolve {
            host: host.clone(),
            source,
        })?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match timeout(ADDRESS_TIME, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(DialError::Connect {
        host: host.clone(),
        source: last,
    })
}
