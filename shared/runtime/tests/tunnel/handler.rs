//! A back end behind the agent's end: the path says what it does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use underpass_runtime::tunnel::{Handler, Inbound, Responder};

type Answer = UnsyncBoxBody<Bytes, io::Error>;

/// Answers by path and counts.
#[derive(Default)]
pub(crate) struct Scripted {
    pub(crate) requests: AtomicUsize,
    pub(crate) sent: AtomicU64,
    pub(crate) broken_uploads: AtomicUsize,
}

impl Handler for Scripted {
    async fn handle(self: Arc<Self>, request: Request<Inbound>, mut responder: Responder) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let path = request.uri().path().to_owned();
        let mut parts = path.trim_start_matches('/').split('/');
        let name = parts.next().unwrap_or_default();
        let number: usize = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut response = Response::new(match name {
            "hello" => full("hello"),
            "stall" => self.endless(64 * 1024),
            "drip" => self.endless(50),
            "bytes" => sized(number, None),
            "abort" => sized(number, Some(number)),
            "echo" => request.into_body().map_err(io::Error::other).boxed_unsync(),
            // With its upload let go of before the answer, as a denial is, or after it.
            "early" => {
                drop(request);
                full("too large")
            }
            "early-held" => full("too large"),
            "empty" => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            "wait" => return responder.cancelled().await,
            "drop" => return,
            "upload" => {
                if request.into_body().collect().await.is_err() {
                    self.broken_uploads.fetch_add(1, Ordering::Relaxed);
                }
                full("done")
            }
            "hold" => return self.hold(request.into_body(), responder).await,
            "trailers" => trailers(),
            _ => full("?"),
        });
        match name {
            "early" | "early-held" => *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE,
            "unchanged" => *response.status_mut() = StatusCode::NOT_MODIFIED,
            "bytes" | "abort" => {
                let length = if name == "abort" { number + 1 } else { number };
                let headers = response.headers_mut();
                headers.insert("content-length", length.into());
            }
            _ => {}
        }
        // What became of it is seen at the other end.
        drop(responder.send(response).await);
    }
}

impl Scripted {
    fn endless(self: &Arc<Self>, chunk: usize) -> Answer {
        let counter = Arc::clone(self);
        let chunk = Bytes::from(vec![7; chunk]);
        let frames = stream::repeat(chunk).map(move |chunk| {
            let length = chunk.len() as u64;
            counter.sent.fetch_add(length, Ordering::Relaxed);
            Ok(Frame::data(chunk))
        });
        StreamBody::new(frames).boxed_unsync()
    }

    /// Takes an upload without reading it until the caller gives up.
    async fn hold(&self, upload: Inbound, mut responder: Responder) {
        responder.cancelled().await;
        drop(upload);
    }
}

fn full(text: &'static str) -> Answer {
    Full::from(text)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// `length` bytes in uneven chunks; then an error where `broken` says so.
fn sized(length: usize, broken: Option<usize>) -> Answer {
    let chunks = stream::unfold(0, move |at| async move {
        let size = (at * 7 + 1).min(40_000).min(length - at);
        (size > 0).then(|| (Ok(Frame::data(pattern(at, size))), at + size))
    });
    let end = stream::iter(broken.map(|_| Err(io::Error::other("broken on purpose"))));
    StreamBody::new(chunks.chain(end).boxed()).boxed_unsync()
}

/// Bytes whose content tells their place.
pub(crate) fn pattern(at: usize, size: usize) -> Bytes {
    (0..=250).cycle().skip(at % 251).take(size).collect()
}

fn trailers() -> Answer {
    let mut map = http::HeaderMap::new();
    map.insert("x-checksum", "1".parse().unwrap());
    let frames = [
        Ok(Frame::data(Bytes::from_static(b"body"))),
        Ok(Frame::trailers(map)),
    ];
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}
