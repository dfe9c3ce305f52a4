//! A record that somebody noted down, so that nobody can write the log anew behind it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::hash::Hash256;
use crate::schema::schema;

/// A record that somebody knows from before: its sequence and its hash, as `17:<hash>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The sequence.
    pub sequence: u64,
    /// The hash of its line.
    pub hash: Hash256,
}

schema!(Anchor = { "type": "string", "pattern": "^[0-9]{1,18}:[0-9a-f]{64}$" });

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

/// A text that is no anchor.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be the number of a record and its hash, such as 17:<64 hexadecimal digits>")]
pub struct InvalidAnchor;

impl FromStr for Anchor {
    type Err = InvalidAnchor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (sequence, hash) = text.split_once(':').ok_or(InvalidAnchor)?;
        Ok(Self {
            sequence: sequence.parse().or(Err(InvalidAnchor))?,
            hash: hash.parse().or(Err(InvalidAnchor))?,
        })
    }
}
