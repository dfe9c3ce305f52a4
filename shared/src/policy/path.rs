//! The path rule: what is ambiguous is refused, never repaired.
//!
//! Back ends and proxies disagree about dot segments, encoded slashes, double encoding and the
//! like. A path that two of them could read differently gets no permit, so the path that was
//! matched is the path that the back end sees. A mapping's [`PathOptions`] make exceptions for real
//! URLs; with each of them every decoder still ends up below the same resource.

mod escape;
mod session;

use thiserror::Error;

use self::escape::{canonicalise, check_byte, check_deeper};
use self::session::without_session;
use crate::config::PathOptions;

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

/// Checks `raw` and hands the form that is matched to `use_it`: unreserved escapes decoded, the
/// other escapes in upper case, without a session where the options allow one. Allocates nothing; a
/// path without escapes is not even copied.
pub fn with_canonical<T>(
    raw: &[u8],
    options: &PathOptions,
    use_it: impl FnOnce(&[u8]) -> T,
) -> Result<T, PathRule> {
    if raw.len() > PATH_LEN_MAX {
        return Err(PathRule::TooLong);
    }
    if raw.first() != Some(&b'/') {
        return Err(PathRule::NotAbsolute);
    }
    if raw.contains(&b'%') {
        return with_escapes(raw, options, use_it);
    }
    raw.iter().try_for_each(|&byte| check_byte(byte))?;
    check_segments(raw, options)?;
    Ok(matched(raw, options, use_it))
}

/// The part of [`with_canonical`] that needs a buffer, apart so that plain paths do not pay for it.
#[inline(never)]
fn with_escapes<T>(
    raw: &[u8],
    options: &PathOptions,
    use_it: impl FnOnce(&[u8]) -> T,
) -> Result<T, PathRule> {
    let mut buffer = [0; PATH_LEN_MAX];
    let canonical = canonicalise(raw, options, &mut buffer)?;
    check_segments(canonical, options)?;
    if canonical.windows(3).any(|bytes| bytes == b"%25") {
        check_deeper(canonical, options)?;
    }
    Ok(matched(canonical, options, use_it))
}

/// Takes the session out, where there may be one.
fn matched<T>(canonical: &[u8], options: &PathOptions, use_it: impl FnOnce(&[u8]) -> T) -> T {
    if options.bsp_mangling
        && let Some(parts) = without_session(canonical)
    {
        return joined(parts, use_it);
    }
    use_it(canonical)
}

#[inline(never)]
fn joined<T>((front, back): (&[u8], &[u8]), use_it: impl FnOnce(&[u8]) -> T) -> T {
    let mut path = [0; PATH_LEN_MAX];
    let mut len = 0;
    for (place, byte) in path.iter_mut().zip(front.iter().chain(back)) {
        *place = *byte;
        len += 1;
    }
    use_it(path.get(..len).unwrap_or_default())
}

/// Refuses dot segments and empty segments; a slash at the end is no empty segment. Where encoded
/// slashes are allowed they are borders here, as a decoder further on will take them for such.
fn check_segments(canonical: &[u8], options: &PathOptions) -> Result<(), PathRule> {
    let (_, mut rest) = split(canonical, options);
    let mut empty_is_allowed = false;
    while let Some(segments) = rest {
        let (segment, after) = split(segments, options);
        if segment.is_empty() && after.is_some() && !empty_is_allowed {
            return Err(PathRule::EmptySegment);
        }
        if segment.first() == Some(&b'.') && matches!(without_parameters(segment), b"." | b"..") {
            return Err(PathRule::DotSegment);
        }
        empty_is_allowed = options.empty_segments;
        rest = after;
    }
    Ok(())
}

/// The first segment, and what follows its border.
fn split<'a>(path: &'a [u8], options: &PathOptions) -> (&'a [u8], Option<&'a [u8]>) {
    let border = |at: usize| match path.get(at..)? {
        [b'/', ..] => Some((at, at + 1)),
        [b'%', b'2', b'F', ..] if options.encoded_slashes => Some((at, at + 3)),
        _ => None,
    };
    match (0..path.len()).find_map(border) {
        Some((end, next)) => (path.get(..end).unwrap_or_default(), path.get(next..)),
        None => (path, None),
    }
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
