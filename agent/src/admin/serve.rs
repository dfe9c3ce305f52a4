//! The local socket: connections in, requests to the handlers, answers out.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{ErrorType, Refusal};

use super::dispatch::brings_a_file;
use super::payload::{self, Payload, Rest};
use super::socket::{Listener, Peer, Stream};
use super::{Admin, Body, Caller, answer, body_len_max};
use crate::patient::Patient;

/// Connections at a time; further ones wait in the kernel. Operators are few.
const CONNECTIONS_MAX: usize = 64;
/// How long a request's head may take, and how long an idle connection lives.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a request may take in all; enrolment waits for a gateway in it.
const REQUEST_TIME: Duration = Duration::from_secs(120);
/// Bytes of a request's head that are kept; the smallest that the library allows.
const HEAD_LEN_MAX: usize = 16 * 1024;
/// Header lines of a request.
const HEADERS_MAX: usize = 64;
/// Pause after the system refuses a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the administration of a data directory on another thread's runtime, so that a large
/// document never holds up a forwarded request. Ends with `tasks`.
///
/// # Errors
/// When the socket cannot be made.
pub fn start(
    data_dir: &Path,
    operators: Option<&str>,
    admin: Admin,
    runtime: &Handle,
    tasks: &Tasks,
) -> io::Result<()> {
    let listener = {
        let _inside = runtime.enter();
        Listener::bind(data_dir, operators)?
    };
    let accepting = accept(listener, admin, tasks.clone());
    tasks.spawn_on(runtime, "admin-accept", accepting);
    Ok(())
}

async fn accept(mut listener: Listener, admin: Admin, tasks: Tasks) {
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&free).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopped() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (admin, group) = (admin.clone(), tasks.clone());
                let connection = async move {
                    serve(stream, peer, admin, group).await;
                    drop(permit);
                };
                tasks.spawn("admin-connection", connection);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept an administrator's connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(stream: Stream, peer: Peer, admin: Admin, tasks: Tasks) {
    let (peer, admin) = (Arc::new(peer), Arc::new(admin));
    let group = tasks.clone();
    let service = service_fn(move |request| {
        let (peer, admin, group) = (Arc::clone(&peer), Arc::clone(&admin), group.clone());
        async move {
            let response = respond_to(&admin, &peer, request, &group).await;
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_LEN_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(Patient::new(stream)), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = tasks.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an administrator's connection ended");
    }
}

async fn respond_to(
    admin: &Arc<Admin>,
    peer: &Peer,
    request: Request<Incoming>,
    tasks: &Tasks,
) -> Response<Body> {
    match peer {
        Peer::Allowed(caller) => respond(admin, caller.clone(), request, tasks).await,
        Peer::Refused(who) => {
            tracing::warn!(%who, "administration refused to a user who may not do it");
            let message = format!("{who} may not administer this agent");
            admin.stranger(&who.to_string(), &message);
            let kind = ErrorType::ForbiddenRequest;
            let refusal = Refusal::new(StatusCode::FORBIDDEN, kind, message);
            answer::refused(&refusal, None).map(Body::from)
        }
    }
}

/// Answers one request of a caller whom the carrier of the request knows.
pub(crate) async fn respond(
    admin: &Arc<Admin>,
    caller: Caller,
    request: Request<Incoming>,
    tasks: &Tasks,
) -> Response<Body> {
    let answered = timeout(REQUEST_TIME, async {
        let (request, rest) = match receive(request).await {
            Ok(received) => received,
            Err(refusal) => return answer::refused(&refusal, None).map(Body::from),
        };
        // A caller who leaves must not stop it half way: an enrolment's token is burnt by then.
        let admin = Arc::clone(admin);
        let work = async move { admin.handle(&caller, request).await };
        let answered = match tasks.spawn("admin-request", work).await {
            Ok(Some(response)) => response,
            Ok(None) | Err(_) => {
                let message = "the request ended in a panic; this is a defect of this program";
                answer::refused(&Refusal::failure(message), None).map(Body::from)
            }
        };
        if let Some(rest) = rest {
            rest.drain().await;
        }
        answered
    });
    answered.await.unwrap_or_else(|_elapsed| {
        let message = "no answer within 120 s; see the revisions for what became of the request";
        answer::refused(&Refusal::failure(message), None).map(Body::from)
    })
}

/// A request with its body, which has a limit. A file is not read yet; what nobody will have read
/// of it has to be taken from a caller who sends it in any case.
async fn receive(request: Request<Incoming>) -> Result<(Request<Payload>, Option<Rest>), Refusal> {
    let path = request.uri().path();
    if !brings_a_file(request.method(), path) {
        let request = collect(request).await?;
        return Ok((request.map(Payload::Whole), None));
    }
    let most = body_len_max(path);
    let asks_first = request.headers().contains_key(EXPECT);
    let (head, body) = request.into_parts();
    if usize::try_from(body.size_hint().lower()).is_ok_and(|len| len > most) {
        return Err(payload::too_long(most));
    }
    let (body, rest) = Payload::arriving(body, most);
    Ok((
        Request::from_parts(head, body),
        (!asks_first).then_some(rest),
    ))
}

/// A request with all of its body, which has a limit.
pub(crate) async fn collect(request: Request<Incoming>) -> Result<Request<Bytes>, Refusal> {
    let (head, body) = request.into_parts();
    let most = body_len_max(head.uri.path());
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(Request::from_parts(head, collected.to_bytes())),
        Err(error) => Err(payload::refusal(&*error, most)),
    }
}
