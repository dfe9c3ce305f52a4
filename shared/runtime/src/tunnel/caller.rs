//! The end of a connection that opens streams: the gateway on tunnels, the agent on control.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use underpass_shared::protocol::capability::{CAPABILITY, CAPABILITY_MIN};
use underpass_shared::protocol::internal::{
    DRAIN, Drain, FENCE, Fence, HELLO, Hello, HelloAnswer, RETRY_AFTER, RetryAfter, Wish,
};
use underpass_shared::protocol::limits::CALLER_STREAMS_MAX;
use underpass_shared::protocol::timers::{DRAIN_GRACE, HANDSHAKE, INTERNAL_REQUEST};

use super::batch::{Batched, Flusher, batch};
use super::error::{ConnectionError, StreamError};
use super::gauge::{ActiveStream, Gauge};
use super::inbound::{Inbound, Over};
use super::internal::{self, Lines};
use super::io::Wire;
use super::outbound::Outbound;
use super::settings;
use super::upkeep::{Order, Upkeep};
use crate::tasks::Tasks;

/// A connection on which streams can be opened. Clones are the same connection.
#[derive(Clone, Debug)]
pub struct Caller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    send: SendRequest<Bytes>,
    gauge: Arc<Gauge>,
    tasks: Tasks,
    answer: HelloAnswer,
    /// Held while a stream is opened, so that none is opened after a drain was told.
    gate: Mutex<Gate>,
    close: CancellationToken,
    closed: CancellationToken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    Standby,
    Draining,
}

/// A stream that was opened: its upload, and its answer to come.
#[derive(Debug)]
pub struct Stream {
    response: ResponseFuture,
    active: ActiveStream,
    caller: Arc<Inner>,
}

impl Caller {
    /// Starts calling on `io` and says hello; the connection is up when this returns.
    ///
    /// Its tasks run on the runtime of the calling task and belong to `tasks`.
    ///
    /// # Errors
    /// When the other end does not answer as it should, or not in time.
    pub async fn establish<S>(
        io: S,
        wire: Wire,
        hello: &Hello,
        tasks: &Tasks,
    ) -> Result<Self, ConnectionError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        timeout(HANDSHAKE, Self::connect(io, wire, hello, tasks))
            .await
            .unwrap_or(Err(ConnectionError::Timeout))
    }

    async fn connect<S>(
        io: S,
        wire: Wire,
        hello: &Hello,
        tasks: &Tasks,
    ) -> Result<Self, ConnectionError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (io, flusher) = batch(io, wire.clone());
        let (send, mut connection) = settings::client()
            .handshake(io)
            .await
            .map_err(ConnectionError::Broken)?;
        let gauge = Gauge::new();
        let pings = connection
            .ping_pong()
            .ok_or(ConnectionError::Protocol("pings are taken"))?;
        let upkeep = Upkeep::new(pings, wire, Arc::clone(&gauge));
        let (close, closed) = (CancellationToken::new(), CancellationToken::new());
        // An error on the way up ends the driver too.
        let closing = close.clone().drop_guard();
        let link = Link {
            connection,
            upkeep,
            flusher,
        };
        tasks.spawn("tunnel-caller", drive(link, close.clone(), closed.clone()));

        let (answer, voice) = say_hello(&send, hello, &gauge, tasks).await?;
        if answer.capability < CAPABILITY_MIN {
            return Err(ConnectionError::Capability {
                theirs: answer.capability,
                ours: CAPABILITY_MIN,
            });
        }
        let caller = Self(Arc::new(Inner {
            send,
            gauge,
            tasks: tasks.clone(),
            answer,
            gate: Mutex::new(Gate::Open),
            close: closing.disarm(),
            closed,
        }));
        tasks.spawn("tunnel-voice", caller.clone().listen(voice));
        Ok(caller)
    }

    /// Whether both are the same connection.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What the other end told of itself.
    pub fn answer(&self) -> &HelloAnswer {
        &self.0.answer
    }

    /// Streams that are open now.
    pub fn active(&self) -> usize {
        self.0.gauge.active()
    }

    /// Streams opened since the connection came up.
    pub fn opened(&self) -> u64 {
        self.0.gauge.opened()
    }

    /// How long the last PING took there and back, once one did.
    pub fn round_trip(&self) -> Option<Duration> {
        self.0.gauge.round_trip()
    }

    /// Whether new streams may be opened.
    pub fn is_open(&self) -> bool {
        !self.0.closed.is_cancelled() && *self.gate() == Gate::Open
    }

    /// Whether it is up: it takes new streams, or would without a fence.
    pub fn is_alive(&self) -> bool {
        !self.0.closed.is_cancelled() && *self.gate() != Gate::Draining
    }

    /// What both ends can do.
    pub fn capability(&self) -> u32 {
        self.0.answer.capability.min(CAPABILITY)
    }

    /// Opens a stream. With `end` the request has no body and the [`Outbound`] is finished.
    ///
    /// # Errors
    /// [`StreamError::Refused`] and [`StreamError::Crowded`] when another connection should be tried;
    /// an internal request is refused too, since nobody's request may pass for ours.
    pub fn open(&self, request: Request<()>, end: bool) -> Result<(Stream, Outbound), StreamError> {
        if internal::is_internal(&request) {
            return Err(StreamError::Refused);
        }
        let mut send = self.0.send.clone();
        let gate = self.gate();
        if *gate != Gate::Open {
            return Err(StreamError::Refused);
        }
        // The library would let it wait, with any number of others.
        if self.0.gauge.active() >= CALLER_STREAMS_MAX {
            return Err(StreamError::Crowded);
        }
        let opened = send.send_request(request, end);
        let (response, stream) = opened.map_err(|_closed| StreamError::Refused)?;
        let active = ActiveStream::new(&self.0.gauge);
        drop(gate);
        let stream_of = Stream {
            response,
            active,
            caller: Arc::clone(&self.0),
        };
        Ok((stream_of, Outbound::new(stream, end)))
    }

    /// Tells the other end that no new stream follows, waits for the running ones and closes.
    ///
    /// Streams that outlast the grace of 30 s are aborted.
    pub async fn drain(&self) {
        *self.gate() = Gate::Draining;
        let grace_ms = u64::try_from(DRAIN_GRACE.as_millis()).unwrap_or(u64::MAX);
        if self.tell(DRAIN, &Drain { grace_ms }).await.is_err() {
            // Lost or refused: nothing is left to wait for.
            self.0.close.cancel();
        }
        let margin = Duration::from_secs(1);
        if timeout(DRAIN_GRACE + margin, self.closed()).await.is_err() {
            self.0.close.cancel();
        }
    }

    /// Tells who carries streams in `fence.epoch`; a non-holder's connection stays warm.
    ///
    /// # Errors
    /// When the other end knows a higher epoch or the connection is lost.
    pub async fn fence(&self, fence: Fence) -> Result<(), ConnectionError> {
        if !fence.holder {
            self.pass_gate(Gate::Open, Gate::Standby);
        }
        self.tell(FENCE, &fence).await?;
        if fence.holder {
            self.pass_gate(Gate::Standby, Gate::Open);
        }
        Ok(())
    }

    /// Asks the other end to come back later, and closes.
    pub async fn retry_after(&self, retry: &RetryAfter) {
        *self.gate() = Gate::Draining;
        // It may have gone already; it is closed in any case.
        drop(self.tell(RETRY_AFTER, retry).await);
        self.0.close.cancel();
    }

    /// Closes at once; streams that run are aborted.
    pub fn close(&self) {
        *self.gate() = Gate::Draining;
        self.0.close.cancel();
    }

    /// Resolves when the connection has ended.
    pub async fn closed(&self) {
        self.0.closed.cancelled().await;
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.0.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_gate(&self, from: Gate, to: Gate) {
        let mut gate = self.gate();
        if *gate == from {
            *gate = to;
        }
    }

    async fn tell(&self, path: &str, message: &impl Serialize) -> Result<(), ConnectionError> {
        let inner = &self.0;
        let told = exchange(&inner.send, path, message, &inner.gauge, &inner.tasks);
        let response = timeout(INTERNAL_REQUEST, told)
            .await
            .unwrap_or(Err(ConnectionError::Timeout))?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(ConnectionError::Protocol(
                "the other end refused an internal request",
            ))
        }
    }

    /// Hears the other end's wishes until the connection ends.
    async fn listen(self, mut voice: Lines) {
        loop {
            match voice.next::<Wish>().await {
                Ok(Some(Wish::Drain)) => {
                    let draining = self.clone();
                    let task = async move { draining.drain().await };
                    self.0.tasks.spawn("tunnel-drain", task);
                }
                Ok(None) | Err(_) => return,
            }
        }
    }
}

impl Stream {
    /// Waits until the other end wants the body (true) or the answer is decided without it (false).
    pub async fn invited(&mut self) -> bool {
        loop {
            match poll_fn(|cx| self.response.poll_informational(cx)).await {
                Some(Ok(head)) if head.status() == StatusCode::CONTINUE => return true,
                // Nothing else is sent before an answer.
                Some(Ok(_)) => {}
                // The answer tells what happened.
                Some(Err(_)) | None => return false,
            }
        }
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// When the other end refused or aborted the stream, or the connection is lost.
    pub async fn response(self) -> Result<Response<Inbound>, StreamError> {
        let response = self.response.await?;
        let Inner { gauge, tasks, .. } = &*self.caller;
        let active = Some(self.active);
        Ok(response.map(|recv| Inbound::new(recv, active, gauge, tasks, Over::default())))
    }
}

async fn say_hello(
    send: &SendRequest<Bytes>,
    hello: &Hello,
    gauge: &Arc<Gauge>,
    tasks: &Tasks,
) -> Result<(HelloAnswer, Lines), ConnectionError> {
    let response = exchange(send, HELLO, hello, gauge, tasks).await?;
    if !response.status().is_success() {
        return Err(ConnectionError::Protocol("the other end refused the hello"));
    }
    let mut voice = Lines::new(response.into_body());
    match voice.next().await? {
        Some(answer) => Ok((answer, voice)),
        None => Err(ConnectionError::Protocol("the hello has no answer")),
    }
}

async fn exchange(
    send: &SendRequest<Bytes>,
    path: &str,
    message: &impl Serialize,
    gauge: &Arc<Gauge>,
    tasks: &Tasks,
) -> Result<Response<Inbound>, ConnectionError> {
    let mut send = send.clone();
    poll_fn(|cx| send.poll_ready(cx))
        .await
        .map_err(ConnectionError::Broken)?;
    let (response, stream) = send
        .send_request(internal::request(path)?, false)
        .map_err(ConnectionError::Broken)?;
    let body = Full::new(internal::line(message)?);
    Outbound::new(stream, false).send_body(body.boxed()).await?;
    let response = response.await.map_err(ConnectionError::Broken)?;
    Ok(response.map(|recv| Inbound::new(recv, None, gauge, tasks, Over::default())))
}

/// Moves frames until the connection ends, is given up or closed.
async fn drive<S>(mut link: Link<S>, close: CancellationToken, closed: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _closed = closed.drop_guard();
    tokio::select! {
        ended = poll_fn(|cx| link.poll(cx)) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "tunnel connection ended");
            }
        }
        () = close.cancelled() => {}
    }
}

/// What the driver moves.
struct Link<S> {
    connection: Connection<Batched<S>, Bytes>,
    upkeep: Upkeep,
    flusher: Flusher<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        while let Poll::Ready(order) = self.upkeep.poll(cx) {
            match order {
                Order::Announce(window) => {
                    let done = self.connection.set_initial_window_size(window).is_ok();
                    self.upkeep.announced(window, done);
                }
                Order::Dead => return Poll::Ready(Err(ConnectionError::Silent)),
            }
        }
        let moved = Pin::new(&mut self.connection).poll(cx);
        if moved.is_pending()
            && let Poll::Ready(Err(error)) = self.flusher.poll_flush(cx)
        {
            return Poll::Ready(Err(ConnectionError::Io(error)));
        }
        moved.map_err(ConnectionError::Broken)
    }
}
