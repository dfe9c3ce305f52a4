//! A resource: what of a mapped system may be called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::limits::{DESCRIPTION_LEN_MAX, RESOURCE_PATH_LEN_MAX};
use super::text::Text;
use crate::id::serde_as_text;
use crate::policy::path::{PathRule, with_canonical};

/// The path of a resource in the canonical form that requests are matched against.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourcePath(Box<str>);

/// A text that is no path of a resource.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidResourcePath {
    /// No request with this path would ever pass.
    #[error("resource path: {0}")]
    Ambiguous(#[source] PathRule),
    /// Longer than [`RESOURCE_PATH_LEN_MAX`].
    #[error("resource path must have at most {RESOURCE_PATH_LEN_MAX} bytes")]
    TooLong,
}

impl ResourcePath {
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResourcePath {
    type Err = InvalidResourcePath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let canonical = with_canonical(text.as_bytes(), |path| {
            String::from_utf8_lossy(path).into_owned()
        })
        .map_err(InvalidResourcePath::Ambiguous)?;
        if canonical.len() > RESOURCE_PATH_LEN_MAX {
            return Err(InvalidResourcePath::TooLong);
        }
        Ok(Self(canonical.into_boxed_str()))
    }
}

impl fmt::Display for ResourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ResourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

serde_as_text!(ResourcePath);

/// One entry of a mapping's list of what may be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    /// The path, matched case-sensitively by whole segments.
    pub path: ResourcePath,
    /// Whether the entry has any effect.
    pub enabled: bool,
    /// Whether paths below it stay closed.
    pub exact_match_only: bool,
    /// Whether a connection may be upgraded to WebSocket.
    #[serde(default)]
    pub websocket_upgrade_allowed: bool,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
}
