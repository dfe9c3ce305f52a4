//! The raw bytes of requests: what a tolerant HTTP parser repairs without a word.
//!
//! The gateway's parser takes bare line feeds, drops fragments, merges lengths and lets
//! `Transfer-Encoding` win over `Content-Length`. What it makes of a request is what goes on, newly
//! framed, so the back end sees one request whatever came in. Yet a proxy before the gateway may have
//! read the same bytes in another way. So a [`Watch`] follows the bytes beside the parser, strictly,
//! and names the first request that must not be answered.
//!
//! It never decides where a message ends for anybody else. Where it loses its way it says so, and no
//! further request of the connection is answered: a mistake in it costs a connection, not safety.

mod chunked;
mod head;

use std::ops::ControlFlow;

use thiserror::Error;

use self::chunked::Chunked;
use self::head::Head;

/// The rule that the bytes of a request break.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum RawRule {
    /// A line that does not end in CR LF.
    #[error("lines must end in CR LF")]
    LineEnd,
    /// Not `METHOD target HTTP/1.1`.
    #[error("the request line must be METHOD target HTTP/1.1 in printable ASCII")]
    RequestLine,
    /// `#` in the target.
    #[error("the request target must not contain a fragment")]
    Fragment,
    /// A header that is continued on the next line.
    #[error("header lines must not be folded")]
    Fold,
    /// No `name: value`, or with forbidden characters.
    #[error("header lines must be name: value without control characters")]
    Header,
    /// `Content-Length` that is no number.
    #[error("Content-Length must be one number")]
    Length,
    /// `Content-Length` more than once.
    #[error("Content-Length must not come twice")]
    LengthTwice,
    /// `Content-Length` and `Transfer-Encoding`.
    #[error("Content-Length and Transfer-Encoding must not come together")]
    LengthAndCoding,
    /// `Transfer-Encoding` other than `chunked` (RFC 9112 section 6.1: 501).
    #[error("Transfer-Encoding must be chunked and nothing else")]
    Coding,
    /// A head longer than [`HEAD_MAX`](crate::head::HEAD_MAX).
    #[error("the head is too long")]
    TooLong,
    /// The body before this request was not framed by the rules.
    #[error("the body of the request before was not framed by the rules")]
    Body,
}

/// The first request of a connection that must not be answered, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number on the connection, from 0.
    pub request: u64,
    /// What it breaks.
    pub rule: RawRule,
}

/// Follows the bytes that one consumer sends on one connection.
#[derive(Debug, Default)]
pub struct Watch {
    state: State,
    /// Requests whose heads are complete.
    requests: u64,
}

#[derive(Debug)]
enum State {
    Head(Head),
    Sized(u64),
    Chunked(Chunked),
    /// A rule was broken; nothing that follows counts.
    Over,
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

/// How the body behind a head is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Sized(u64),
    Chunked,
}

impl Watch {
    /// Looks at the next bytes. After it found something, it looks at nothing more.
    ///
    /// # Errors
    /// The first request that breaks a rule.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        while !bytes.is_empty() {
            match self.step(bytes) {
                Ok(rest) => bytes = rest,
                Err(rule) => {
                    self.state = State::Over;
                    let request = self.requests;
                    return Err(Broken { request, rule });
                }
            }
        }
        Ok(())
    }

    /// How many heads are complete.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// Whether a message has ended and the next has not begun.
    pub fn is_between(&self) -> bool {
        matches!(&self.state, State::Head(head) if head.is_empty())
    }

    /// Answers the bytes that are left.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], RawRule> {
        match &mut self.state {
            State::Head(head) => {
                let (ended, rest) = head.push(bytes)?;
                if let ControlFlow::Break(framing) = ended {
                    self.requests += 1;
                    self.state = match framing {
                        Framing::Sized(0) => State::default(),
                        Framing::Sized(length) => State::Sized(length),
                        Framing::Chunked => State::Chunked(Chunked::default()),
                    };
                }
                Ok(rest)
            }
            State::Sized(left) => {
                let here = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= here as u64;
                if *left == 0 {
                    self.state = State::default();
                }
                Ok(bytes.get(here..).unwrap_or_default())
            }
            State::Chunked(chunked) => {
                let (ended, rest) = chunked.push(bytes)?;
                if ended.is_break() {
                    self.state = State::default();
                }
                Ok(rest)
            }
            State::Over => Ok(&[]),
        }
    }
}

/// A line that may come in pieces. Kept only as long as it is incomplete.
#[derive(Debug, Default)]
struct Line(Vec<u8>);

impl Line {
    /// Whether a piece of a line is waiting for the rest.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands the next line, without its end, to `use_it`; nothing while the line is incomplete.
    fn next<'a, T>(
        &mut self,
        bytes: &'a [u8],
        longest: usize,
        use_it: impl FnOnce(&[u8]) -> Result<T, RawRule>,
    ) -> Result<Option<Taken<'a, T>>, RawRule> {
        let end = memchr::memchr(b'\n', bytes);
        let (here, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        let len = self.0.len() + here.len();
        if len > longest {
            return Err(RawRule::TooLong);
        }
        if end.is_none() {
            self.0.extend_from_slice(here);
            return Ok(None);
        }
        let done = if self.0.is_empty() {
            use_it(without_end(here)?)
        } else {
            let mut whole = std::mem::take(&mut self.0);
            whole.extend_from_slice(here);
            use_it(without_end(&whole)?)
        };
        done.map(|done| Some(Taken { done, len, rest }))
    }
}

/// A complete line.
struct Taken<'a, T> {
    /// What was made of it.
    done: T,
    /// Its length with its end.
    len: usize,
    /// The bytes behind it.
    rest: &'a [u8],
}

fn without_end(line: &[u8]) -> Result<&[u8], RawRule> {
    line.strip_suffix(b"\r\n").ok_or(RawRule::LineEnd)
}

/// The text without spaces and tabs around it.
fn trimmed(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !blank(byte));
    let end = text.iter().rposition(|byte| !blank(byte));
    match (start, end) {
        (Some(start), Some(end)) => text.get(start..=end).unwrap_or_default(),
        _ => &[],
    }
}

/// Whether there are no control characters but tabs.
fn is_text(bytes: &[u8]) -> bool {
    // Without an early end, so that many bytes are looked at at once.
    let control = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    !bytes
        .iter()
        .fold(false, |found, &byte| found | control(byte))
}

#[cfg(test)]
mod tests;
