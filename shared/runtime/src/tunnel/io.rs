//! The byte stream below TLS: remembers when bytes last came in, reads them in large steps and holds
//! writes back until the tunnel wants them to leave.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock;

/// Bytes that one read takes at most; the buffer exists only while it holds something.
const READ_STEP: usize = 32 * 1024;

/// Reads in a row after which others get their turn, though more is there: the connection's driver
/// handles all that it reads before streams are drained and requests begun, and 4 MiB of tiny frames
/// would keep them waiting for long.
const READS_IN_A_ROW: u8 = 4;

/// What the tunnel above TLS knows of the stream below it, and says to it.
#[derive(Clone, Debug)]
pub struct Wire(Arc<State>);

#[derive(Debug)]
struct State {
    last_received: AtomicU64,
    holds: AtomicBool,
}

impl Wire {
    pub(super) fn new() -> Self {
        let wire = Self(Arc::new(State {
            last_received: AtomicU64::new(0),
            holds: AtomicBool::new(false),
        }));
        wire.touch();
        wire
    }

    fn touch(&self) {
        // Finer than the heartbeat's own comparison: a pong may follow its ping within microseconds.
        let now = u64::try_from(clock::monotonic().as_nanos()).unwrap_or(u64::MAX);
        self.0.last_received.store(now, Ordering::Relaxed);
    }

    /// The monotonic time of the last byte.
    pub(super) fn last_received(&self) -> Duration {
        Duration::from_nanos(self.0.last_received.load(Ordering::Relaxed))
    }

    /// Whether TLS shall keep the records that it makes, so that many leave as one write. Whoever
    /// holds wakes itself: a writer that finds the wire held is not woken.
    pub(super) fn hold(&self, holds: bool) {
        self.0.holds.store(holds, Ordering::Relaxed);
    }

    fn holds(&self) -> bool {
        self.0.holds.load(Ordering::Relaxed)
    }
}

/// A TCP stream below TLS. TLS alone would read in steps of 4 KiB.
#[derive(Debug)]
pub struct Watched<S> {
    inner: S,
    read: BytesMut,
    reads_in_a_row: u8,
    wire: Wire,
}

impl<S> Watched<S> {
    /// Wraps a stream.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            read: BytesMut::new(),
            reads_in_a_row: 0,
            wire: Wire::new(),
        }
    }

    /// The stream below.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The handle for the tunnel above TLS.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.read.is_empty() {
            if this.reads_in_a_row == READS_IN_A_ROW {
                this.reads_in_a_row = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            this.reads_in_a_row += 1;
            this.read.reserve(READ_STEP);
            let polled =
                tokio_util::io::poll_read_buf(Pin::new(&mut this.inner), cx, &mut this.read);
            if polled.is_pending() {
                this.read = BytesMut::new();
                this.reads_in_a_row = 0;
            }
            if ready!(polled)? > 0 {
                this.wire.touch();
            }
        }
        let count = this.read.len().min(buf.remaining());
        buf.put_slice(this.read.get(..count).unwrap_or_default());
        this.read.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.wire.holds() {
            return Poll::Pending;
        }
        Pin::new(&mut this.inner).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.wire.holds() {
            return Poll::Pending;
        }
        Pin::new(&mut this.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
