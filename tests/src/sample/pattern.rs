//! A body of any length whose bytes can be told beforehand.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A prime, so that no chunk or frame size hides lost or repeated bytes.
const PERIOD: u8 = 251;
/// Whole periods, close to 64 KiB.
const CHUNK: usize = PERIOD as usize * 256;

static BLOCK: LazyLock<Bytes> = LazyLock::new(|| (0..PERIOD).cycle().take(CHUNK).collect());

/// The byte that [`Pattern`] has at `position`.
#[must_use]
pub fn pattern_byte(position: u64) -> u8 {
    u8::try_from(position % u64::from(PERIOD)).unwrap_or_default()
}

/// A streamed body of a fixed number of bytes, see [`pattern_byte`].
#[derive(Debug)]
pub struct Pattern {
    left: u64,
}

impl Pattern {
    /// A body of `length` bytes.
    #[must_use]
    pub fn new(length: u64) -> Self {
        Self { left: length }
    }
}

impl Body for Pattern {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        self.left -= u64::try_from(length).unwrap_or_default();
        Poll::Ready(Some(Ok(Frame::data(BLOCK.slice(..length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
