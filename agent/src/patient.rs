//! A connection whose other end must take what is sent to it within some time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long the other end may take nothing. Answers and events then wait in the system's buffers,
/// so this is not about a line that is merely slow.
const STALL_TIME: Duration = Duration::from_secs(30);

/// A connection that ends with an error where writing stands still. It goes below TLS, whose own
/// buffers would hide that.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    inner: S,
    time: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(crate) const fn new(inner: S) -> Self {
        Self::within_time(inner, STALL_TIME)
    }

    const fn within_time(inner: S, time: Duration) -> Self {
        Self {
            inner,
            time,
            stalled: None,
        }
    }

    fn within<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let time = self.time;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => {
                let message = "the other end takes nothing of what is sent to it";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, message)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(context, bytes);
        this.within(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(context, buffers);
        this.within(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // What was not written yet is not flushed either, and the time goes on.
        match Pin::new(&mut this.inner).poll_flush(context) {
            Poll::Pending => this.within(context, Poll::Pending),
            Poll::Ready(flushed) => Poll::Ready(flushed),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_shutdown(context) {
            Poll::Pending => this.within(context, Poll::Pending),
            Poll::Ready(ended) => Poll::Ready(ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn whoever_takes_nothing_is_cut_and_whoever_is_slow_is_not() {
        let time = Duration::from_millis(400);
        let (near, mut far) = tokio::io::duplex(4);
        let mut near = Patient::within_time(near, time);
        // All together takes longer than the time, but no step does.
        let reading = async {
            for _ in 0..8 {
                tokio::time::sleep(time / 8).await;
                assert_eq!(far.read_u8().await.unwrap(), 7);
            }
        };
        let (written, ()) = tokio::join!(near.write_all(&[7; 12]), reading);
        written.unwrap();
        let error = near.write_all(&[7; 1]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
