//! A consumer's stream that counts itself while it lives, and its bytes by one addition for each
//! read and write.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Consumer;

/// A stream that is counted, and its bytes with it.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    inner: S,
    consumer: Consumer,
}

impl<S> Counted<S> {
    /// Counts `inner` as this consumer's.
    pub(crate) fn new(inner: S, consumer: Consumer) -> Self {
        Self { inner, consumer }
    }

    /// The stream itself.
    pub(crate) fn get_ref(&self) -> &S {
        &self.inner
    }

    fn sent(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &polled {
            self.consumer.add_sent(*bytes);
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if polled.is_ready() {
            self.consumer.add_received(buf.filled().len() - before);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.sent(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.sent(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use std::sync::atomic::Ordering;

    use super::super::Metrics;
    use super::*;

    #[tokio::test]
    async fn bytes_are_counted_in_both_directions() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let traffic = Metrics::new(1).traffic(0);
        let mut counted = Counted::new(ours, traffic.consumer());
        theirs.write_all(b"hello").await.unwrap();
        let mut read = [0; 5];
        counted.read_exact(&mut read).await.unwrap();
        counted.write_all(b"hi").await.unwrap();
        assert_eq!(traffic.received.load(Ordering::Relaxed), 5);
        assert_eq!(traffic.sent.load(Ordering::Relaxed), 2);
        assert_eq!(traffic.consumers(), 1);
        drop(counted);
        assert_eq!(traffic.consumers(), 0);
    }
}
