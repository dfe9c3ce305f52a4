//! The public key of `age` that a backup is sealed to, as a text.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id::serde_as_text;
use crate::schema::schema;

/// What every such key begins with.
const PREFIX: &str = "age1";
/// Letters and digits behind it: 32 bytes and a checksum.
const REST_LEN: usize = 58;

/// A text of the form of a public key. Whether its checksum is right tells who seals to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecipientText(String);

/// A text that is no public key of `age`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be a public key of age, as age-keygen shows it: age1 and 58 letters and digits")]
pub struct InvalidRecipientText;

impl RecipientText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RecipientText {
    type Err = InvalidRecipientText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix(PREFIX).ok_or(InvalidRecipientText)?;
        let known = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        if rest.len() == REST_LEN && rest.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRecipientText)
        }
    }
}

impl fmt::Display for RecipientText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(RecipientText);
schema!(RecipientText = { "type": "string", "pattern": "^age1[0-9a-z]{58}$" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_people_are_told_from_other_texts() {
        let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        assert_eq!(key.parse::<RecipientText>().unwrap().as_str(), key);
        let private = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
        for wrong in ["", "age1", &key.to_uppercase(), private, &format!("{key}q")] {
            assert_eq!(wrong.parse::<RecipientText>(), Err(InvalidRecipientText));
        }
    }
}
