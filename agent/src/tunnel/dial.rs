//! Dialling a gateway: name, TCP, TLS.

use std::io;
use std::net::SocketAddr;
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

use super::proxy::{ProxyError, ProxyRoute, Route};

/// How long one address may take before the next one is tried. A lone one too: a new attempt is
/// heard sooner than the system's next packet of an old one.
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
    #[error("{host} cannot be reached; check the firewall, or set a proxy")]
    Connect {
        /// The region host.
        host: RegionHost,
        /// The last attempt's error.
        source: io::Error,
    },
    /// The proxy's name is not known.
    #[error("the name of the proxy {proxy} cannot be resolved; check DNS")]
    ResolveProxy {
        /// The proxy.
        proxy: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// No address of the proxy answers.
    #[error("the proxy {proxy} cannot be reached")]
    ConnectProxy {
        /// The proxy.
        proxy: String,
        /// The last attempt's error.
        source: io::Error,
    },
    /// The proxy does not open the way.
    #[error("the proxy {proxy} does not open the way")]
    Proxy {
        /// The proxy.
        proxy: String,
        /// Why.
        source: ProxyError,
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

/// Connects to a gateway and shakes hands; through a proxy, TLS is the same inside.
///
/// # Errors
/// At which step it failed.
pub async fn dial(
    host: &RegionHost,
    route: &Route,
    tls: &ClientTls,
) -> Result<(GatewayStream, Wire), DialError> {
    timeout(HANDSHAKE, connect(host, route, tls))
        .await
        .unwrap_or_else(|_elapsed| Err(DialError::Timeout { host: host.clone() }))
}

async fn connect(
    host: &RegionHost,
    route: &Route,
    tls: &ClientTls,
) -> Result<(GatewayStream, Wire), DialError> {
    let stream = open(host, route).await?;
    let shaken = shake_hands(stream, host, tls).await;
    shaken.map_err(|source| DialError::Tls {
        host: host.clone(),
        source,
    })
}

/// A connection that leads to a host, through the proxy if there is one.
pub(crate) async fn open(host: &RegionHost, route: &Route) -> Result<TcpStream, DialError> {
    match route {
        Route::Direct => direct(host).await,
        Route::Proxy(proxy) => through(proxy, host).await,
    }
}

/// TLS on a connection that leads to a gateway.
pub(crate) async fn shake_hands(
    stream: TcpStream,
    host: &RegionHost,
    tls: &ClientTls,
) -> io::Result<(GatewayStream, Wire)> {
    let watched = Watched::new(stream);
    let wire = watched.wire();
    let name = ServerName::try_from(host.host().to_owned()).map_err(io::Error::other)?;
    Ok((tls.connect(name, watched).await?, wire))
}

async fn direct(host: &RegionHost) -> Result<TcpStream, DialError> {
    let connected = tcp((host.host(), host.port())).await;
    connected.map_err(|error| {
        let host = host.clone();
        match error {
            TcpError::Resolve(source) => DialError::Resolve { host, source },
            TcpError::Connect(source) => DialError::Connect { host, source },
        }
    })
}

async fn through(proxy: &ProxyRoute, host: &RegionHost) -> Result<TcpStream, DialError> {
    let connected = tcp(proxy.address()).await;
    let stream = connected.map_err(|error| {
        let proxy = proxy.to_string();
        match error {
            TcpError::Resolve(source) => DialError::ResolveProxy { proxy, source },
            TcpError::Connect(source) => DialError::ConnectProxy { proxy, source },
        }
    })?;
    let opened = proxy.open(stream, host).await;
    opened.map_err(|source| DialError::Proxy {
        proxy: proxy.to_string(),
        source,
    })
}

enum TcpError {
    Resolve(io::Error),
    Connect(io::Error),
}

async fn tcp(address: (&str, u16)) -> Result<TcpStream, TcpError> {
    let addresses = resolve(address).await.map_err(TcpError::Resolve)?;
    connect_any(&addresses).await.map_err(TcpError::Connect)
}

/// The addresses of a name.
pub(crate) async fn resolve((host, port): (&str, u16)) -> io::Result<Vec<SocketAddr>> {
    net::resolve(host, port).await
}

/// A connection to the first address that answers.
pub(crate) async fn connect_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for &address in addresses {
        match timeout(ADDRESS_TIME, net::connect_tunnel(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}
