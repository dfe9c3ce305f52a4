//! What is written of one request, as it passes: heads, and the beginnings of bodies.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, Request, Response};
use http_body::{Body, Frame, SizeHint};
use serde_json::{Value, json};
use underpass_runtime::clock;
use underpass_shared::trace::{Shown, header, show, target};

use super::file::Writing;

/// A request that is traced, in each trace that it belongs to. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Tap(Arc<[Arc<Exchange>]>);

#[derive(Debug)]
struct Exchange {
    writing: Arc<Writing>,
    number: u64,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.line("end", json!({}));
        self.writing.leave();
    }
}

fn headers(headers: &HeaderMap) -> Value {
    let shown = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        json!([name.as_str(), header(name.as_str(), &value)])
    });
    shown.collect()
}

impl Tap {
    /// Begins a request in each of these; none where there is none that takes it.
    pub(super) fn begin<'a, B>(
        writings: impl Iterator<Item = &'a Arc<Writing>>,
        request: &Request<B>,
    ) -> Option<Self> {
        let exchanges: Arc<[_]> = writings
            .filter_map(|writing| Exchange::begin(writing, request))
            .map(Arc::new)
            .collect();
        (!exchanges.is_empty()).then_some(Self(exchanges))
    }

    /// What takes down the request's body.
    pub(crate) fn upload(&self, headers: &HeaderMap) -> Capture {
        Capture::new(self, "requestBody", headers)
    }

    /// Takes down the head of an answer.
    pub(crate) fn head<B>(&self, response: &Response<B>) {
        for exchange in &*self.0 {
            let head = json!({
                "status": response.status().as_u16(),
                "headers": headers(response.headers()),
            });
            exchange.line("answer", head);
        }
    }

    /// The answer, taken down as it is sent.
    pub(crate) fn answer<B>(&self, response: Response<B>) -> Response<Answered<B>> {
        self.head(&response);
        let capture = Capture::new(self, "answerBody", response.headers());
        response.map(|body| Answered { body, capture })
    }
}

impl Exchange {
    fn begin<B>(writing: &Arc<Writing>, request: &Request<B>) -> Option<Self> {
        let number = writing.enter()?;
        let exchange = Self {
            writing: Arc::clone(writing),
            number,
        };
        let uri = request.uri();
        let path = uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        let authority = uri.authority().map(http::uri::Authority::as_str);
        let head = json!({
            "method": request.method().as_str(),
            "host": authority.unwrap_or_default(),
            "target": target(path.unwrap_or_default()),
            "headers": headers(request.headers()),
        });
        exchange.line("request", head);
        Some(exchange)
    }

    fn line(&self, event: &str, mut json: Value) {
        json["timeMs"] = clock::wall_ms().into();
        json["request"] = self.number.into();
        json["event"] = event.into();
        self.writing.line(&json);
    }
}

/// A body on its way, taken down in each trace that its request belongs to.
#[derive(Debug)]
pub(crate) struct Capture(Vec<Beginning>);

/// The beginning of a body, written when its end is known.
#[derive(Debug)]
struct Beginning {
    exchange: Arc<Exchange>,
    event: &'static str,
    kind: Option<String>,
    encoding: Option<String>,
    kept: Vec<u8>,
    total: u64,
    is_complete: bool,
}

impl Capture {
    fn new(tap: &Tap, event: &'static str, headers: &HeaderMap) -> Self {
        let each = tap.0.iter();
        Self(
            each.map(|exchange| Beginning::new(exchange, event, headers))
                .collect(),
        )
    }

    /// Sees a piece of the body, or its end.
    pub(crate) fn see<E>(&mut self, frame: Option<&Result<Frame<Bytes>, E>>) {
        for beginning in &mut self.0 {
            beginning.see(frame);
        }
    }
}

impl Beginning {
    fn new(exchange: &Arc<Exchange>, event: &'static str, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let value = headers.get(name)?.as_bytes();
            Some(String::from_utf8_lossy(value).into_owned())
        };
        Self {
            exchange: Arc::clone(exchange),
            event,
            kind: text(CONTENT_TYPE),
            encoding: text(CONTENT_ENCODING),
            kept: vec![],
            total: 0,
            is_complete: false,
        }
    }

    fn see<E>(&mut self, frame: Option<&Result<Frame<Bytes>, E>>) {
        match frame {
            None => self.is_complete = true,
            Some(Err(_)) => {}
            Some(Ok(frame)) => {
                let Some(data) = frame.data_ref() else {
                    return;
                };
                let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
                self.total = self.total.saturating_add(len);
                let room = self
                    .exchange
                    .writing
                    .body_max
                    .saturating_sub(self.kept.len());
                let piece = data.get(..room.min(data.len())).unwrap_or_default();
                self.kept.extend_from_slice(piece);
            }
        }
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if self.total == 0 {
            return;
        }
        let mut line = json!({
            "bytes": self.total,
            "shown": self.kept.len(),
            "complete": self.is_complete,
        });
        match show(self.kind.as_deref(), self.encoding.as_deref(), &self.kept) {
            _ if self.kept.is_empty() => {}
            Shown::Text(text) => line["text"] = text.into(),
            Shown::Bytes => line["base64"] = STANDARD.encode(&self.kept).into(),
            Shown::LeftOut(why) => {
                line["shown"] = 0.into();
                line["leftOut"] = why.into();
            }
        }
        self.exchange.line(self.event, line);
    }
}

/// The body of an answer that is taken down as it is sent.
#[derive(Debug)]
pub(crate) struct Answered<B> {
    body: B,
    capture: Capture,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answered<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        this.capture.see(frame.as_ref());
        // A body of known length is not asked again.
        if this.body.is_end_stream() {
            this.capture.see::<B::Error>(None);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
