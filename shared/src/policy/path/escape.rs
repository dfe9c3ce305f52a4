//! Escapes (`%XX`) in paths, also those that hide behind another escape.

use std::ops::ControlFlow;

use super::{PATH_LEN_MAX, PathRule, check_segments};
use crate::config::PathOptions;

/// Decoders behind each other that are looked through. Nobody has more, and without a limit a path
/// of nothing but `%252525...` would cost the square of its length.
const DECODERS_MAX: usize = 8;

/// Applies the rule to what a second, third, ... decoder would see.
pub(super) fn check_deeper(canonical: &[u8], options: &PathOptions) -> Result<(), PathRule> {
    let mut path = [0; PATH_LEN_MAX];
    let mut decoded = [0; PATH_LEN_MAX];
    let mut len = copy(&mut path, canonical);
    for _ in 0..=DECODERS_MAX {
        let ControlFlow::Continue(shorter) =
            unwrap_percent(path.get(..len).unwrap_or_default(), &mut decoded)
        else {
            return Ok(());
        };
        let checked = canonicalise(
            decoded.get(..shorter).unwrap_or_default(),
            options,
            &mut path,
        )
        .and_then(|canonical| check_segments(canonical, options).map(|()| canonical.len()));
        len = checked.or(Err(PathRule::DoubleEncoding))?;
    }
    Err(PathRule::DoubleEncoding)
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

/// Writes the form with unreserved escapes decoded and the others in upper case.
pub(super) fn canonicalise<'a>(
    raw: &[u8],
    options: &PathOptions,
    out: &'a mut [u8],
) -> Result<&'a [u8], PathRule> {
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
        check_escaped(value, after, options)?;
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

pub(super) fn check_byte(byte: u8) -> Result<(), PathRule> {
    match byte {
        b'\\' | b'#' | b'?' => Err(PathRule::Delimiter),
        0x21..=0x7e => Ok(()),
        _ => Err(PathRule::RawByte),
    }
}

/// Checks the value of an escape; `after` is what follows it.
fn check_escaped(value: u8, after: &[u8], options: &PathOptions) -> Result<(), PathRule> {
    let next = || after.strip_prefix(b"%").and_then(escape_value);
    match value {
        0x00..=0x1f | 0x7f => Err(PathRule::EncodedControl),
        b'/' if options.encoded_slashes => Ok(()),
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
