//! SHA-256 as a value, in hexadecimal where it is shown.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::id::serde_as_text;
use crate::schema::schema;

/// A SHA-256 hash.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash256([u8; 32]);

/// A hash of bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

/// A text that is not 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("hash must be 64 hexadecimal digits in lower case")]
pub struct InvalidHash;

impl Hash256 {
    /// What stands before the first link of a chain.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of slices, one behind another.
    pub fn of_slices<'a>(slices: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for slice in slices {
            hasher.update(slice);
        }
        Self(hasher.finalize().into())
    }

    /// The hash of a label and a list of hashes, so that equal lists of different kinds differ.
    pub fn of_parts(label: &str, parts: impl IntoIterator<Item = Self>) -> Self {
        let mut hasher = Sha256::new_with_prefix(label);
        hasher.update([0]);
        for part in parts {
            hasher.update(part.0);
        }
        Self(hasher.finalize().into())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Hasher {
    /// The next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces.
    pub fn finish(self) -> Hash256 {
        Hash256(self.0.finalize().into())
    }
}

impl fmt::Display for Hash256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash256 {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(digits) {
            return Err(InvalidHash);
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            let pair = text.get(at..at + 2).ok_or(InvalidHash)?;
            *byte = u8::from_str_radix(pair, 16).or(Err(InvalidHash))?;
        }
        Ok(Self(bytes))
    }
}

serde_as_text!(Hash256);
schema!(Hash256 = { "type": "string", "pattern": "^[0-9a-f]{64}$" });

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_text_is_lower_case_hexadecimal() {
        assert_eq!(Hash256::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(Hash256::of(b"")));
        for text in [
            "",
            &EMPTY[1..],
            &EMPTY.to_uppercase(),
            &EMPTY.replace('e', "g"),
        ] {
            assert_eq!(text.parse::<Hash256>(), Err(InvalidHash));
        }
    }

    #[test]
    fn pieces_hash_as_the_whole() {
        let mut hasher = Hasher::default();
        for piece in [b"one".as_slice(), b"", b"two"] {
            hasher.update(piece);
        }
        assert_eq!(hasher.finish(), Hash256::of(b"onetwo"));
    }

    #[test]
    fn lists_differ_by_label_order_and_length() {
        let (a, b) = (Hash256::of(b"a"), Hash256::of(b"b"));
        let lists = [
            Hash256::of_parts("x", [a, b]),
            Hash256::of_parts("x", [b, a]),
            Hash256::of_parts("y", [a, b]),
            Hash256::of_parts("x", [a]),
            Hash256::of_parts("x", []),
        ];
        for (i, one) in lists.iter().enumerate() {
            assert!(lists.iter().skip(i + 1).all(|other| other != one));
        }
    }
}
