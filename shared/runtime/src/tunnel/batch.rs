//! Collects what the HTTP/2 library writes, so that many frames leave as one write.
//!
//! The library flushes after each DATA frame, which would make a TLS record (two for a full frame)
//! and a system call of every small answer. Here its flushes do nothing; the connection's driver
//! flushes when the library has nothing more to write. Small frames are collected before TLS, so
//! that they share a record; large ones go to TLS at once, which keeps the records until the flush.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use super::io::Wire;

/// Bytes that wait before they are written without waiting for a flush. On a slow path a small
/// answer waits behind them.
const WAITING_MIN: usize = 64 * 1024;

/// Bytes that wait while the path takes each batch at once: fewer and larger packets.
const WAITING_MAX: usize = 256 * 1024;

/// Bytes from which a write goes to TLS at once; below, to copy costs less than a record of its own.
const LARGE: usize = 8 * 1024;

/// A batch that fills less than this part of its buffer gives the buffer back, so that a connection
/// at rest (its PINGs are a few bytes) holds none.
const SPARE_MAX: usize = 4;

#[derive(Debug)]
struct Inner<S> {
    io: S,
    /// Holds back what TLS makes, except while a batch leaves.
    wire: Wire,
    collected: Vec<u8>,
    /// Of the collected bytes, those that TLS has taken.
    taken: usize,
    /// Bytes that TLS has taken since the last batch left.
    in_tls: usize,
    /// Bytes that may wait just now.
    limit: usize,
}

/// The library's end: writes are collected.
#[derive(Debug)]
pub(super) struct Batched<S>(Arc<Mutex<Inner<S>>>);

/// The driver's end: writes what was collected.
#[derive(Debug)]
pub(super) struct Flusher<S>(Arc<Mutex<Inner<S>>>);

/// Splits a TLS stream over `wire` into the two ends.
pub(super) fn batch<S>(io: S, wire: Wire) -> (Batched<S>, Flusher<S>) {
    let inner = Arc::new(Mutex::new(Inner {
        io,
        wire,
        collected: Vec::new(),
        taken: 0,
        in_tls: 0,
        limit: WAITING_MIN,
    }));
    (Batched(Arc::clone(&inner)), Flusher(inner))
}

// Both ends are used by the driver's task alone, so nobody ever waits here.
fn lock<S>(inner: &Mutex<Inner<S>>) -> MutexGuard<'_, Inner<S>> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: AsyncWrite + Unpin> Inner<S> {
    /// Lets everything leave.
    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.hold(false);
        let left = self.poll_hand_over_and_flush(cx);
        self.wire.hold(true);
        match left {
            Poll::Ready(Ok(())) => self.begin_batch(),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.limit = WAITING_MIN,
        }
        left
    }

    fn begin_batch(&mut self) {
        if self.in_tls >= self.limit {
            self.limit = (self.limit * 2).min(WAITING_MAX);
        }
        if self.in_tls > 0 && self.in_tls < self.collected.capacity() / SPARE_MAX {
            self.collected = Vec::new();
        }
        self.in_tls = 0;
    }

    fn poll_hand_over_and_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_hand_over(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Hands what was collected to TLS.
    fn poll_hand_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.collected.get(self.taken..) {
            let taken = ready!(Pin::new(&mut self.io).poll_write(cx, rest))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += taken;
            self.in_tls += taken;
        }
        self.collected.clear();
        self.taken = 0;
        Poll::Ready(Ok(()))
    }

    /// Hands a large write to TLS, behind what was collected.
    fn poll_pass(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.poll_hand_over(cx))?;
        let taken = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bufs))?;
        self.in_tls += taken;
        Poll::Ready(Ok(taken))
    }
}

impl<S: AsyncWrite + Unpin> Flusher<S> {
    /// Writes what waits; pending while the other end takes no more.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_leave(cx)
    }
}

impl<S: AsyncRead + Unpin> Flusher<S> {
    /// Reads and forgets until the other end has closed, at most for `limit`.
    ///
    /// To close with bytes unread makes TCP send a reset, which takes from the other end what it
    /// has received and not read yet.
    pub(super) async fn wait_for_end(&self, limit: Duration) {
        let mut forgotten = [0; 1024];
        let ended = poll_fn(|cx| {
            loop {
                let mut buf = ReadBuf::new(&mut forgotten);
                let mut inner = lock(&self.0);
                if ready!(Pin::new(&mut inner.io).poll_read(cx, &mut buf)).is_err()
                    || buf.filled().is_empty()
                {
                    return Poll::Ready(());
                }
            }
        });
        // Who does not close in time is closed.
        drop(timeout(limit, ended).await);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Batched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut lock(&self.0).io).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Batched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = lock(&self.0);
        if inner.collected.len() + inner.in_tls >= inner.limit {
            ready!(inner.poll_leave(cx))?;
        }
        let size = bufs.iter().map(|buf| buf.len()).sum();
        if size >= LARGE
            && let Poll::Ready(taken) = inner.poll_pass(cx, bufs)
        {
            return Poll::Ready(taken);
        }
        for buf in bufs {
            inner.collected.extend_from_slice(buf);
        }
        Poll::Ready(Ok(size))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = lock(&self.0);
        ready!(inner.poll_leave(cx))?;
        inner.wire.hold(false);
        Pin::new(&mut inner.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::super::io::Watched;
    use super::*;

    /// Like TLS: takes writes at once and passes them on when flushed.
    type Buffered = tokio::io::BufWriter<Watched<DuplexStream>>;

    fn batch_to(size: usize) -> (Batched<Buffered>, Flusher<Buffered>, DuplexStream) {
        let (near, far) = tokio::io::duplex(size);
        let watched = Watched::new(near);
        let wire = watched.wire();
        let io = Buffered::with_capacity(1 << 20, watched);
        let (batched, flusher) = batch(io, wire);
        (batched, flusher, far)
    }

    fn context() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    #[tokio::test]
    async fn small_and_large_writes_leave_in_order_at_the_driver_s_flush_alone() {
        let (mut batched, flusher, mut far) = batch_to(1 << 20);
        let large = vec![7; LARGE];
        batched.write_all(b"one ").await.unwrap();
        batched.flush().await.unwrap();
        batched.write_all(&large).await.unwrap();
        batched.flush().await.unwrap();
        batched.write_all(b" two").await.unwrap();
        let mut read = vec![0; 4 + LARGE + 4];
        let mut nothing = ReadBuf::new(&mut read);
        let polled = Pin::new(&mut far).poll_read(&mut context(), &mut nothing);
        assert!(polled.is_pending());
        assert!(flusher.poll_flush(&mut context()).is_ready());
        far.read_exact(&mut read).await.unwrap();
        assert_eq!(read, [b"one ", large.as_slice(), b" two"].concat());
    }

    #[tokio::test]
    async fn a_full_batch_waits_for_the_other_end() {
        for write in [LARGE - 1, LARGE] {
            let (mut batched, _flusher, _far) = batch_to(16);
            let mut polls = 0;
            while Pin::new(&mut batched)
                .poll_write(&mut context(), &vec![0; write])
                .is_ready()
            {
                polls += 1;
                assert!(polls <= WAITING_MIN / write + 1, "bytes wait without limit");
            }
            assert_eq!(polls, WAITING_MIN.div_ceil(write));
        }
    }
}
