//! A back end behind the agent's end: the path says what it does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use underpass_runtime::tunnel::{Handler, Inbound, Responder};

/// Size of the chunks of bulk bodies.
pub(crate) const BULK: usize = 64 * 1024;

type Answer = UnsyncBoxBody<Bytes, io::Error>;

/// Answers by path and counts.
#[derive(Default)]
pub(crate) struct Scripted {
    pub(crate) requests: AtomicUsize,
    pub(crate) sent: AtomicU64,
    pub(crate) broken_uploads: AtomicUsize,
    pub(crate) whole_uploads: AtomicUsize,
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
            "abort" | "cut" => sized(number, Some(number)),
            "bulk" => self.finite(number),
            "panic" => panic!("on purpose"),
            "echo" => request.into_body().map_err(io::Error::other).boxed_unsync(),
            // With its upload let go of before the answer, as a denial is, or after it.
            "early" => {
                drop(request);
                full("too large")
            }
            "early-held" => full("too large"),
            "empty" | "unchanged" | "length" => {
                Empty::new().map_err(|never| match never {}).boxed_unsync()
            }
            "wait" => return responder.cancelled().await,
            "drop" => return,
            "upload" => {
                let counter = match request.into_body().collect().await {
                    Ok(_) => &self.whole_uploads,
                    Err(_) => &self.broken_uploads,
                };
                counter.fetch_add(1, Ordering::Relaxed);
                full("done")
            }
            "hold" => return self.hold(request.into_body(), responder).await,
            "trailers" => trailers(),
            _ => full("?"),
        });
        match name {
            "early" | "early-held" => *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE,
            "unchanged" => *response.status_mut() = StatusCode::NOT_MODIFIED,
            _ => {}
        }
        // An aborted body with a length is caught by its length too, one without by nothing else.
        let length = match name {
            "bytes" | "length" | "unchanged" => Some(number),
            "abort" => Some(number + 1),
            _ => None,
        };
        if let Some(length) = length {
            let headers = response.headers_mut();
            headers.insert("content-length", length.into());
        }
        // What became of it is seen at the other end.
        drop(responder.send(response).await);
    }
}

impl Scripted {
    fn endless(self: &Arc<Self>, chunk: usize) -> Answer {
        let chunk = Bytes::from(vec![7; chunk]);
        self.counted(stream::repeat(chunk))
    }

    /// `length` bytes, a multiple of [`BULK`], each chunk different from the last.
    fn finite(self: &Arc<Self>, length: usize) -> Answer {
        let two = pattern(0, BULK + 251);
        let chunks = (0..length / BULK).map(move |at| two.slice(at % 251..at % 251 + BULK));
        self.counted(stream::iter(chunks))
    }

    fn counted(self: &Arc<Self>, chunks: impl Stream<Item = Bytes> + Send + 'static) -> Answer {
        let counter = Arc::clone(self);
        let frames = chunks.map(move |chunk| {
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

/// Places that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}
