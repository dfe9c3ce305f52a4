//! What can be wrong with a log, and where.

use std::fmt;

use thiserror::Error;

use super::hex::PublicKey;

/// What is wrong.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// The line has no such form.
    #[error("the line is damaged ({0})")]
    Malformed(String),
    /// The content is not what was written, or the line does not follow the one before.
    #[error("the hash does not fit; the line, or what was before it, was changed")]
    Hash,
    /// Records are missing, or stand twice.
    #[error(
        "record {expected} was to come, but this is record {found}; records are missing, repeated or swapped"
    )]
    Sequence {
        /// Which was to come.
        expected: u64,
        /// Which came.
        found: u64,
    },
    /// The signature is not that of the key.
    #[error("the signature does not fit")]
    Signature,
    /// The signer is not the one that is trusted.
    #[error("it is signed by {found}, which is not the key of this log")]
    Key {
        /// Whose it is.
        found: PublicKey,
    },
    /// A seal or head says something else than what is there.
    #[error("{0} is not what is there")]
    Statement(&'static str),
    /// A line behind the last seal of a segment.
    #[error("the segment ended before this line")]
    BehindEnd,
    /// The segment ends without its seal although another one follows.
    #[error("the segment ends without its seal; its end was cut off")]
    Unsealed,
    /// The last line is incomplete.
    #[error("the last {bytes} bytes are no complete line; they were cut off")]
    Truncated {
        /// How many there are.
        bytes: usize,
    },
    /// A segment is not there.
    #[error("the segment is missing")]
    Missing,
    /// The marker of the beginning does not fit.
    #[error("the marker of the log's beginning does not verify: {0}")]
    Marker(&'static str),
    /// The record that somebody noted down is not there.
    #[error("record {0}, which was given as known, is not there or is another one")]
    Anchor(u64),
}

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The segment, which is one file.
    pub segment: u64,
    /// The line in it, from 1; 0 where it is about the whole.
    pub line: u64,
    /// The record that this line is or should be.
    pub sequence: u64,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            segment,
            line,
            sequence,
            fault,
        } = self;
        match line {
            0 => write!(f, "segment {segment}: {fault}"),
            _ => write!(
                f,
                "segment {segment}, line {line}, at record {sequence}: {fault}"
            ),
        }
    }
}

impl std::error::Error for Bad {}
