//! The end of a connection that answers streams: the agent on tunnels, the gateway on control.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use underpass_shared::protocol::internal::{
    DRAIN, Drain, FENCE, Fence, HELLO, Hello, HelloAnswer, RETRY_AFTER, RetryAfter, Standby, Wish,
};
use underpass_shared::protocol::timers::{CLOSE_WAIT, DRAIN_GRACE, HANDSHAKE, INTERNAL_REQUEST};

use super::batch::{Batched, Flusher, batch};
use super::error::ConnectionError;
use super::gauge::{ActiveStream, Gauge};
use super::inbound::{Inbound, Over};
use super::internal::{self, Lines};
use super::io::Wire;
use super::responder::Responder;
use super::settings;
use super::upkeep::{Order, Upkeep};
use crate::tasks::Tasks;

/// Answers the requests of a connection.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request, on a task of its own.
    fn handle(
        self: Arc<Self>,
        request: Request<Inbound>,
        responder: Responder,
    ) -> impl Future<Output = ()> + Send;
}

/// What the caller said of a connection's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It carries streams.
    Holder,
    /// It stays up and carries none.
    Standby(Standby),
}

/// A served connection as its owner sees it. Clones are the same connection.
#[derive(Clone, Debug)]
pub struct Served(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    answer: HelloAnswer,
    few_streams: bool,
    hello: watch::Sender<Option<Hello>>,
    gate: AtomicU8,
    place: watch::Sender<Option<Place>>,
    epoch: AtomicU64,
    retry_after: Mutex<Option<RetryAfter>>,
    wish_drain: Notify,
    draining: CancellationToken,
    gauge: Arc<Gauge>,
}

const OPEN: u8 = 0;
const STANDBY: u8 = 1;
const DRAINING: u8 = 2;

impl Served {
    /// A connection to come, on which `answer` will answer the hello.
    pub fn new(answer: HelloAnswer) -> Self {
        Self::with(answer, false)
    }

    /// The same for a few small requests, also of callers that proved nothing yet.
    pub fn for_requests(answer: HelloAnswer) -> Self {
        Self::with(answer, true)
    }

    fn with(answer: HelloAnswer, few_streams: bool) -> Self {
        Self(Arc::new(Inner {
            answer,
            few_streams,
            hello: watch::Sender::new(None),
            gate: AtomicU8::new(OPEN),
            place: watch::Sender::new(None),
            epoch: AtomicU64::new(0),
            retry_after: Mutex::new(None),
            wish_drain: Notify::new(),
            draining: CancellationToken::new(),
            gauge: Gauge::new(),
        }))
    }

    /// The caller's hello, once the connection is up.
    pub fn hello(&self) -> watch::Receiver<Option<Hello>> {
        self.0.hello.subscribe()
    }

    /// Whether it carries streams, once the caller said so; callers of older releases do not.
    pub fn place(&self) -> watch::Receiver<Option<Place>> {
        self.0.place.subscribe()
    }

    /// Streams that are open now.
    pub fn active(&self) -> usize {
        self.0.gauge.active()
    }

    /// Whether it takes new streams: the caller greeted and nobody asked for its end.
    pub fn is_up(&self) -> bool {
        self.0.hello.borrow().is_some() && !self.0.draining.is_cancelled()
    }

    /// The last round trip of a PING.
    pub fn round_trip(&self) -> Option<Duration> {
        self.0.gauge.round_trip()
    }

    /// Round trips since the last call, as far as they are kept: a few.
    pub fn take_round_trips(&self) -> Vec<Duration> {
        self.0.gauge.take_round_trips()
    }

    /// Resolves when this connection is on its way out: a replacement is due.
    pub async fn draining(&self) {
        self.0.draining.cancelled().await;
    }

    /// The caller's word to come back later, if it gave one.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_slot().clone()
    }

    /// Asks the caller to open no new streams; [`serve`] returns when the running ones have ended.
    pub fn wish_drain(&self) {
        self.0.wish_drain.notify_one();
    }

    fn retry_slot(&self) -> std::sync::MutexGuard<'_, Option<RetryAfter>> {
        self.0
            .retry_after
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_drain(&self) {
        self.0.gate.store(DRAINING, Ordering::Release);
        self.0.draining.cancel();
    }
}

/// Serves a connection until it ends. Drained connections end when their streams have.
///
/// # Errors
/// Why the connection broke, when it did not end cleanly.
pub async fn serve<S, H>(
    io: S,
    wire: Wire,
    served: &Served,
    handler: &Arc<H>,
    tasks: &Tasks,
) -> Result<(), ConnectionError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let mut link = Link::establish(io, wire, served).await?;
    let mut hello = served.hello();
    let greeted = async move { hello.wait_for(Option::is_some).await.is_ok() };
    let mut greeting = std::pin::pin!(timeout(HANDSHAKE, greeted));
    let mut is_greeted = false;
    let mut draining = std::pin::pin!(served.draining());
    loop {
        tokio::select! {
            biased;
            next = poll_fn(|cx| link.poll(cx)) => {
                let Some((request, respond)) = next? else { return Ok(()) };
                dispatch(request, respond, served, handler, tasks);
            }
            greeted = &mut greeting, if !is_greeted => {
                is_greeted = matches!(greeted, Ok(true));
                if !is_greeted {
                    return Err(ConnectionError::Timeout);
                }
            }
            () = &mut draining => break,
        }
    }
    finish(link, served, handler, tasks).await
}

/// Lets the running streams end, then says goodbye; aborts those that outlast the grace.
async fn finish<S, H>(
    mut link: Link<S>,
    served: &Served,
    handler: &Arc<H>,
    tasks: &Tasks,
) -> Result<(), ConnectionError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut said_goodbye = false;
    let ending = async {
        loop {
            tokio::select! {
                biased;
                next = poll_fn(|cx| link.poll(cx)) => {
                    let (request, respond) = match next {
                        Ok(Some(accepted)) => accepted,
                        Ok(None) => return Ok(()),
                        // Whoever closes first after the goodbye, nothing was lost.
                        Err(_) if said_goodbye => return Ok(()),
                        Err(error) => return Err(error),
                    };
                    dispatch(request, respond, served, handler, tasks);
                }
                _ = tick.tick(), if !said_goodbye => {
                    if served.active() == 0 {
                        said_goodbye = true;
                        link.connection.graceful_shutdown();
                    }
                }
            }
        }
    };
    match timeout(DRAIN_GRACE, ending).await {
        Ok(Ok(())) => link.flusher.wait_for_end(CLOSE_WAIT).await,
        Ok(Err(error)) => return Err(error),
        // What still runs is aborted.
        Err(_elapsed) => {}
    }
    Ok(())
}

type Accepted = (Request<h2::RecvStream>, SendResponse<Bytes>);

/// What the driver moves.
struct Link<S> {
    connection: Connection<Batched<S>, Bytes>,
    upkeep: Upkeep,
    flusher: Flusher<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    async fn establish(io: S, wire: Wire, served: &Served) -> Result<Self, ConnectionError> {
        let (io, flusher) = batch(io, wire.clone());
        let settings = if served.0.few_streams {
            settings::server_for_requestss()
        } else {
            settings::server()
        };
        let handshake = settings.handshake::<_, Bytes>(io);
        let mut connection = timeout(HANDSHAKE, handshake)
            .await
            .map_err(|_elapsed| ConnectionError::Timeout)?
            .map_err(ConnectionError::Broken)?;
        let pings = connection
            .ping_pong()
            .ok_or(ConnectionError::Protocol("pings are taken"))?;
        Ok(Self {
            connection,
            upkeep: Upkeep::new(pings, wire, Arc::clone(&served.0.gauge)),
            flusher,
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Accepted>, ConnectionError>> {
        while let Poll::Ready(order) = self.upkeep.poll(cx) {
            match order {
                Order::Announce(window) => {
                    let done = self.connection.set_initial_window_size(window).is_ok();
                    self.upkeep.announced(window, done);
                }
                Order::Dead => return Poll::Ready(Err(ConnectionError::Silent)),
            }
        }
        let next = self.connection.poll_accept(cx);
        if next.is_pending()
            && let Poll::Ready(Err(error)) = self.flusher.poll_flush(cx)
        {
            return Poll::Ready(Err(ConnectionError::Io(error)));
        }
        next.map(|next| next.transpose().map_err(ConnectionError::Broken))
    }
}

fn dispatch<H: Handler>(
    request: Request<h2::RecvStream>,
    respond: SendResponse<Bytes>,
    served: &Served,
    handler: &Arc<H>,
    tasks: &Tasks,
) {
    let gauge = &served.0.gauge;
    let upload = Over::default();
    let internal = internal::is_internal(&request);
    let active = ActiveStream::new(gauge);
    let responder = Responder::new(respond, upload.clone(), served.clone(), active);
    if !internal && served.0.gate.load(Ordering::Acquire) != OPEN {
        responder.refuse();
        return;
    }
    let request = request.map(|recv| Inbound::new(recv, None, gauge, tasks, upload));
    if internal {
        let served = served.clone();
        tasks.spawn("tunnel-internal", async move {
            if let Err(error) = answer_internal(&served, request, responder).await {
                tracing::warn!(%error, "internal request failed");
            }
        });
    } else {
        // In a box, since spawning and ending move the future several times.
        let handling = Box::pin(Arc::clone(handler).handle(request, responder));
        tasks.spawn("tunnel-stream", handling);
    }
}

async fn answer_internal(
    served: &Served,
    request: Request<Inbound>,
    responder: Responder,
) -> Result<(), ConnectionError> {
    let path = request.uri().path().to_owned();
    let body = Lines::new(request.into_body());
    let status = match path.as_str() {
        HELLO => {
            let hello: Hello = body.only().await?;
            return speak(served, hello, responder).await;
        }
        DRAIN => {
            let _: Drain = body.only().await?;
            served.begin_drain();
            StatusCode::OK
        }
        FENCE => obey_fence(served, body.only().await?),
        RETRY_AFTER => {
            *served.retry_slot() = Some(body.only().await?);
            StatusCode::OK
        }
        _ => StatusCode::NOT_FOUND,
    };
    let mut response = Response::new(Empty::<Bytes>::new());
    *response.status_mut() = status;
    responder.send(response).await?;
    Ok(())
}

/// Refuses an order of an older epoch than the highest seen.
fn obey_fence(served: &Served, fence: Fence) -> StatusCode {
    let highest = served.0.epoch.fetch_max(fence.epoch, Ordering::AcqRel);
    if fence.epoch < highest {
        return StatusCode::CONFLICT;
    }
    let (from, to, place) = if fence.holder {
        (STANDBY, OPEN, Place::Holder)
    } else {
        let why = fence.why.unwrap_or(Standby::Other);
        (OPEN, STANDBY, Place::Standby(why))
    };
    served.0.place.send_replace(Some(place));
    let gate = &served.0.gate;
    match gate.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire) {
        // A connection that drains, or stands as ordered already, stays so.
        Ok(_) | Err(_) => StatusCode::OK,
    }
}

/// Answers the hello and keeps the answer open for our own wishes.
async fn speak(
    served: &Served,
    hello: Hello,
    mut responder: Responder,
) -> Result<(), ConnectionError> {
    let mut voice = responder.begin(Response::new(()), false)?;
    voice.send(internal::line(&served.0.answer)?).await?;
    // The voice is no work that a drain must wait for.
    drop(responder);
    served.0.hello.send_replace(Some(hello));
    tokio::select! {
        () = served.0.wish_drain.notified() => {}
        // The connection ends only when this stream has ended too.
        () = served.draining() => return Ok(voice.finish()?),
        () = voice.reset() => return Ok(()),
    }
    voice.send(internal::line(&Wish::Drain)?).await?;
    // A caller that does not acknowledge must not keep us from leaving.
    if timeout(INTERNAL_REQUEST, served.draining()).await.is_err() {
        served.begin_drain();
    }
    Ok(voice.finish()?)
}
