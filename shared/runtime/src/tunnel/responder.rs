//! The answering half of a stream that the other end opened.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::{Response, StatusCode};
use http_body::Body;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use underpass_shared::protocol::timers::LINGER;

use super::error::StreamError;
use super::gauge::ActiveStream;
use super::inbound::{Inbound, Over};
use super::outbound::Outbound;
use super::raw::carry;
use super::served::Served;

/// Answers one request. Dropping it unanswered aborts the stream.
#[derive(Debug)]
pub struct Responder {
    respond: SendResponse<Bytes>,
    answered: bool,
    upload: Over,
    served: Served,
    _active: ActiveStream,
}

impl Responder {
    pub(super) fn new(
        respond: SendResponse<Bytes>,
        upload: Over,
        served: Served,
        active: ActiveStream,
    ) -> Self {
        upload.watch();
        Self {
            respond,
            answered: false,
            upload,
            served,
            _active: active,
        }
    }

    /// Resolves when the caller gives the request up before it is answered.
    pub async fn cancelled(&mut self) {
        // Whatever it says, the stream is over.
        drop(poll_fn(|cx| self.respond.poll_reset(cx)).await);
    }

    /// The last round trip of a PING on the request's connection.
    pub fn round_trip(&self) -> Option<Duration> {
        self.served.round_trip()
    }

    /// Sends an answer and its whole body; aborts the stream when the body fails.
    ///
    /// # Errors
    /// When the body fails, the caller gave the request up or the connection is lost.
    pub async fn send<B>(self, response: Response<B>) -> Result<(), StreamError>
    where
        B: Body + Unpin,
        B::Data: bytes::Buf,
    {
        self.send_then(response, || {}).await
    }

    /// The same; calls `sent` when the last byte is on its way, which may be long before a caller
    /// stops its upload.
    ///
    /// # Errors
    /// As for [`Responder::send`]; `sent` is then not called.
    pub fn send_then<B>(
        mut self,
        response: Response<B>,
        sent: impl FnOnce(),
    ) -> impl Future<Output = Result<(), StreamError>>
    where
        B: Body + Unpin,
        B::Data: bytes::Buf,
    {
        let (head, body) = response.into_parts();
        let empty = body.is_end_stream();
        let begun = self.begin(Response::from_parts(head, ()), empty);
        async move {
            let mut outbound = begun?;
            if !empty {
                outbound.send_body(body).await?;
            }
            sent();
            self.linger(outbound).await;
            Ok(())
        }
    }

    /// Tells the caller that its body is wanted.
    ///
    /// # Errors
    /// When the caller gave the request up or the connection is lost.
    pub fn invite(&mut self) -> Result<(), StreamError> {
        let mut head = Response::new(());
        *head.status_mut() = StatusCode::CONTINUE;
        Ok(self.respond.send_informational(head)?)
    }

    /// Sends the head of an answer, then carries raw bytes between the caller and `io` until both
    /// directions have ended; `first` was read from `io` already.
    ///
    /// A connection that drains breaks it off at once: such bytes have no end to wait for, and who
    /// sends them can come back elsewhere.
    ///
    /// # Errors
    /// When either side broke off, or the connection drains or is lost; `io` should then be aborted.
    pub async fn carry<S>(
        mut self,
        head: Response<()>,
        upload: Inbound,
        io: &mut S,
        first: Bytes,
    ) -> Result<(), StreamError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let outbound = self.begin(head, false)?;
        tokio::select! {
            carried = carry(io, first, upload, outbound) => carried,
            () = self.served.draining() => Err(StreamError::Aborted),
        }
    }

    /// Sends the head of an answer whose body stays open; for the tunnel's own messages.
    pub(super) fn begin(&mut self, head: Response<()>, end: bool) -> Result<Outbound, StreamError> {
        self.answered = true;
        let stream = self.respond.send_response(head, end)?;
        Ok(Outbound::new(stream, end))
    }

    /// Refuses the request as one that was not begun: it may be sent again elsewhere.
    pub(super) fn refuse(mut self) {
        self.answered = true;
        self.respond.send_reset(Reason::REFUSED_STREAM);
    }

    /// After an early answer the caller stops its upload by a reset. Were we to reset first, the
    /// reset could overtake the end of our answer and make it look aborted.
    async fn linger(&mut self, mut outbound: Outbound) {
        const STEP: Duration = Duration::from_millis(100);
        let mut waited = Duration::ZERO;
        while !self.upload.is_set() && waited < LINGER {
            if timeout(STEP, outbound.reset()).await.is_ok() {
                return;
            }
            waited += STEP;
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if !self.answered {
            self.respond.send_reset(Reason::INTERNAL_ERROR);
        }
        self.upload.unwatch();
    }
}
