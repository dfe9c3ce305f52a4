//! The body of a request: there as a whole, or still on its way where it is a file.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::StatusCode;
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::sync::oneshot;
use tokio::time::timeout;
use underpass_shared::api::management::{ErrorType, Refusal};

/// How long it is waited for the rest of a body that nobody wants, so that its sender gets to read
/// the answer.
const REST_TIME: Duration = Duration::from_secs(5);
/// Bytes of a body that is there which are looked at together.
const PIECE_LEN: usize = 64 * 1024;

/// Why a body does not come.
type Broken = Box<dyn Error + Send + Sync>;

/// A body that is still on its way.
pub type Coming = UnsyncBoxBody<Bytes, Broken>;

/// What a request brings.
#[derive(Debug)]
pub enum Payload {
    /// All of it.
    Whole(Bytes),
    /// It is read as it comes; its length has a limit.
    Coming(Coming),
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

impl Payload {
    /// A body as it comes, at most `most` bytes, and what is to be done with the rest of it.
    pub(super) fn arriving(body: Incoming, most: usize) -> (Self, Rest) {
        let (back, rest) = oneshot::channel();
        let arriving = Arriving {
            body: Some(Limited::new(body, most)),
            back: Some(back),
        };
        (Self::Coming(arriving.boxed_unsync()), Rest(rest))
    }

    /// It as it is sent to somebody else.
    pub(crate) fn into_body(self) -> Coming {
        match self {
            Self::Whole(bytes) => Full::new(bytes)
                .map_err(|never| match never {})
                .boxed_unsync(),
            Self::Coming(body) => body,
        }
    }

    /// Its pieces, one at a time. Who parses them would else take all that are there first.
    pub(super) fn pieces(self) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
        stream::unfold(self, |mut payload| async move {
            tokio::task::yield_now().await;
            let piece = match &mut payload {
                Self::Whole(bytes) if bytes.is_empty() => return None,
                Self::Whole(bytes) => Ok(bytes.split_to(bytes.len().min(PIECE_LEN))),
                Self::Coming(body) => loop {
                    match body.frame().await?.map(Frame::into_data) {
                        Ok(Ok(piece)) => break Ok(piece),
                        Ok(Err(_trailers)) => {}
                        Err(error) => break Err(error),
                    }
                },
            };
            Some((piece, payload))
        })
    }
}

/// Why a body did not come, as the API says it; `most` is how long it may be.
pub(super) fn refusal(error: &(dyn Error + Send + Sync + 'static), most: usize) -> Refusal {
    if error.is::<LengthLimitError>() {
        return too_long(most);
    }
    Refusal::invalid("", format!("the body did not arrive: {error}"))
}

/// A body that is longer than its call allows.
pub(super) fn too_long(most: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorType::InvalidRequest,
        format!("the body must have at most {most} bytes"),
    )
}

/// A body that goes back where it came from as soon as nobody reads it any longer.
struct Arriving {
    body: Option<Limited<Incoming>>,
    back: Option<oneshot::Sender<Limited<Incoming>>>,
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.get_mut().body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.as_ref().map(|body| body.size_hint());
        hint.unwrap_or_default()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // Nobody may want it.
            drop(back.send(body));
        }
    }
}

/// What nobody read of a body.
pub(super) struct Rest(oneshot::Receiver<Limited<Incoming>>);

impl Rest {
    /// Takes it and drops it, as far as it comes soon and may be that long.
    pub(super) async fn drain(mut self) {
        let Ok(mut body) = self.0.try_recv() else {
            return;
        };
        let drained = async { while let Some(Ok(_piece)) = body.frame().await {} };
        drop(timeout(REST_TIME, drained).await);
    }
}
