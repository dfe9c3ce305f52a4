//! The body of an answer: there as a whole, or coming piece by piece as things happen.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use http_body_util::combinators::UnsyncBoxBody;

/// What the handlers answer with.
pub enum Body {
    /// All of it.
    Full(Full<Bytes>),
    /// Events; it ends when the agent or the caller does.
    Stream(Stream),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(body) => body.fmt(f),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Full(Full::new(bytes))
    }
}

type Stream = UnsyncBoxBody<Bytes, Infallible>;

/// A stream that stands in for the body of an answer, on its way with the answer's head.
#[derive(Clone)]
struct Streamed(Arc<Mutex<Option<Stream>>>);

/// An answer that goes on as server-sent events.
pub(super) fn events(body: Stream) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    stream(&mut response, body);
    response
}

/// Has an answer end in a stream instead of a body.
pub(super) fn stream(response: &mut Response<Bytes>, body: Stream) {
    let streamed = Streamed(Arc::new(Mutex::new(Some(body))));
    response.extensions_mut().insert(streamed);
}

/// An answer with its body, or the stream that stands in for it.
pub(super) fn with_body(mut response: Response<Bytes>) -> Response<Body> {
    let streamed = response.extensions_mut().remove::<Streamed>();
    let body = streamed.and_then(|Streamed(body)| {
        let mut body = body.lock().unwrap_or_else(PoisonError::into_inner);
        body.take()
    });
    response.map(|bytes| match body {
        Some(body) => Body::Stream(body),
        None => Body::from(bytes),
    })
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Full(body) => Pin::new(body).poll_frame(context),
            Self::Stream(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(body) => body.is_end_stream(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(body) => body.size_hint(),
            Self::Stream(body) => body.size_hint(),
        }
    }
}
