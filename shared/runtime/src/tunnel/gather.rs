//! Puts small chunks of a body together, as far as they are there already: a frame of its own costs
//! both ends more memory and time than a copy does. Nothing waits for more to come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body, Frame};

/// Chunks below this are put together.
const SMALL: usize = 4 * 1024;

/// Bytes that are not held back for more.
const ENOUGH: usize = 16 * 1024;

/// Chunks put together at most, so that a body that is always ready lets others run.
const CHUNKS_MAX: usize = 1_024;

/// What a body has next; `None` at its end.
type Next<E> = Option<Result<Frame<Bytes>, E>>;

/// A body whose small chunks are put together.
#[derive(Debug)]
pub(super) struct Gathered<B: Body> {
    body: B,
    /// What came behind small chunks and is none.
    behind: Option<Next<B::Error>>,
}

impl<B> Gathered<B>
where
    B: Body + Unpin,
    B::Data: Buf,
{
    pub(super) fn new(body: B) -> Self {
        Self { body, behind: None }
    }

    /// Whether nothing more comes, as far as the body knows.
    pub(super) fn is_end_stream(&self) -> bool {
        match &self.behind {
            Some(next) => next.is_none(),
            None => self.body.is_end_stream(),
        }
    }

    /// The next chunk, trailers or error.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next<B::Error>> {
        if let Some(next) = self.behind.take() {
            return Poll::Ready(next);
        }
        let first = match small(ready!(self.poll_body(cx))) {
            Ok(first) => first,
            Err(other) => return Poll::Ready(other),
        };
        let Some(second) = self.small_that_is_there(cx) else {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        };
        let mut together = BytesMut::from(first);
        together.extend_from_slice(&second);
        for _ in 2..CHUNKS_MAX {
            if together.len() >= ENOUGH {
                break;
            }
            let Some(more) = self.small_that_is_there(cx) else {
                break;
            };
            together.extend_from_slice(&more);
        }
        Poll::Ready(Some(Ok(Frame::data(together.freeze()))))
    }

    fn small_that_is_there(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        if self.is_end_stream() {
            return None;
        }
        match self.poll_body(cx).map(small) {
            Poll::Ready(Ok(chunk)) => Some(chunk),
            Poll::Ready(Err(other)) => {
                self.behind = Some(other);
                None
            }
            Poll::Pending => None,
        }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Next<B::Error>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        polled.map_ok(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
    }
}

/// The small chunk, or what it is else.
fn small<E>(next: Next<E>) -> Result<Bytes, Next<E>> {
    match next {
        Some(Ok(frame)) if frame.data_ref().is_some_and(|data| data.len() < SMALL) => {
            frame.into_data().map_err(|trailers| Some(Ok(trailers)))
        }
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::stream;
    use http::HeaderMap;
    use http_body_util::StreamBody;

    use super::*;

    type Given = Poll<Option<Result<Frame<Bytes>, &'static str>>>;

    fn chunk(size: usize) -> Given {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![7; size])))))
    }

    /// What comes of a body that gives these, each by its length or its kind.
    fn gathered(given: Vec<Given>) -> Vec<String> {
        let mut given = given.into_iter();
        let stream = stream::poll_fn(move |_| given.next().unwrap_or(Poll::Ready(None)));
        let mut body = Gathered::new(StreamBody::new(stream));
        let mut cx = Context::from_waker(Waker::noop());
        let mut came = vec![];
        loop {
            came.push(match body.poll_next(&mut cx) {
                Poll::Ready(None) => return came,
                Poll::Ready(Some(Ok(frame))) => match frame.data_ref() {
                    Some(data) if body.is_end_stream() => format!("{} last", data.len()),
                    Some(data) => data.len().to_string(),
                    None => "trailers".to_owned(),
                },
                Poll::Ready(Some(Err(error))) => error.to_owned(),
                Poll::Pending => "pending".to_owned(),
            });
        }
    }

    #[test]
    fn small_chunks_that_are_there_come_together() {
        assert_eq!(gathered(vec![]), [""; 0]);
        assert_eq!(gathered(vec![chunk(50)]), ["50 last"]);
        assert_eq!(gathered(vec![chunk(50), chunk(0), chunk(60)]), ["110 last"]);
        let many = (0..1_000).map(|_| chunk(50)).collect();
        assert_eq!(gathered(many), ["16400", "16400", "16400", "800 last"]);
        let endless = (0..=CHUNKS_MAX).map(|_| chunk(0)).collect();
        assert_eq!(gathered(endless), ["0", "0 last"]);
    }

    #[test]
    fn nothing_waits_for_more_and_the_order_stays() {
        let given = vec![Poll::Pending, chunk(50), Poll::Pending, chunk(60)];
        assert_eq!(gathered(given), ["pending", "50", "60 last"]);
        let given = vec![chunk(SMALL), chunk(1), chunk(2), chunk(SMALL), chunk(3)];
        assert_eq!(gathered(given), ["4096", "3", "4096", "3 last"]);
        let broken = || Poll::Ready(Some(Err("broken")));
        assert_eq!(
            gathered(vec![chunk(1), chunk(2), broken()]),
            ["3", "broken"]
        );
        let trailers = Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::new()))));
        assert_eq!(gathered(vec![chunk(1), trailers]), ["1", "trailers"]);
    }
}
