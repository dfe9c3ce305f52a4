//! Files on their way out, piece by piece, so that nobody needs to hold them.

use std::convert::Infallible;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};
use underpass_shared::hash::{Hash256, Hasher};

/// Bytes read at once.
const PIECE_LEN: usize = 64 * 1024;

/// So many bytes of what is read, as a body. What it is read from is dropped with it. Where less can
/// be read, whoever takes it sees that the end is missing.
#[derive(Debug)]
pub struct Pieces<R> {
    left: u64,
    state: State<R>,
}

#[derive(Debug)]
enum State<R> {
    Waiting(R),
    Reading(JoinHandle<Option<(Bytes, R)>>),
    Over,
}

impl<R: Read + Send + 'static> Pieces<R> {
    /// The next `len` bytes of `from`.
    pub const fn of(from: R, len: u64) -> Self {
        let state = State::Waiting(from);
        Self { left: len, state }
    }
}

impl<R: Read + Send + Unpin + 'static> Body for Pieces<R> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = self.left;
        let mut reading = match std::mem::replace(&mut self.state, State::Over) {
            State::Waiting(from) if left > 0 => spawn_blocking(move || read(from, left)),
            State::Reading(reading) => reading,
            State::Waiting(_) | State::Over => return Poll::Ready(None),
        };
        let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
            self.state = State::Reading(reading);
            return Poll::Pending;
        };
        let Ok(Some((piece, from))) = read else {
            return Poll::Ready(None);
        };
        let len = u64::try_from(piece.len()).unwrap_or(left);
        self.left = left.saturating_sub(len);
        self.state = State::Waiting(from);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn read<R: Read>(mut from: R, left: u64) -> Option<(Bytes, R)> {
    let len = usize::try_from(left).unwrap_or(PIECE_LEN).min(PIECE_LEN);
    let mut piece = vec![0; len];
    let read = match from.read(&mut piece) {
        Ok(0) => return None,
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(%error, "a file could not be read to its end");
            return None;
        }
    };
    piece.truncate(read);
    Some((piece.into(), from))
}

/// The hash of all that is read, and how long it is.
///
/// # Errors
/// When it cannot be read to its end.
pub fn hash(from: &mut impl Read) -> io::Result<(Hash256, u64)> {
    let (mut hasher, mut len) = (Hasher::default(), 0);
    let mut piece = vec![0; PIECE_LEN];
    loop {
        let read = from.read(&mut piece)?;
        match piece.get(..read) {
            None | Some([]) => return Ok((hasher.finish(), len)),
            Some(bytes) => hasher.update(bytes),
        }
        len += u64::try_from(read).unwrap_or_default();
    }
}

/// Something that is read several times, each time from its beginning. Whoever stopped reading may
/// still be at it, and is in nobody's way.
#[derive(Debug)]
pub struct Again<R> {
    from: Arc<Mutex<R>>,
    at: u64,
}

impl<R: Read + Seek> Again<R> {
    /// What can be read.
    pub fn of(from: R) -> Self {
        let from = Arc::new(Mutex::new(from));
        Self { from, at: 0 }
    }

    /// The same from the beginning.
    pub fn anew(&self) -> Self {
        let from = Arc::clone(&self.from);
        Self { from, at: 0 }
    }
}

impl<R: Read + Seek> Read for Again<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        from.seek(SeekFrom::Start(self.at))?;
        let read = from.read(bytes)?;
        self.at += u64::try_from(read).unwrap_or_default();
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_body_has_the_length_that_it_tells_or_ends_early() {
        let content = vec![7; 3 * PIECE_LEN + 1];
        let len = u64::try_from(content.len()).unwrap();
        let mut body = Pieces::of(Cursor::new(content.clone()), len);
        assert_eq!(body.size_hint().exact(), Some(len));
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first.len(), PIECE_LEN);
        assert_eq!(
            body.size_hint().exact(),
            Some(len - u64::try_from(PIECE_LEN).unwrap())
        );
        let rest = body.collect().await.unwrap().to_bytes();
        assert_eq!([first, rest].concat(), content);
        let short = Pieces::of(Cursor::new(b"ab"), 3);
        assert_eq!(short.collect().await.unwrap().to_bytes(), &b"ab"[..]);
    }

    #[test]
    fn who_reads_again_is_not_disturbed_by_who_still_reads() {
        let all = Again::of(Cursor::new(b"abcd"));
        let (mut one, mut two) = (all.anew(), all.anew());
        let two_bytes = |from: &mut Again<_>| {
            let mut bytes = [0; 2];
            from.read_exact(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(two_bytes(&mut one), *b"ab");
        assert_eq!(two_bytes(&mut two), *b"ab");
        assert_eq!(two_bytes(&mut one), *b"cd");
        assert_eq!(hash(&mut all.anew()).unwrap(), (Hash256::of(b"abcd"), 4));
    }
}
