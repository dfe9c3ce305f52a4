//! Keys and signatures as hexadecimal text.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id::serde_as_text;
use crate::schema::schema;

/// Bytes of a fixed length, in lower-case hexadecimal where they are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexBytes<const N: usize>([u8; N]);

/// An Ed25519 public key.
pub type PublicKey = HexBytes<32>;
/// An Ed25519 signature.
pub type Signature = HexBytes<64>;

/// A text that is not so many hexadecimal digits in lower case.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be {0} hexadecimal digits in lower case")]
pub struct InvalidHex(usize);

impl<const N: usize> HexBytes<N> {
    /// Wraps the bytes.
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Display for HexBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<const N: usize> fmt::Debug for HexBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for HexBytes<N> {
    type Err = InvalidHex;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = InvalidHex(2 * N);
        let digits = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 2 * N || !text.bytes().all(digits) {
            return Err(wrong);
        }
        let mut bytes = [0; N];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            let pair = text.get(at..at + 2).ok_or(wrong)?;
            *byte = u8::from_str_radix(pair, 16).or(Err(wrong))?;
        }
        Ok(Self(bytes))
    }
}

serde_as_text!(PublicKey, Signature);
schema!(PublicKey = { "type": "string", "pattern": "^[0-9a-f]{64}$" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_the_same() {
        let key = PublicKey::new(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(key));
        for wrong in [
            "",
            &text[1..],
            &text.to_uppercase(),
            &text.replace('0', "g"),
        ] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(InvalidHex(64)));
        }
    }
}
