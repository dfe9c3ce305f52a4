//! The body of a request on its way to a back end, which may want to be asked before it gets one.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::{HeaderMap, Request};
use http_body::{Body, Frame};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use underpass_runtime::tunnel::{Inbound, StreamError};
use underpass_shared::trailers;

use crate::measure::Flow;
use crate::trace::Capture;

/// How long a body waits for the back end's 100. Old back ends never send one, and must get the
/// body all the same (RFC 9110 section 10.1.1); consumers wait for about a second themselves, so
/// this is long enough for a back end that looks at the request first.
pub(super) const CONTINUE_TIME: Duration = Duration::from_secs(5);

/// A request's body.
pub(super) struct Upload {
    body: Option<Inbound>,
    gate: Option<Gate>,
    moved: Option<Moved>,
    /// Where its bytes are counted.
    flow: Option<Arc<Flow>>,
    capture: Option<Box<Capture>>,
}

/// Ready when the body may go; an error when it never will.
type Gate = Pin<Box<dyn Future<Output = Result<(), oneshot::error::RecvError>> + Send>>;

/// Whether a body moved since it was last asked. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Moved(Arc<AtomicBool>);

impl Moved {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// A body that waits for the back end to want it. Dropping this gives the body up.
pub(super) struct Expectation {
    heard: Arc<Notify>,
    go: Option<oneshot::Sender<()>>,
}

impl Expectation {
    /// Resolves once, when the back end wants the body or had its time to say so.
    pub(super) async fn heard(&self) {
        self.heard.notified().await;
    }

    /// Lets the body go.
    pub(super) fn fulfil(&mut self) {
        if let Some(go) = self.go.take()
            && go.send(()).is_err()
        {
            tracing::debug!("the body that is wanted is gone");
        }
    }

    /// Whether the body still waits.
    pub(super) const fn is_open(&self) -> bool {
        self.go.is_some()
    }
}

impl Upload {
    /// The body that is none.
    pub(super) const fn none() -> Self {
        Self {
            body: None,
            gate: None,
            moved: None,
            flow: None,
            capture: None,
        }
    }

    /// Has a trace see it, where there is a body.
    pub(super) fn capture(&mut self, capture: Capture) {
        if self.body.is_some() {
            self.capture = Some(Box::new(capture));
        }
    }

    /// Has the bytes counted that pass from now on.
    pub(super) fn count_in(&mut self, flow: &Arc<Flow>) {
        if self.body.is_some() {
            self.flow = Some(Arc::clone(flow));
        }
    }

    /// Tells whether the body moves, where there is one.
    pub(super) fn moved(&self) -> Option<Moved> {
        self.moved.clone()
    }

    /// Takes over the body of a request, and what it waits for.
    pub(super) fn of(request: Request<Inbound>) -> (Request<Self>, Option<Expectation>) {
        if request.body().is_end_stream() {
            let mut request = request.map(|_| Self::none());
            request.headers_mut().remove(EXPECT);
            return (request, None);
        }
        let waits = expects_continue(request.headers());
        let mut request = request.map(|body| Self {
            body: Some(body),
            gate: None,
            moved: Some(Moved::default()),
            flow: None,
            capture: None,
        });
        if !waits {
            return (request, None);
        }
        let (go, gone) = oneshot::channel();
        let heard = Arc::new(Notify::new());
        request.body_mut().gate = Some(gate(gone, Arc::clone(&heard)));
        let expectation = Expectation {
            heard: Arc::clone(&heard),
            go: Some(go),
        };
        hyper::ext::on_informational(&mut request, move |head| {
            // 102 and 103 end here.
            if head.status() == http::StatusCode::CONTINUE {
                heard.notify_one();
            }
        });
        (request, Some(expectation))
    }
}

/// First polled when the head has been written, so the time counts from there.
fn gate(mut gone: oneshot::Receiver<()>, heard: Arc<Notify>) -> Gate {
    Box::pin(async move {
        match timeout(CONTINUE_TIME, &mut gone).await {
            Ok(gone) => gone,
            Err(_elapsed) => {
                heard.notify_one();
                gone.await
            }
        }
    })
}

fn expects_continue(headers: &HeaderMap) -> bool {
    headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

impl Body for Upload {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = self.get_mut();
        if let Some(gate) = &mut this.gate {
            if ready!(gate.as_mut().poll(cx)).is_err() {
                return Poll::Ready(Some(Err(StreamError::Aborted)));
            }
            this.gate = None;
        }
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if let Some(moved) = &this.moved {
            moved.set();
        }
        if let (Some(flow), Some(Ok(frame))) = (&this.flow, &frame)
            && let Some(data) = frame.data_ref()
        {
            flow.received(data.len());
        }
        let frame = frame.map(|frame| frame.map(clean));
        if let Some(capture) = &mut this.capture {
            capture.see(frame.as_ref());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }
}

/// Data as it is; trailers without what must not stand there.
fn clean(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut fields) => {
            trailers::strip(&mut fields);
            Frame::trailers(fields)
        }
        Err(data) => data,
    }
}
