//! The lines of a segment: its head, its records, its seals.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::hex::{PublicKey, Signature};
use super::record::Record;
use crate::config::canonical;
use crate::hash::Hash256;

/// The format of segments that this version writes.
pub(super) const FORMAT: u32 = 1;

/// What stands before the hash in a line.
const BEFORE_HASH: &[u8] = b"{\"hash\":\"";
/// What stands between the hash and the record.
const BEFORE_RECORD: &[u8] = b"\",\"record\":";
/// What stands behind the record.
const END: &[u8] = b"}";
/// Bytes of a hash in hexadecimal.
const HASH_LEN: usize = 64;

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Entry {
    /// The first line of a segment.
    Head(Head),
    /// A record.
    Record(Box<Record>),
    /// A signature over all before it in this segment.
    Seal(Seal),
}

/// The first line of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The format of this segment.
    pub format: u32,
    /// Which log this is.
    pub instance: Uuid,
    /// Counts the segments of a log from 1.
    pub segment: u64,
    /// The sequence of the first record to come.
    pub sequence: u64,
    /// The hash of the last line of the segment before.
    pub previous: Hash256,
    /// Whose signatures count.
    pub public_key: PublicKey,
    /// When it was begun.
    pub time_ms: i64,
}

/// What a seal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    /// Which log this is.
    pub instance: Uuid,
    /// The segment.
    pub segment: u64,
    /// Whether the segment ends here.
    pub last: bool,
    /// Records in this segment so far.
    pub records: u64,
    /// The sequence of the record to come next.
    pub sequence: u64,
    /// The hash of the line before.
    pub chain: Hash256,
    /// The smallest time of the segment's lines so far.
    pub from_ms: i64,
    /// The largest time of the segment's lines so far.
    pub to_ms: i64,
    /// When it was signed.
    pub time_ms: i64,
}

/// A signature over all before it in this segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seal {
    /// What is signed.
    #[serde(flatten)]
    pub sealed: Sealed,
    /// By the key that the head names.
    pub signature: Signature,
}

impl Sealed {
    /// The bytes that are signed.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = b"underpass audit seal\0".to_vec();
        bytes.extend(canonical::bytes(self));
        bytes
    }
}

/// Writes an entry as a line; answers its hash.
pub(super) fn write_line(entry: &Entry, previous: Hash256, out: &mut Vec<u8>) -> Hash256 {
    let json = canonical::bytes(entry);
    let hash = link(previous, &json);
    out.extend_from_slice(BEFORE_HASH);
    out.extend_from_slice(hash.to_string().as_bytes());
    out.extend_from_slice(BEFORE_RECORD);
    out.extend_from_slice(&json);
    out.extend_from_slice(END);
    out.push(b'\n');
    hash
}

/// The hash of a line: over the hash of the line before and the bytes of the record.
pub(super) fn link(previous: Hash256, json: &[u8]) -> Hash256 {
    Hash256::of_slices([previous.as_bytes().as_slice(), json])
}

/// A line, split.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The hash that it claims.
    pub hash: Hash256,
    /// The bytes of its record.
    pub json: &'a [u8],
}

/// A line that is none.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no line of an audit log")]
pub struct NoLine;

/// Splits a line, without its line feed. Tells nothing of whether it fits.
///
/// # Errors
/// Where it has another form.
pub fn read_line(line: &[u8]) -> Result<Line<'_>, NoLine> {
    let split = || {
        let rest = line.strip_prefix(BEFORE_HASH)?;
        let (hash, rest) = rest.split_at_checked(HASH_LEN)?;
        let json = rest.strip_prefix(BEFORE_RECORD)?.strip_suffix(END)?;
        let hash = std::str::from_utf8(hash).ok()?.parse().ok()?;
        Some(Line { hash, json })
    };
    split().ok_or(NoLine)
}
