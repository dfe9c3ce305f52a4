//! Collects what the HTTP/2 library writes, so that many frames leave as one write.
//!
//! The library flushes after each DATA frame, which would make a TLS record (two for a full frame)
//! and a system call of every small answer. Here its flushes do nothing; the connection's driver
//! flushes when the library has nothing more to write.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// Bytes that are collected before they are written without waiting for a flush. On a slow path a
/// small answer waits behind them.
const COLLECT_MIN: usize = 64 * 1024;

/// Bytes that are collected while the path takes each batch at once: fewer and larger packets.
const COLLECT_MAX: usize = 256 * 1024;

/// A batch that fills less than this part of its buffer gives the buffer back, so that a connection
/// at rest (its PINGs are a few bytes) holds none.
const SPARE_MAX: usize = 4;

#[derive(Debug)]
struct Inner<S> {
    io: S,
    collected: Vec<u8>,
    /// Of the collected bytes, those that are written.
    written: usize,
    /// Bytes to collect at most just now.
    limit: usize,
}

/// The library's end: writes are collected.
#[derive(Debug)]
pub(super) struct Batched<S>(Arc<Mutex<Inner<S>>>);

/// The driver's end: writes what was collected.
#[derive(Debug)]
pub(super) struct Flusher<S>(Arc<Mutex<Inner<S>>>);

/// Splits a byte stream into the two ends.
pub(super) fn batch<S>(io: S) -> (Batched<S>, Flusher<S>) {
    let inner = Arc::new(Mutex::new(Inner {
        io,
        collected: Vec::new(),
        written: 0,
        limit: COLLECT_MIN,
    }));
    (Batched(Arc::clone(&inner)), Flusher(inner))
}

// Both ends are used by the driver's task alone, so nobody ever waits here.
fn lock<S>(inner: &Mutex<Inner<S>>) -> MutexGuard<'_, Inner<S>> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: AsyncWrite + Unpin> Inner<S> {
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.collected.get(self.written..) {
            let Poll::Ready(written) = Pin::new(&mut self.io).poll_write(cx, rest) else {
                self.limit = COLLECT_MIN;
                return Poll::Pending;
            };
            let written = written?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        if self.written > 0 && self.written < self.collected.capacity() / SPARE_MAX {
            self.collected = Vec::new();
        }
        if self.written >= self.limit {
            self.limit = (self.limit * 2).min(COLLECT_MAX);
        }
        self.collected.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Flusher<S> {
    /// Writes what was collected; pending while the other end takes no more.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = lock(&self.0);
        ready!(inner.poll_write_out(cx))?;
        Pin::new(&mut inner.io).poll_flush(cx)
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
        let mut inner = lock(&self.0);
        if inner.collected.len() >= inner.limit {
            ready!(inner.poll_write_out(cx))?;
        }
        inner.collected.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = lock(&self.0);
        ready!(inner.poll_write_out(cx))?;
        Pin::new(&mut inner.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn writes_leave_at_the_driver_s_flush_alone() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let (mut batched, flusher) = batch(near);
        batched.write_all(b"one ").await.unwrap();
        batched.flush().await.unwrap();
        batched.write_all(b"two").await.unwrap();
        let mut read = [0; 7];
        let mut cx = Context::from_waker(Waker::noop());
        let mut nothing = ReadBuf::new(&mut read);
        assert!(
            Pin::new(&mut far)
                .poll_read(&mut cx, &mut nothing)
                .is_pending()
        );
        assert!(flusher.poll_flush(&mut cx).is_ready());
        far.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"one two");
    }

    #[tokio::test]
    async fn a_full_batch_waits_for_the_other_end() {
        let (near, _far) = tokio::io::duplex(16);
        let (mut batched, _flusher) = batch(near);
        batched.write_all(&[0; COLLECT_MIN]).await.unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(
            Pin::new(&mut batched)
                .poll_write(&mut cx, b"x")
                .is_pending()
        );
    }
}
