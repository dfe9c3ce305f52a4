//! One connection: handshake, requests, end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ProtocolVersion;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use underpass_runtime::net;
use underpass_runtime::tasks::Tasks;
use underpass_shared::config::MonitoringUsers;
use underpass_shared::pairing::EXPORTER_LABEL;
use underpass_shared::protocol::timers::HANDSHAKE;

use super::passwords::Shown;
use super::visitor::Visitor;
use super::{Shared, outside, passwords};
use crate::admin::{Body, Caller, Knock, serve};
use crate::patient::Patient;
use crate::store::Snapshot;

/// How long the head of an operator's request may take, and how long an idle connection lives.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// The same for somebody without a certificate.
const STRANGER_HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection without a certificate lives; a probe has one request to make.
const STRANGER_LIFE: Duration = Duration::from_secs(30);
/// Bytes of a request's head that are kept.
const HEAD_LEN_MAX: usize = 16 * 1024;
/// Header lines of a request.
const HEADERS_MAX: usize = 64;
/// How long answers on their way may take when a connection is cut, well below the five seconds
/// within which a revocation takes effect.
const CUT_GRACE: Duration = Duration::from_secs(2);

type Stream = TlsStream<Patient<TcpStream>>;

/// Serves a connection to its end.
pub(super) async fn run(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, tasks: Tasks) {
    let place = shared.crowd.enter();
    let shaken = tokio::select! {
        shaken = timeout(HANDSHAKE, shake(stream, &shared)) => shaken,
        () = place.pushed_out() => return,
        () = tasks.stopped() => return,
    };
    let stream = match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::info!(%peer, %error, "handshake failed at the management API");
            return;
        }
    };
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let Some(visitor) = Visitor::of(chain, &shared) else {
        tokio::select! {
            () = stranger(stream, peer, &shared, &tasks) => {}
            () = tokio::time::sleep(STRANGER_LIFE) => {}
            () = place.pushed_out() => {}
            () = tasks.stopped() => {}
        }
        return;
    };
    drop(place);
    let Ok(_slot) = shared.operators.try_acquire() else {
        tracing::warn!(%peer, "too many connections of operators; one was refused");
        return;
    };
    operator(stream, peer, visitor, &shared, tasks).await;
}

async fn shake(stream: TcpStream, shared: &Shared) -> io::Result<Stream> {
    net::tune_edge(&stream)?;
    let config = {
        let snapshot = shared.snapshot.borrow();
        let settings = snapshot.document().connector();
        shared.front().tls.of(settings).map_err(io::Error::other)?
    };
    let stream = Patient::new(stream);
    TlsAcceptor::from(config).accept(stream).await
}

fn http(head_time: Duration) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(HEAD_LEN_MAX)
        .max_headers(HEADERS_MAX);
    builder
}

/// Answers are of the moment, and not for caches on the way.
fn fresh(mut response: Response<Body>) -> Response<Body> {
    let no = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no);
    response
}

async fn stranger(stream: Stream, peer: SocketAddr, shared: &Arc<Shared>, tasks: &Tasks) {
    let knock = knock(&stream, peer);
    let shown = Mutex::new(Shown::default());
    let service = service_fn(|request: Request<Incoming>| async {
        let answer = match outside::probe(&request) {
            Some(answer) => answer.map(Body::from),
            None => unproved(shared, peer, knock, &shown, request, tasks).await,
        };
        Ok::<_, Infallible>(fresh(answer))
    });
    let served = http(STRANGER_HEAD_TIME).serve_connection(TokioIo::new(stream), service);
    let served = tokio::select! {
        served = served => served,
        () = over(shared, &shown) => return,
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection without certificate ended");
    }
}

/// Answers somebody without a certificate: a user with a password where there is any, else a client
/// that wants to be paired.
async fn unproved(
    shared: &Arc<Shared>,
    peer: SocketAddr,
    knock: Option<Knock>,
    shown: &Mutex<Shown>,
    request: Request<Incoming>,
    tasks: &Tasks,
) -> Response<Body> {
    let users = users(&shared.snapshot.borrow());
    let words = passwords::words(request.headers());
    let (Some(words), false) = (words, users.as_slice().is_empty()) else {
        let answer = outside::receive(shared, knock, request, tasks).await;
        return answer.map(Body::from);
    };
    let known = locked(shown).clone();
    let admitted = shared.gate.admit(words, &known, &users, peer.ip()).await;
    match admitted {
        Ok((caller, now)) => {
            *locked(shown) = now;
            serve::respond(&shared.admin, caller, request, tasks).await
        }
        Err(answer) => answer.map(Body::from),
    }
}

/// Resolves when whoever was let in by a password may be no longer.
async fn over(shared: &Shared, shown: &Mutex<Shown>) {
    let mut snapshot = shared.snapshot.clone();
    while snapshot.changed().await.is_ok() {
        let users = users(&snapshot.borrow_and_update());
        if locked(shown).is_over(&users) {
            return;
        }
    }
    std::future::pending().await
}

/// The users with a password; what cannot be read names nobody.
fn users(current: &Snapshot) -> MonitoringUsers {
    if current.problem().is_some() {
        return MonitoringUsers::default();
    }
    current.document().connector().monitoring_users.clone()
}

fn locked(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What pairing needs. Older versions of TLS do not bind the exporter well enough.
fn knock(stream: &Stream, peer: SocketAddr) -> Option<Knock> {
    let session = stream.get_ref().1;
    if session.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return None;
    }
    let exporter = session.export_keying_material([0; 32], EXPORTER_LABEL, None);
    exporter.ok().map(|exporter| Knock { peer, exporter })
}

async fn operator(
    stream: Stream,
    peer: SocketAddr,
    visitor: Visitor,
    shared: &Arc<Shared>,
    tasks: Tasks,
) {
    let (known, within, group) = (visitor.clone(), Arc::clone(shared), tasks.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let caller = known.caller(&within.snapshot.borrow());
        let (admin, group) = (Arc::clone(&within.admin), group.clone());
        if let Some(Caller::Operator(operator)) = &caller {
            admin.desk().seen(operator.id);
        }
        async move {
            let answer = match (outside::probe(&request), caller) {
                (Some(answer), _) => answer.map(Body::from),
                (None, Some(caller)) => serve::respond(&admin, caller, request, &group).await,
                (None, None) => outside::unauthorised(
                    "this caller may no longer use this agent; pair with `underpass-agent pair`",
                )
                .map(Body::from),
            };
            Ok::<_, Infallible>(fresh(answer))
        }
    });
    let builder = http(HEAD_TIME);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        reason = visitor.ended(shared) => {
            tracing::info!(%peer, reason, "an operator's connection is cut");
            connection.as_mut().graceful_shutdown();
            timeout(CUT_GRACE, connection).await.unwrap_or(Ok(()))
        }
        () = tasks.stopped() => {
            connection.as_mut().graceful_shutdown();
            timeout(CUT_GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an operator's connection ended");
    }
}
