//! The addresses of what the running process does.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::running;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningTarget {
    /// The newest lines of the log.
    Logs,
    /// The log as it is written.
    LogStream,
    /// Whether it takes no requests until somebody lets it take them again.
    Drain,
    /// Its start anew.
    Restart,
}

impl RunningTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        match segments {
            ["logs"] => Some(Ok(Self::Logs)),
            ["logs", "stream"] => Some(Ok(Self::LogStream)),
            ["drain"] => Some(Ok(Self::Drain)),
            ["restart"] => Some(Ok(Self::Restart)),
            _ => None,
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Logs => running::LOGS,
            Self::LogStream => running::LOG_STREAM,
            Self::Drain => running::DRAIN,
            Self::Restart => running::RESTART,
        }
    }
}

impl fmt::Display for RunningTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.template())
    }
}
