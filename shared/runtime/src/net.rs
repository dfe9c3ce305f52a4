//! TCP sockets: listening, options, and streams that can move to another thread's runtime.

mod first;
mod names;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use underpass_shared::protocol::timers::TCP_USER_TIMEOUT;

pub use self::first::{connect_first, connect_name};
pub use self::names::resolve;

/// Connections that the kernel completes before we accept them.
const BACKLOG: i32 = 4_096;

/// Unsent bytes in the kernel above which a tunnel socket takes no more, so that a PING is never
/// stuck behind bulk data.
const NOTSENT_LOWAT: u32 = 16 * 1024;

/// How long nothing may come before the other end is asked whether it is still there, and how long
/// until it is asked again.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_PAUSE: Duration = Duration::from_secs(15);

/// Listens on `address`; port 0 takes a free one.
///
/// # Errors
/// When the address is taken or may not be used.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    listen_on(address, Families::AsTheSystemDoes)
}

/// Listens on `address` and on no IPv4 address that the system would map into an IPv6 one, so that
/// both can be listened on.
///
/// # Errors
/// When the address is taken or may not be used.
pub fn listen_one_family(address: SocketAddr) -> io::Result<TcpListener> {
    listen_on(address, Families::One)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Families {
    AsTheSystemDoes,
    One,
}

fn listen_on(address: SocketAddr, families: Families) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    if address.is_ipv6() && families == Families::One {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    if address.ip().is_loopback() {
        // Accepted connections inherit it.
        platform::unpaced(&SockRef::from(&socket));
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// What this host calls itself, if it does.
#[cfg(unix)]
pub fn host_name() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

/// What this host calls itself, if it does.
#[cfg(not(unix))]
pub fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

/// Connects to a back end or another system of the company's network.
///
/// # Errors
/// When nobody answers there.
pub async fn connect_edge(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = connect(address).await?;
    tune_edge(&stream)?;
    Ok(stream)
}

/// Connects to a gateway, or to a proxy on the way to it, for a tunnel.
///
/// # Errors
/// When nobody answers there.
pub async fn connect_tunnel(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = connect(address).await?;
    tune_tunnel(&stream)?;
    Ok(stream)
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    if address.ip().is_loopback() {
        platform::unpaced(&SockRef::from(&stream));
    }
    Ok(stream)
}

/// Options of a socket of a consumer or a back end. Who vanished without a word is noticed also
/// where nothing is sent: a WebSocket or a download that stands still has no other end.
///
/// # Errors
/// When the socket is closed already.
pub fn tune_edge(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let alive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_PAUSE);
    SockRef::from(stream).set_tcp_keepalive(&alive)
}

/// Makes the end of a connection visible as a break when it is dropped.
pub fn abort(stream: &TcpStream) {
    // Fails only where the connection is gone already.
    drop(stream.set_zero_linger());
}

/// Options of an accepted socket that carries a tunnel.
///
/// # Errors
/// When the socket is closed already.
pub fn tune_tunnel(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    platform::user_timeout(&socket)?;
    platform::notsent_lowat(&socket)
}

mod platform {
    use super::{NOTSENT_LOWAT, SockRef, TCP_USER_TIMEOUT, io};

    /// Between programs of one host nothing is ever lost, and what a system may use by default (BBR)
    /// sets a timer for each small write to pace it: a tenth of the processor's time of a request.
    #[cfg(target_os = "linux")]
    pub(super) fn unpaced(socket: &SockRef<'_>) {
        // Every Linux has it and allows it to everybody; without it all works as well, only slower.
        drop(socket.set_tcp_congestion(b"reno"));
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn unpaced(_socket: &SockRef<'_>) {}

    #[cfg(target_os = "linux")]
    pub(super) fn user_timeout(socket: &SockRef<'_>) -> io::Result<()> {
        socket.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn user_timeout(_socket: &SockRef<'_>) -> io::Result<()> {
        // Elsewhere the heartbeat alone finds a dead path.
        let _: std::time::Duration = TCP_USER_TIMEOUT;
        Ok(())
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn notsent_lowat(socket: &SockRef<'_>) -> io::Result<()> {
        socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn notsent_lowat(_socket: &SockRef<'_>) -> io::Result<()> {
        let _: u32 = NOTSENT_LOWAT;
        Ok(())
    }
}

/// A TCP stream that can leave one runtime and join another, below a TLS session.
#[derive(Debug)]
pub struct MovableTcp(Place);

#[derive(Debug)]
enum Place {
    Joined(TcpStream),
    Between(std::net::TcpStream),
    Lost,
}

impl From<TcpStream> for MovableTcp {
    fn from(stream: TcpStream) -> Self {
        Self(Place::Joined(stream))
    }
}

impl MovableTcp {
    /// Leaves the runtime that it is on.
    ///
    /// # Errors
    /// When the runtime refuses; the stream is then lost.
    pub fn leave(&mut self) -> io::Result<()> {
        if let Place::Joined(stream) = std::mem::replace(&mut self.0, Place::Lost) {
            self.0 = Place::Between(stream.into_std()?);
        }
        Ok(())
    }

    /// Joins the runtime of the calling task.
    ///
    /// # Errors
    /// When the runtime refuses; the stream is then lost.
    pub fn join(&mut self) -> io::Result<()> {
        if let Place::Between(stream) = std::mem::replace(&mut self.0, Place::Lost) {
            self.0 = Place::Joined(TcpStream::from_std(stream)?);
        }
        Ok(())
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        match &mut self.get_mut().0 {
            Place::Joined(stream) => Ok(Pin::new(stream)),
            Place::Between(_) | Place::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl AsyncRead for MovableTcp {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for MovableTcp {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
