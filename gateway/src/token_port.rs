//! The TLS listener of the token endpoint.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::{clock, net};

use crate::metrics::{Metrics, TokenOutcome};
use crate::oauth::{BODY_MAX, TokenEndpoint};

/// Connections at once; a client needs one for the time of a request.
const CONNECTIONS_MAX: usize = 1_024;
/// How long a handshake, a head and a body may take, each.
const STEP_TIME: Duration = Duration::from_secs(10);
/// Largest head of a request, in bytes.
const HEAD_MAX: usize = 64 * 1024;
/// Pause after the system refuses a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until told to stop.
pub async fn run(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    endpoint: Arc<TokenEndpoint>,
    metrics: Arc<Metrics>,
    tasks: Tasks,
) {
    let tls = TlsAcceptor::from(tls);
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopped() => return,
        };
        match accepted {
            Ok((stream, remote)) => {
                // One too many is closed at once.
                if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
                    let served = Served {
                        endpoint: Arc::clone(&endpoint),
                        metrics: Arc::clone(&metrics),
                        remote,
                    };
                    let client = client(stream, tls.clone(), served, slot);
                    let stopped = tasks.clone();
                    tasks.spawn("token-client", async move {
                        tokio::select! {
                            () = client => {}
                            () = stopped.stopped() => {}
                        }
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection on the token port");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What the requests of one connection need.
#[derive(Clone)]
struct Served {
    endpoint: Arc<TokenEndpoint>,
    metrics: Arc<Metrics>,
    remote: SocketAddr,
}

async fn client(stream: TcpStream, tls: TlsAcceptor, served: Served, _slot: OwnedSemaphorePermit) {
    let remote = served.remote;
    if net::tune_edge(&stream).is_err() {
        return;
    }
    let Ok(Ok(stream)) = timeout(STEP_TIME, tls.accept(stream)).await else {
        tracing::debug!(%remote, "handshake failed on the token port");
        return;
    };
    let service = service_fn(move |request| {
        let served = served.clone();
        async move { Ok::<_, Infallible>(served.answer(request).await) }
    });
    let ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(STEP_TIME)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = ended.await {
        tracing::debug!(%remote, %error, "token connection ended");
    }
}

impl Served {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = timeout(STEP_TIME, Limited::new(body, BODY_MAX).collect()).await;
        let Ok(Ok(body)) = body else {
            self.metrics.tokens.count(TokenOutcome::Malformed);
            let text =
                format!("the body must arrive within 10 s and have at most {BODY_MAX} bytes");
            let mut response = Response::new(Full::from(text));
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            return response;
        };
        let request = Request::from_parts(head, body.to_bytes());
        let answer = self
            .endpoint
            .handle(&request, self.remote.ip(), clock::wall_ms());
        let outcome = TokenEndpoint::outcome(request.uri().path(), answer.status());
        self.metrics.tokens.count(outcome);
        answer.map(Full::new)
    }
}
