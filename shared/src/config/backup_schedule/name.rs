//! The name of a schedule: part of addresses and of the names of files.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use crate::id::serde_as_text;
use crate::schema::schema;

/// Characters of a name; file names hold it beside an id and a time.
const LEN_MAX: usize = 40;

/// The name of a schedule. Letters are small, since some file systems tell no others apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleName(Arc<str>);

/// A text that is no name of a schedule.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must have 1 to {LEN_MAX} characters of a-z 0-9 -, the first and the last one no hyphen")]
pub struct InvalidScheduleName(());

impl ScheduleName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ScheduleName {
    type Err = InvalidScheduleName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.bytes().all(|byte| plain(byte) || byte == b'-');
        let ends = [text.bytes().next(), text.bytes().next_back()];
        let ends_well = ends.into_iter().all(|end| end.is_some_and(plain));
        if !fits || !ends_well || text.len() > LEN_MAX {
            return Err(InvalidScheduleName(()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ScheduleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(ScheduleName);
schema!(ScheduleName = {
    "type": "string",
    "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    "maxLength": LEN_MAX,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_for_addresses_and_files() {
        for name in ["n", "nightly", "2-nas", &"a".repeat(LEN_MAX)] {
            assert_eq!(name.parse::<ScheduleName>().unwrap().as_str(), name);
        }
        let long = "a".repeat(LEN_MAX + 1);
        for wrong in ["", "-a", "a-", "A", "a b", "a/b", "..", "ä", &long] {
            assert!(wrong.parse::<ScheduleName>().is_err(), "{wrong}");
        }
    }
}
