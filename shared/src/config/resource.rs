//! A resource: what of a mapped system may be called.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::creation::CreationDate;
use super::invalid::Invalid;
use super::limits::{DESCRIPTION_LEN_MAX, RESOURCE_PATH_LEN_MAX};
use super::path_options::PathOptions;
use super::text::Text;
use crate::id::serde_as_text;
use crate::policy::path::{PathRule, with_canonical};
use crate::schema::schema;

/// The path of a resource in the canonical form that requests are matched against.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourcePath(Box<str>);

/// A text that is no path of a resource.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidResourcePath {
    /// No request with this path would ever pass, whatever the mapping's options.
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
        let own = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let canonical = with_canonical(text.as_bytes(), &PathOptions::RESOURCE, own)
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
schema!(ResourcePath = {
    "type": "string",
    "pattern": "^/([!\"$&->@-\\[\\]-~]|%[0-9A-Fa-f]{2})*$",
    "maxLength": RESOURCE_PATH_LEN_MAX,
    "description": "A path as servers read it alike: no dot segments, no //, nothing ambiguous \
                    when decoded twice.",
});

/// One entry of a mapping's list of what may be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Whether every path that begins with these characters is open, as in SAP Cloud Connector:
    /// `/a/b` then opens `/a/bxyz` too. Risky, so it is for imported configurations only; no
    /// command sets it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub risky_prefix_match: bool,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// When it was added.
    #[serde(default, skip_serializing_if = "CreationDate::is_unknown")]
    pub creation_date: CreationDate,
}

impl Resource {
    /// An entry without any effect yet.
    pub fn closed(path: ResourcePath) -> Self {
        Self {
            path,
            enabled: false,
            exact_match_only: false,
            websocket_upgrade_allowed: false,
            risky_prefix_match: false,
            description: Text::default(),
            creation_date: CreationDate::default(),
        }
    }

    /// Whether a request with this path, in canonical form, falls under the entry.
    pub(crate) fn covers(&self, path: &[u8]) -> bool {
        let own = self.path.as_str().as_bytes();
        match path.strip_prefix(own) {
            _ if !self.enabled => false,
            None => false,
            Some([]) => true,
            Some(_) if self.exact_match_only => false,
            Some([first, ..]) => self.risky_prefix_match || *first == b'/' || own.ends_with(b"/"),
        }
    }

    /// Checks the entry for a mapping with these options.
    pub(super) fn check(&self, options: &PathOptions) -> Result<(), Invalid> {
        let path = &self.path;
        let wrong = |rule: String| Err(Invalid::new("resources", rule));
        if self.exact_match_only && self.risky_prefix_match {
            return wrong(format!(
                "path {path}: exactMatchOnly and riskyPrefixMatch exclude each other"
            ));
        }
        let own = path.as_str().as_bytes();
        match with_canonical(own, options, |matched| matched == own) {
            Ok(true) => Ok(()),
            Ok(false) => wrong(format!(
                "path {path}: must be given without the session, as pathOptions.bspMangling is on"
            )),
            Err(rule) => wrong(format!(
                "path {path}: {rule}; see the mapping's pathOptions"
            )),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
