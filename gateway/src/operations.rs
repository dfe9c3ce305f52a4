//! The operators' listener: `/healthz`, `/readyz` and `/metrics`, plain HTTP, nothing secret.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use underpass_runtime::tasks::Tasks;

use crate::metrics::Report;

/// Connections at once; a scraper and a few probes need no more.
const CONNECTIONS_MAX: usize = 64;
/// How long a request's head may take, and how long an idle connection lives.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long the state store may take to show that it is there.
const STATE_TIME: Duration = Duration::from_secs(2);
/// Pause after the system refuses a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const PLAIN: &str = "text/plain; charset=utf-8";

/// What the listener tells of.
#[derive(Clone, Debug)]
pub struct Operations {
    /// The metrics.
    pub report: Report,
    /// The consumers' listeners: ready until they are told to stop.
    pub consumers: Tasks,
}

/// Serves until told to stop.
pub async fn run(listener: TcpListener, operations: Operations, tasks: Tasks) {
    let operations = Arc::new(operations);
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopped() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                // One too many is closed at once.
                if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
                    let client = client(stream, Arc::clone(&operations), slot);
                    let stopped = tasks.clone();
                    tasks.spawn("operations-client", async move {
                        tokio::select! {
                            () = client => {}
                            () = stopped.stopped() => {}
                        }
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection on the operators' port");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn client(stream: TcpStream, operations: Arc<Operations>, _slot: OwnedSemaphorePermit) {
    let service = service_fn(move |request| {
        let operations = Arc::clone(&operations);
        async move { Ok::<_, Infallible>(operations.answer(&request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "operators' connection ended");
    }
}

impl Operations {
    async fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if !matches!(path, "/healthz" | "/readyz" | "/metrics") {
            let text = "there are /healthz, /readyz and /metrics\n";
            return response(StatusCode::NOT_FOUND, PLAIN, text.to_owned());
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let text = "only GET is known here\n".to_owned();
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, PLAIN, text);
            let allow = HeaderValue::from_static("GET, HEAD");
            refused.headers_mut().insert(ALLOW, allow);
            return refused;
        }
        match path {
            "/metrics" => {
                let text = self.report.text(self.state_up().await);
                response(StatusCode::OK, Report::CONTENT_TYPE, text)
            }
            // The data path works on while the state store is away, so that is no reason to send
            // consumers elsewhere: a metric tells of it.
            "/readyz" if self.consumers.is_stopped() => response(
                StatusCode::SERVICE_UNAVAILABLE,
                PLAIN,
                "stopping\n".to_owned(),
            ),
            "/readyz" => response(StatusCode::OK, PLAIN, "ready\n".to_owned()),
            _ => response(StatusCode::OK, PLAIN, "ok\n".to_owned()),
        }
    }

    async fn state_up(&self) -> bool {
        let answered = tokio::time::timeout(STATE_TIME, self.report.directory.probe()).await;
        matches!(answered, Ok(Ok(())))
    }
}

fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;
    use crate::metrics::{Host, Metrics};
    use crate::state::{State, StoreClock};
    use crate::tunnels::Registry;

    async fn operations() -> Operations {
        let state = State::memory(StoreClock::system()).unwrap();
        let report = Report {
            metrics: Arc::new(Metrics::new(1)),
            registry: Registry::default(),
            directory: Directory::open(state).await.unwrap(),
            host: Host::new("."),
        };
        Operations {
            report,
            consumers: Tasks::new(),
        }
    }

    async fn ask(operations: &Operations, method: Method, path: &str) -> u16 {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(())
            .unwrap();
        operations.answer(&request).await.status().as_u16()
    }

    #[tokio::test]
    async fn a_stopping_gateway_is_healthy_but_not_ready() {
        let operations = operations().await;
        assert_eq!(ask(&operations, Method::GET, "/readyz").await, 200);
        operations.consumers.stop();
        assert_eq!(ask(&operations, Method::GET, "/readyz").await, 503);
        assert_eq!(ask(&operations, Method::HEAD, "/healthz").await, 200);
        assert_eq!(ask(&operations, Method::GET, "/metrics").await, 200);
    }

    #[tokio::test]
    async fn other_paths_and_methods_are_refused() {
        let operations = operations().await;
        assert_eq!(ask(&operations, Method::GET, "/").await, 404);
        assert_eq!(ask(&operations, Method::GET, "/metrics/").await, 404);
        assert_eq!(ask(&operations, Method::POST, "/metrics").await, 405);
    }
}
