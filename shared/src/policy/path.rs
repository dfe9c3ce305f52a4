//! The path rule: what is ambiguous is refused, never repaired.
//!
//! Back ends and proxies disagree about dot segments, encoded slashes, double encoding and the
//! like. A path that two of them could read differently gets no permit, so the path that was
//! matched is the path that the back end sees.

use std::ops::ControlFlow;

use thiserror::Error;

/// Longest path in bytes: that of an ordinary request line.
pub const PATH_LEN_MAX: usize = 8 * 1024;

/// The rule that a refused path breaks.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum PathRule {
    /// Longer than [`PATH_LEN_MAX`].
    #[error("path is longer than 8192 bytes")]
    TooLong,
    /// Empty, or of another form than `/...`.
    #[error("path must start with /")]
    NotAbsolute,
    /// A byte outside printable ASCII.
    #[error("path must be printable ASCII; encode other characters as %XX")]
    RawByte,
    /// `\`, `#` or `?` in the path.
    #[error("path must not contain a backslash, # or ?")]
    Delimiter,
    /// `%` without two hexadecimal digits.
    #[error("% must be followed by two hexadecimal digits")]
    BrokenEscape,
    /// An encoded control character.
    #[error("path must not contain encoded control characters")]
    EncodedControl,
    /// `%2f` or `%5c`.
    #[error("path must not contain encoded slashes or backslashes")]
    EncodedSlash,
    /// An over-long UTF-8 form such as `%c0%ae`.
    #[error("path must not contain over-long UTF-8")]
    Overlong,
    /// A segment that is `.` or `..`, also with parameters.
    #[error("path must not contain dot segments")]
    DotSegment,
    /// `//`.
    #[error("path must not contain empty segments")]
    EmptySegment,
    /// Decoding more than once would give a path that breaks a rule.
    #[error("path must not be ambiguous when it is decoded twice")]
    DoubleEncoding,
}

impl PathRule {
    /// A short constant name for metrics and the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotAbsolute => "not_absolute",
            Self::RawByte => "raw_byte",
            Self::Delimiter => "delimiter",
            Self::BrokenEscape => "broken_escape",
            Self::EncodedControl => "encoded_control",
            Self::EncodedSlash => "encoded_slash",
            Self::Overlong => "overlong",
            Self::DotSegment => "dot_segment",
            Self::EmptySegment => "empty_segment",
            Self::DoubleEncoding => "double_encoding",
        }
    }
}

/// Checks `raw` and hands its canonical form to `use_it`: unreserved escapes decoded, the other
/// escapes in upper case. Allocates nothing; a path without escapes is not even copied.
pub fn with_canonical<T>(raw: &[u8], use_it: impl FnOnce(&[u8]) -> T) -> Result<T, PathRule> {
    if raw.len() > PATH_LEN_MAX {
        return Err(PathRule::TooLong);
    }
    if raw.first() != Some(&b'/') {
        return Err(PathRule::NotAbsolute);
    }
    if !raw.contains(&b'%') {
        raw.iter().try_for_each(|&byte| check_byte(byte))?;
        check_segments(raw)?;
        return Ok(use_it(raw));
    }
    with_escapes(raw, use_it)
}

/// The part of [`with_canonical`] that needs a buffer, apart so that plain paths do not pay for it.
#[inline(never)]
fn with_escapes<T>(raw: &[u8], use_it: impl FnOnce(&[u8]) -> T) -> Result<T, PathRule> {
    let mut buffer = [0; PATH_LEN_MAX];
    let canonical = canonicalise(raw, &mut buffer)?;
    check_segments(canonical)?;
    if canonical.windows(3).any(|bytes| bytes == b"%25") {
        check_deeper(canonical)?;
    }
    Ok(use_it(canonical))
}

/// Applies the rule to what a second, third, ... decoder would see.
fn check_deeper(canonical: &[u8]) -> Result<(), PathRule> {
    let mut path = [0; PATH_LEN_MAX];
    let mut decoded = [0; PATH_LEN_MAX];
    let mut len = copy(&mut path, canonical);
    // Each round shortens the path, so the loop ends.
    while let ControlFlow::Continue(shorter) =
        unwrap_percent(path.get(..len).unwrap_or_default(), &mut decoded)
    {
        let checked = canonicalise(decoded.get(..shorter).unwrap_or_default(), &mut path)
            .and_then(|canonical| check_segments(canonical).map(|()| canonical.len()));
        len = checked.or(Err(PathRule::DoubleEncoding))?;
    }
    Ok(())
}

/// Replaces `%25XX` by `%XX`. Breaks off when there is none.
fn unwrap_percent(path: &[u8], out: &mut [u8]) -> ControlFlow<(), usize> {
    let mut writer = Writer::new(out);
    let mut rest = path;
    let mut found = false;
    while let [first, tail @ ..] = rest {
        writer.push(*first);
        rest = tail;
        if let (b'%', [b'2', b'5', after @ ..]) = (*first, tail)
            && escape_value(after).is_some()
        {
            found = true;
            rest = after;
        }
    }
    if found {
        ControlFlow::Continue(writer.len)
    } else {
        ControlFlow::Break(())
    }
}

fn copy(to: &mut [u8], from: &[u8]) -> usize {
    let mut writer = Writer::new(to);
    from.iter().for_each(|&byte| writer.push(byte));
    writer.len
}

/// Writes into a buffer that is at least as long as what comes in.
struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.out.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }
}

fn canonicalise<'a>(raw: &[u8], out: &'a mut [u8]) -> Result<&'a [u8], PathRule> {
    let mut writer = Writer::new(out);
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            check_byte(*first)?;
            writer.push(*first);
            rest = tail;
            continue;
        }
        let value = escape_value(tail).ok_or(PathRule::BrokenEscape)?;
        let after = tail.get(2..).unwrap_or_default();
        check_escaped(value, after)?;
        if is_unreserved(value) {
            writer.push(value);
        } else {
            writer.push(b'%');
            tail.iter()
                .take(2)
                .for_each(|digit| writer.push(digit.to_ascii_uppercase()));
        }
        rest = after;
    }
    let len = writer.len;
    Ok(out.get(..len).unwrap_or_default())
}

fn check_byte(byte: u8) -> Result<(), PathRule> {
    match byte {
        b'\\' | b'#' | b'?' => Err(PathRule::Delimiter),
        0x21..=0x7e => Ok(()),
        _ => Err(PathRule::RawByte),
    }
}

/// Checks the value of an escape; `after` is what follows it.
fn check_escaped(value: u8, after: &[u8]) -> Result<(), PathRule> {
    let next = || after.strip_prefix(b"%").and_then(escape_value);
    match value {
        0x00..=0x1f | 0x7f => Err(PathRule::EncodedControl),
        b'/' | b'\\' => Err(PathRule::EncodedSlash),
        0xc0 | 0xc1 if matches!(next(), Some(0x80..=0xbf)) => Err(PathRule::Overlong),
        0xe0 if matches!(next(), Some(0x80..=0x9f)) => Err(PathRule::Overlong),
        0xf0 if matches!(next(), Some(0x80..=0x8f)) => Err(PathRule::Overlong),
        _ => Ok(()),
    }
}

/// The value of the two hexadecimal digits that `text` starts with.
fn escape_value(text: &[u8]) -> Option<u8> {
    let [high, low, ..] = text else { return None };
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Refuses dot segments and empty segments; a slash at the end is no empty segment.
fn check_segments(canonical: &[u8]) -> Result<(), PathRule> {
    let mut segments = canonical.split(|&byte| byte == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(PathRule::EmptySegment);
        }
        if matches!(without_parameters(segment), b"." | b"..") {
            return Err(PathRule::DotSegment);
        }
    }
    Ok(())
}

/// The segment up to its first `;`, raw or encoded.
fn without_parameters(segment: &[u8]) -> &[u8] {
    let raw = segment.iter().position(|&byte| byte == b';');
    let encoded = segment.windows(3).position(|bytes| bytes == b"%3B");
    let end = [raw, encoded].into_iter().flatten().min();
    segment
        .get(..end.unwrap_or(segment.len()))
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "path/tests.rs"]
mod tests;
