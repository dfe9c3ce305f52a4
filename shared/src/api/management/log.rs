//! The newest lines of the agent's log.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::error::Refusal;
use crate::audit::Glob;

/// How much a line matters; the earlier, the more.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LineLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LineLevel {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// As it stands in lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl fmt::Display for LineLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no level of a line.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be ERROR, WARN, INFO, DEBUG or TRACE")]
pub struct InvalidLineLevel;

impl FromStr for LineLevel {
    type Err = InvalidLineLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or(InvalidLineLevel)
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Its number; later lines have greater ones, over restarts too.
    pub number: u64,
    /// When, milliseconds UTC.
    pub time_ms: i64,
    /// How much it matters.
    pub level: LineLevel,
    /// The part of the program that wrote it.
    pub target: String,
    /// What happened; the same text whenever it does.
    pub message: String,
    /// To what it happened, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

/// Lines of the log, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// What `before` gives the next older lines; none where no older ones are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// One event of the log as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum LogEvent {
    /// The stream begins here; `before` with a greater number than this shows what was before.
    Start {
        /// The newest line.
        newest: u64,
    },
    /// A line.
    Line(LogLine),
    /// Lines are missing.
    Reset {
        /// Why.
        reason: String,
    },
    /// The stream ends here.
    End {
        /// Why, and what to do.
        reason: String,
    },
}

impl LogEvent {
    /// Its name in the stream.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Line(_) => "line",
            Self::Reset { .. } => "reset",
            Self::End { .. } => "end",
        }
    }
}

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSearch {
    /// Lines that matter at least as much.
    pub level: Option<LineLevel>,
    /// Lines whose message, part of the program or fields hold this.
    pub text: Option<Glob>,
    /// Lines with smaller numbers.
    pub before: Option<u64>,
}

impl LogSearch {
    /// Whether a line is looked for.
    pub fn finds(&self, line: &LogLine) -> bool {
        let Self {
            level,
            text,
            before,
        } = self;
        let holds = |text: &Glob| {
            let mut fields = line.fields.iter();
            text.is_in(&line.message)
                || text.is_in(&line.target)
                || fields.any(|(name, value)| text.is_in(&format!("{name}={value}")))
        };
        level.is_none_or(|level| line.level <= level)
            && before.is_none_or(|before| line.number < before)
            && text.as_ref().is_none_or(holds)
    }

    /// Takes one option of a request.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        match name {
            "level" => {
                let level = value.parse::<LineLevel>();
                self.level = Some(level.map_err(|rule| Refusal::invalid(name, rule.to_string()))?);
            }
            _ => {
                let rule = "must be the number of a line";
                self.before = Some(value.parse().or(Err(Refusal::invalid(name, rule)))?);
            }
        }
        Ok(())
    }

    /// The options, ready to stand behind the `?`; the text is one that several calls have.
    pub(super) fn to_parts(&self) -> impl Iterator<Item = String> {
        let level = self.level.map(|level| format!("level={level}"));
        let before = self.before.map(|before| format!("before={before}"));
        [level, before].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_for_level_text_and_number() {
        let line = LogLine {
            number: 7,
            time_ms: 1,
            level: LineLevel::Warn,
            target: "underpass_agent::tunnel".to_owned(),
            message: "tunnel down".to_owned(),
            fields: [("host".to_owned(), "gate.example".to_owned())].into(),
        };
        let search = |level: Option<&str>, text: Option<&str>, before| LogSearch {
            level: level.map(|level| level.parse().unwrap()),
            text: text.map(|text| text.parse().unwrap()),
            before,
        };
        for (search, found) in [
            (search(None, None, None), true),
            (search(Some("WARN"), None, None), true),
            (search(Some("DEBUG"), None, None), true),
            (search(Some("ERROR"), None, None), false),
            (search(None, Some("DOWN"), None), true),
            (search(None, Some("agent::t"), None), true),
            (search(None, Some("host=gate"), None), true),
            (search(None, Some("up"), None), false),
            (search(None, None, Some(8)), true),
            (search(None, None, Some(7)), false),
        ] {
            assert_eq!(search.finds(&line), found, "{search:?}");
        }
        assert_eq!("warn".parse::<LineLevel>(), Err(InvalidLineLevel));
        let event = serde_json::to_value(LogEvent::Line(line)).unwrap();
        assert_eq!(
            (&event["type"], &event["number"]),
            (&"line".into(), &7.into())
        );
    }
}
