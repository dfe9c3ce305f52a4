//! The files of an agent's log.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::serde_as_text;
use crate::schema::schema;

/// The file that is written.
const PRESENT: &str = "agent.log";

/// The name of a file of the log: `agent.log`, which is written, or one with the time of its end, such
/// as `agent-20260131-235959.log`. No other name is one, so that none leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogFileName(String);

/// A text that is no name of a file of the log.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be agent.log or such as agent-20260131-235959.log")]
pub struct InvalidLogFileName;

impl LogFileName {
    /// The file that is written.
    pub fn present() -> Self {
        Self(PRESENT.to_owned())
    }

    /// Whether it is the one that is written.
    pub fn is_present(&self) -> bool {
        self.0 == PRESENT
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LogFileName {
    type Err = InvalidLogFileName;

    fn from_str(text: &str) -> Result<Self, InvalidLogFileName> {
        let digits = |text: &str, lens: std::ops::RangeInclusive<usize>| {
            lens.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let is_old = || {
            let time = text.strip_prefix("agent-")?.strip_suffix(".log")?;
            let mut parts = time.split('-');
            let date = digits(parts.next()?, 8..=8);
            let clock = digits(parts.next()?, 6..=6);
            let number = parts.next().is_none_or(|number| digits(number, 1..=3));
            Some(date && clock && number && parts.next().is_none())
        };
        if text == PRESENT || is_old() == Some(true) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidLogFileName)
    }
}

serde_as_text!(LogFileName);
schema!(LogFileName = { "type": "string", "pattern": "^agent(-[0-9]{8}-[0-9]{6}(-[0-9]{1,3})?)?\\.log$" });

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogFileShown {
    /// Its name.
    pub name: LogFileName,
    /// Its length.
    pub bytes: u64,
    /// When it was last written, milliseconds UTC.
    pub changed_ms: i64,
    /// Whether it is the one that is written, which cannot be deleted.
    pub in_use: bool,
}

/// The files of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogFiles {
    /// The files, the newest first.
    pub files: Vec<LogFileShown>,
    /// Lines that were not written since the start, because too many came at once or the disk took
    /// none.
    pub dropped: u64,
    /// Why lines are not written now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Lines of a file of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogFilePage {
    /// Which page, from 0.
    pub page: u64,
    /// How many there are.
    pub pages: u64,
    /// The lines that begin in it.
    pub lines: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_log_are_names() {
        for name in [
            "agent.log",
            "agent-20260131-235959.log",
            "agent-20260131-235959-7.log",
        ] {
            let read: LogFileName = name.parse().unwrap();
            assert_eq!(
                (read.to_string().as_str(), read.is_present()),
                (name, name == PRESENT)
            );
        }
        for name in [
            "",
            ".",
            "..",
            "agent",
            "/agent.log",
            "../agent.log",
            "agent.log/",
            "agent.log\0",
            "..\\agent.log",
            "agent-20260131-235959.log/../../secrets",
            "AGENT.LOG",
            "agent.log.",
            "agent-2026013-1235959.log",
            "agent-20260131-235959-.log",
            "agent-20260131-235959-1-2.log",
            "agent-20260131-235959-1234.log",
            "agent-\u{0661}0260131-235959.log",
            "agent.log:stream",
            "C:agent.log",
            "state.db",
        ] {
            assert_eq!(
                name.parse::<LogFileName>(),
                Err(InvalidLogFileName),
                "{name}"
            );
        }
    }
}
