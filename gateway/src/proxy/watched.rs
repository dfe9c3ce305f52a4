//! A consumer's connection whose raw bytes are watched on their way to the HTTP parser.
//!
//! The parser hides what it repairs. So the bytes are looked at in the parser's own buffer as they
//! arrive, and the verdict is asked for when it hands over a request. It can hand over only what it
//! was given, so the verdict on each request is there by then.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use underpass_shared::raw::{Broken, RawRule, Watch};

/// Splits the watching off a stream.
pub(super) fn watched<S>(stream: S) -> (Watched<S>, Verdicts) {
    let broken = Arc::new(OnceLock::new());
    let verdicts = Verdicts {
        broken: Arc::clone(&broken),
        asked: AtomicU64::new(0),
    };
    let watched = Watched {
        stream,
        watch: Watch::default(),
        broken,
    };
    (watched, verdicts)
}

/// A stream; what is read from it is watched.
pub(super) struct Watched<S> {
    stream: S,
    watch: Watch,
    broken: Arc<OnceLock<Broken>>,
}

impl<S> Watched<S> {
    /// The stream below, whose bytes are no HTTP any more.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

/// What was found, request by request.
pub(super) struct Verdicts {
    broken: Arc<OnceLock<Broken>>,
    asked: AtomicU64,
}

impl Verdicts {
    /// The rule that stands against the connection's next request. To be called once for each.
    pub(super) fn next(&self) -> Option<RawRule> {
        let request = self.asked.fetch_add(1, Ordering::Relaxed);
        let broken = self.broken.get()?;
        (broken.request <= request).then_some(broken.rule)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if let Some(new) = buffer.filled().get(before..)
            && let Err(broken) = this.watch.push(new)
        {
            this.broken.get_or_init(|| broken);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;

    use http::{Request, Response};
    use http_body_util::{BodyExt as _, Full};
    use hyper::body::{Bytes, Incoming};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What the real parser hands over for some bytes that come in pieces: target, verdict, body.
    async fn handed_over(bytes: &[u8], piece: usize) -> Vec<(String, Option<RawRule>, Vec<u8>)> {
        let (consumer, gateway) = tokio::io::duplex(piece);
        let (stream, verdicts) = watched(gateway);
        let seen = Mutex::new(Vec::new());
        let service = service_fn(|request: Request<Incoming>| {
            let (seen, raw) = (&seen, verdicts.next());
            async move {
                let target = request.uri().to_string();
                let body = request.into_body().collect().await;
                let body = body
                    .map(|body| body.to_bytes().to_vec())
                    .unwrap_or_default();
                seen.lock().unwrap().push((target, raw, body));
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }
        });
        let serve = async {
            // Bad bytes end it with an error.
            drop(
                http1::Builder::new()
                    .half_close(true)
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        };
        let (mut answers, mut requests) = tokio::io::split(consumer);
        let send = async {
            // The other side may have ended already.
            drop(requests.write_all(bytes).await);
            drop(requests.shutdown().await);
        };
        let mut read = Vec::new();
        let receive = answers.read_to_end(&mut read);
        drop(tokio::join!(serve, send, receive));
        seen.into_inner().unwrap()
    }

    #[tokio::test]
    async fn each_request_gets_its_own_verdict_however_the_bytes_come() {
        let bytes = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n\
            POST /b HTTP/1.1\r\nContent-Length: 27\r\n\r\nGET /x HTTP/1.1\nHost: x\n\nab\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\n\n\n\n\n\r\n0\r\nT: x\r\n\r\n\
            GET /d HTTP/1.1\r\nContent-Length: 0\r\n\r\n\
            GET /e HTTP/1.1\nHost: x\n\n\
            GET /f HTTP/1.1\r\n\r\n";
        for piece in [1, 2, 3, 7, 64, 4096] {
            let seen = handed_over(bytes, piece).await;
            let seen: Vec<(&str, Option<RawRule>, &[u8])> = seen
                .iter()
                .map(|(target, rule, body)| (target.as_str(), *rule, body.as_slice()))
                .collect();
            assert_eq!(
                seen,
                [
                    ("/a", None, b"".as_slice()),
                    ("/b", None, b"GET /x HTTP/1.1\nHost: x\n\nab"),
                    ("/c", None, b"\n\n\n\n"),
                    ("/d", None, b""),
                    ("/e", Some(RawRule::LineEnd), b""),
                    // Nothing is answered behind the first that is broken.
                    ("/f", Some(RawRule::LineEnd), b""),
                ],
                "in pieces of {piece}"
            );
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_understood_ends_the_connection() {
        let bytes =
            b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\na\nb: x\r\n\r\n\
            GET /b HTTP/1.1\r\n\r\n";
        let seen = handed_over(bytes, 4096).await;
        assert_eq!(seen[0].1, None);
        assert!(
            seen[1..]
                .iter()
                .all(|(_, rule, _)| *rule == Some(RawRule::Body)),
            "{seen:?}"
        );
    }
}
