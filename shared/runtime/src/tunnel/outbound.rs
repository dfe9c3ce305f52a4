//! A body that goes out: waits for the other end's window, ends cleanly or visibly aborted.

use std::future::poll_fn;
use std::task::Poll;

use bytes::{Buf, Bytes};
use h2::{Reason, SendStream};
use http::HeaderMap;
use http_body::Body;
use underpass_shared::trailers;

use super::error::StreamError;
use super::gather::Gathered;

/// The sending half of a stream. Dropping it before its end aborts the stream.
#[derive(Debug)]
pub struct Outbound {
    stream: SendStream<Bytes>,
    finished: bool,
}

impl Outbound {
    pub(super) fn new(stream: SendStream<Bytes>, finished: bool) -> Self {
        Self { stream, finished }
    }

    /// Sends a chunk; waits while the other end takes nothing.
    ///
    /// # Errors
    /// When the other end aborted the stream or the connection is lost.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), StreamError> {
        self.send_chunk(chunk, false).await
    }

    /// Sends a whole body and ends the stream; aborts the stream when the body fails.
    ///
    /// # Errors
    /// When the body fails, the other end aborted the stream or the connection is lost.
    pub async fn send_body<B>(&mut self, body: B) -> Result<(), StreamError>
    where
        B: Body + Unpin,
        B::Data: Buf,
    {
        let mut body = Gathered::new(body);
        while !self.finished {
            let next = poll_fn(|cx| {
                // A reset by the other end must not wait for a slow body.
                if let Poll::Ready(reset) = self.stream.poll_reset(cx) {
                    return Poll::Ready(Err(
                        reset.map_or_else(Into::into, |_| StreamError::Aborted)
                    ));
                }
                body.poll_next(cx).map(Ok)
            });
            match next.await? {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(chunk) => {
                        let last = body.is_end_stream();
                        self.send_chunk(chunk, last).await?;
                    }
                    Err(frame) => self.end(frame.into_trailers().ok())?,
                },
                Some(Err(_body)) => {
                    // The reset takes along what is still queued: let that go out first.
                    tokio::task::yield_now().await;
                    self.abort();
                    return Err(StreamError::Aborted);
                }
                None => self.end(None)?,
            }
        }
        Ok(())
    }

    /// Ends the stream cleanly.
    ///
    /// # Errors
    /// When the other end aborted the stream or the connection is lost.
    pub fn finish(mut self) -> Result<(), StreamError> {
        self.end(None)
    }

    /// Ends the stream so that the other end sees it was not complete.
    pub fn abort(&mut self) {
        if !self.finished {
            self.finished = true;
            self.stream.send_reset(Reason::CANCEL);
        }
    }

    /// Resolves when the other end resets the stream.
    pub(super) async fn reset(&mut self) {
        // Whatever it says, the stream is over.
        drop(poll_fn(|cx| self.stream.poll_reset(cx)).await);
    }

    async fn send_chunk(&mut self, chunk: Bytes, last: bool) -> Result<(), StreamError> {
        if !chunk.is_empty() {
            self.capacity().await?;
        } else if !last {
            // An empty frame that ends nothing counts against the sender.
            return Ok(());
        }
        self.stream.send_data(chunk, last)?;
        self.finished = last;
        Ok(())
    }

    /// Waits until at least one byte may be sent; the library keeps the rest of a chunk.
    async fn capacity(&mut self) -> Result<(), StreamError> {
        // The library never tells a fast producer to let others run.
        tokio::task::consume_budget().await;
        self.stream.reserve_capacity(1);
        while self.stream.capacity() == 0 {
            match poll_fn(|cx| self.stream.poll_capacity(cx)).await {
                Some(Ok(_bytes)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(StreamError::Aborted),
            }
        }
        Ok(())
    }

    fn end(&mut self, trailers: Option<HeaderMap>) -> Result<(), StreamError> {
        let fields = trailers.map(|mut fields| {
            trailers::strip(&mut fields);
            fields
        });
        match fields.filter(|fields| !fields.is_empty()) {
            Some(fields) => self.stream.send_trailers(fields)?,
            None => self.stream.send_data(Bytes::new(), true)?,
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        self.abort();
    }
}
