//! Whether a back end is asked from time to time, though nobody calls it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::limits::RESOURCE_PATH_LEN_MAX;
use super::loose::Number;
use crate::id::serde_as_text;
use crate::schema::schema;

/// The path that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbePath(String);

/// A text that is no such path.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "must be a path such as /health, of printable ASCII without spaces and #, at most 1024 characters"
)]
pub struct InvalidProbePath;

impl ProbePath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProbePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProbePath {
    type Err = InvalidProbePath;

    fn from_str(text: &str) -> Result<Self, InvalidProbePath> {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if text.starts_with('/') && plain && text.len() <= RESOURCE_PATH_LEN_MAX {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidProbePath)
    }
}

serde_as_text!(ProbePath);
schema!(ProbePath = {
    "type": "string",
    "maxLength": RESOURCE_PATH_LEN_MAX,
    "pattern": "^/[!\"$-~]*$",
});

/// How a back end is asked. The same guard and the same trust hold as for requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probe {
    /// The path that is asked for with HEAD; an answer of 500 and more is a failure then. Without it
    /// any answer is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<ProbePath>,
    /// How often, in seconds.
    pub every_sec: Number<1, 86_400>,
    /// How long it may take, in seconds.
    #[serde(default = "default_timeout")]
    pub timeout_sec: Number<1, 60>,
}

impl Probe {
    /// How long it may take where nobody says so.
    pub const TIMEOUT_SEC: Number<1, 60> = Number::constant(10);
}

const fn default_timeout() -> Number<1, 60> {
    Probe::TIMEOUT_SEC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_bounded_and_their_paths_are_paths() {
        let read = |json: &str| serde_json::from_str::<Probe>(json);
        let probe = read(r#"{"everySec": "30", "path": "/health?full=1"}"#).unwrap();
        assert_eq!((probe.every_sec.get(), probe.timeout_sec.get()), (30, 10));
        let json = serde_json::to_string(&probe).unwrap();
        assert_eq!(read(&json).unwrap(), probe);
        for wrong in [
            "{}",
            r#"{"everySec": 0}"#,
            r#"{"everySec": 86401}"#,
            r#"{"everySec": 9, "timeoutSec": 61}"#,
            r#"{"everySec": 9, "path": "health"}"#,
            r#"{"everySec": 9, "path": "/a b"}"#,
            r#"{"everySec": 9, "path": "/a\r\nX: y"}"#,
            r#"{"everySec": 9, "method": "DELETE"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
