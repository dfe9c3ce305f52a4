//! A chunked body, followed to its end.

use std::ops::ControlFlow;

use super::{Line, RawRule, is_text, trimmed};
use crate::head::HEAD_MAX;

/// Longest line of a chunk's size, its extensions included; nobody uses any.
const SIZE_LINE_MAX: usize = 4 * 1024;
/// Digits of a size that always fits.
const SIZE_DIGITS_MAX: usize = 15;
/// Line end behind a chunk's data.
const DATA_END: &[u8] = b"\r\n";

/// Where in the body the next byte is.
#[derive(Debug)]
pub(super) enum Chunked {
    /// In the line with a size.
    Size(Line),
    /// So many bytes before the end of the data, the line end behind it included.
    Data(u64),
    /// In the lines behind the last chunk, with the bytes of those that are complete.
    Trailers(Line, usize),
}

impl Default for Chunked {
    fn default() -> Self {
        Self::Size(Line::default())
    }
}

impl Chunked {
    /// Takes what belongs together. Breaks off at the end of the body.
    pub(super) fn push<'a>(
        &mut self,
        bytes: &'a [u8],
    ) -> Result<(ControlFlow<()>, &'a [u8]), RawRule> {
        let more = ControlFlow::Continue(());
        match self {
            Self::Size(line) => {
                let taken = line
                    .next(bytes, SIZE_LINE_MAX, size)
                    .or(Err(RawRule::Body))?;
                let Some(taken) = taken else {
                    return Ok((more, &[]));
                };
                *self = match taken.done {
                    0 => Self::Trailers(Line::default(), 0),
                    size => Self::Data(size + DATA_END.len() as u64),
                };
                Ok((more, taken.rest))
            }
            Self::Data(left) => {
                let rest = data(left, bytes)?;
                if *left == 0 {
                    *self = Self::default();
                }
                Ok((more, rest))
            }
            Self::Trailers(line, len) => {
                let longest = HEAD_MAX.saturating_sub(*len);
                let is_end = |line: &[u8]| match is_text(line) {
                    true => Ok(line.is_empty()),
                    false => Err(RawRule::Body),
                };
                let taken = line.next(bytes, longest, is_end).or(Err(RawRule::Body))?;
                let Some(taken) = taken else {
                    return Ok((more, &[]));
                };
                *len += taken.len;
                let ended = if taken.done {
                    ControlFlow::Break(())
                } else {
                    more
                };
                Ok((ended, taken.rest))
            }
        }
    }
}

/// `size [ ; extensions ]`.
fn size(line: &[u8]) -> Result<u64, RawRule> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    let digits = trimmed(digits);
    let fits = (1..=SIZE_DIGITS_MAX).contains(&digits.len())
        && line.first().is_some_and(u8::is_ascii_hexdigit)
        && is_text(line);
    let number = |sum: u64, digit: &u8| {
        let value = char::from(*digit).to_digit(16)?;
        Some(sum << 4 | u64::from(value))
    };
    let size = digits.iter().try_fold(0, number);
    size.filter(|_| fits).ok_or(RawRule::Body)
}

/// Passes over data and checks the line end behind it.
fn data<'a>(left: &mut u64, bytes: &'a [u8]) -> Result<&'a [u8], RawRule> {
    let end = DATA_END.len() as u64;
    let inside = left.saturating_sub(end);
    let skipped = usize::try_from(inside).map_or(bytes.len(), |inside| inside.min(bytes.len()));
    *left -= skipped as u64;
    let mut rest = bytes.get(skipped..).unwrap_or_default();
    while let ([first, after @ ..], 1..=2) = (rest, *left) {
        let wanted = if *left == end { b'\r' } else { b'\n' };
        if *first != wanted {
            return Err(RawRule::Body);
        }
        *left -= 1;
        rest = after;
    }
    Ok(rest)
}
