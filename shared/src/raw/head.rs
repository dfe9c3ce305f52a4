//! The head of a request, line by line.

use std::ops::ControlFlow;

use super::{Framing, Line, RawRule, is_text, trimmed};
use crate::head::HEAD_MAX;

/// Digits of a length that always fits.
const LENGTH_DIGITS_MAX: usize = 18;

/// What is known of a head that is not complete yet.
#[derive(Debug, Default)]
pub(super) struct Head {
    line: Line,
    /// Bytes of its complete lines.
    len: usize,
    version: Option<Version>,
    length: Option<u64>,
    chunked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    Http10,
    Http11,
}

impl Head {
    /// Whether nothing of it was seen.
    pub(super) fn is_empty(&self) -> bool {
        self.version.is_none() && self.line.is_empty()
    }

    /// Takes the next line, if it is complete. Breaks off at the end of the head.
    pub(super) fn push<'a>(
        &mut self,
        bytes: &'a [u8],
    ) -> Result<(ControlFlow<Framing>, &'a [u8]), RawRule> {
        let mut line = std::mem::take(&mut self.line);
        let longest = HEAD_MAX.saturating_sub(self.len);
        let taken = line.next(bytes, longest, |line| self.take(line))?;
        self.line = line;
        let Some(taken) = taken else {
            return Ok((ControlFlow::Continue(()), &[]));
        };
        self.len += taken.len;
        Ok((taken.done, taken.rest))
    }

    fn take(&mut self, line: &[u8]) -> Result<ControlFlow<Framing>, RawRule> {
        let more = ControlFlow::Continue(());
        let Some(version) = self.version else {
            // Empty lines before a request are to be ignored (RFC 9112 section 2.2).
            if !line.is_empty() {
                self.version = Some(request_line(line)?);
            }
            return Ok(more);
        };
        if line.is_empty() {
            return self.framing(version).map(ControlFlow::Break);
        }
        self.header(line).map(|()| more)
    }

    fn header(&mut self, line: &[u8]) -> Result<(), RawRule> {
        if let [b' ' | b'\t', ..] = line {
            return Err(RawRule::Fold);
        }
        let end = line.iter().position(|&byte| !is_token(byte));
        let (name, rest) = line.split_at(end.unwrap_or(line.len()));
        let value = rest.strip_prefix(b":").ok_or(RawRule::Header)?;
        if name.is_empty() || !is_text(value) {
            return Err(RawRule::Header);
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = length(trimmed(value)).ok_or(RawRule::Length)?;
            if self.length.replace(length).is_some() {
                return Err(RawRule::LengthTwice);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_chunked = trimmed(value).eq_ignore_ascii_case(b"chunked");
            if self.chunked || !is_chunked {
                return Err(RawRule::Coding);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn framing(&self, version: Version) -> Result<Framing, RawRule> {
        match (self.length, self.chunked) {
            (Some(_), true) => Err(RawRule::LengthAndCoding),
            (None, true) if version == Version::Http10 => Err(RawRule::Coding),
            (None, true) => Ok(Framing::Chunked),
            (length, false) => Ok(Framing::Sized(length.unwrap_or(0))),
        }
    }
}

/// `METHOD SP target SP version`, with exactly these spaces.
fn request_line(line: &[u8]) -> Result<Version, RawRule> {
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(RawRule::RequestLine);
    };
    let method_fits = !method.is_empty() && method.iter().all(|&byte| is_token(byte));
    let target_fits = !target.is_empty() && target.iter().all(u8::is_ascii_graphic);
    if !method_fits || !target_fits {
        return Err(RawRule::RequestLine);
    }
    if memchr::memchr(b'#', target).is_some() {
        return Err(RawRule::Fragment);
    }
    match version {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        _ => Err(RawRule::RequestLine),
    }
}

fn length(digits: &[u8]) -> Option<u64> {
    let fits = (1..=LENGTH_DIGITS_MAX).contains(&digits.len());
    let number = |sum: u64, digit: &u8| {
        let value = char::from(*digit).to_digit(10)?;
        Some(sum * 10 + u64::from(value))
    };
    fits.then(|| digits.iter().try_fold(0, number)).flatten()
}

/// The characters of a token, RFC 9110 section 5.6.2. A table, since every name of every header is
/// looked through.
static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}
