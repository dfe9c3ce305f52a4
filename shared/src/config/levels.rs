//! Levels of the log by module.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use thiserror::Error;

use super::limits::{MODULE_LEVELS_MAX, MODULE_NAME_LEN_MAX};
use super::logs::LogLevel;
use crate::id::serde_as_text;
use crate::schema::schema;

/// The path of a module of the program, such as `underpass_agent::forward`; what is below it goes
/// with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleName(String);

/// A text that is no path of a module.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "must be the path of a module, such as underpass_agent::forward, of at most 128 characters"
)]
pub struct InvalidModuleName;

impl ModuleName {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ModuleName {
    type Err = InvalidModuleName;

    fn from_str(text: &str) -> Result<Self, InvalidModuleName> {
        let part = |part: &str| {
            let start = part
                .bytes()
                .next()
                .is_some_and(|byte| byte.is_ascii_lowercase());
            let rest =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            start && part.bytes().all(rest)
        };
        if text.len() <= MODULE_NAME_LEN_MAX && text.split("::").all(part) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidModuleName)
    }
}

serde_as_text!(ModuleName);
schema!(ModuleName = {
    "type": "string",
    "maxLength": MODULE_NAME_LEN_MAX,
    "pattern": "^[a-z][a-z0-9_]*(::[a-z][a-z0-9_]*)*$",
});

/// The levels of modules whose level is not that of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, extend("maxProperties" = MODULE_LEVELS_MAX))]
pub struct ModuleLevels(BTreeMap<ModuleName, LogLevel>);

impl ModuleLevels {
    /// The modules with their levels.
    pub fn iter(&self) -> impl Iterator<Item = (&ModuleName, LogLevel)> {
        self.0.iter().map(|(name, level)| (name, *level))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for ModuleLevels {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let levels = BTreeMap::<ModuleName, LogLevel>::deserialize(from)?;
        if levels.len() > MODULE_LEVELS_MAX {
            let rule = format!("at most {MODULE_LEVELS_MAX} modules are allowed");
            return Err(de::Error::custom(rule));
        }
        Ok(Self(levels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_named_as_the_program_names_them() {
        for name in ["h2", "underpass_agent", "underpass_agent::forward::backend"] {
            assert_eq!(name.parse::<ModuleName>().unwrap().as_str(), name);
        }
        let long = "a".repeat(MODULE_NAME_LEN_MAX + 1);
        for name in [
            "", "::", "a::", "A", "a b", "a=debug", "a,b", "1a", "a:b", "[x]", &long,
        ] {
            assert_eq!(name.parse::<ModuleName>(), Err(InvalidModuleName), "{name}");
        }
        let read = |count: usize| {
            let levels = (0..count).map(|n| (format!("m{n}"), "DEBUG"));
            let json = serde_json::to_value(levels.collect::<BTreeMap<_, _>>()).unwrap();
            serde_json::from_value::<ModuleLevels>(json)
        };
        assert_eq!(
            read(MODULE_LEVELS_MAX).unwrap().iter().count(),
            MODULE_LEVELS_MAX
        );
        let refused = read(MODULE_LEVELS_MAX + 1).unwrap_err().to_string();
        assert!(refused.contains("at most 32"), "{refused}");
    }
}
