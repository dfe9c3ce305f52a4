//! A stream as the library wants it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What the library waits for first. Behind STARTTLS no server says it again.
const GREETING: &[u8] = b"220 ready\r\n";
/// Bytes that a server may say in one session; answers are short.
const SAID_MAX: usize = 1024 * 1024;

/// A stream to a mail server.
#[derive(Debug)]
pub(super) struct SmtpStream {
    /// What is read before all else.
    greeting: &'static [u8],
    said: usize,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl SmtpStream {
    /// Without TLS.
    pub(super) const fn plain(stream: TcpStream) -> Self {
        Self::new(b"", Inner::Plain(stream))
    }

    /// With TLS from the first byte.
    pub(super) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self::new(b"", Inner::Tls(Box::new(stream)))
    }

    /// With TLS after STARTTLS.
    pub(super) fn greeted(stream: TlsStream<TcpStream>) -> Self {
        Self::new(GREETING, Inner::Tls(Box::new(stream)))
    }

    const fn new(greeting: &'static [u8], inner: Inner) -> Self {
        Self {
            greeting,
            said: 0,
            inner,
        }
    }
}

impl AsyncTokioStream for SmtpStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.inner {
            Inner::Plain(stream) => stream.peer_addr(),
            Inner::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for SmtpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let (now, later) = self
                .greeting
                .split_at(self.greeting.len().min(buf.remaining()));
            buf.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        if self.said > SAID_MAX {
            let error = io::Error::other("the server says too much");
            return Poll::Ready(Err(error));
        }
        let before = buf.filled().len();
        let read = match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Inner::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        self.said += buf.filled().len() - before;
        read
    }
}

impl AsyncWrite for SmtpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Inner::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Inner::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Inner::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
