//! The addresses of alerts.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::alerts;
use super::path::number_of;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertTarget {
    /// What stands and what stood.
    All,
    /// One of them, by its number.
    One(u64),
    /// Taking note of it.
    Acknowledge(u64),
    /// Telling nobody of it for a while.
    Silence(u64),
}

impl AlertTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        let (number, meaning): (_, fn(u64) -> Self) = match segments {
            ["alerts"] => return Some(Ok(Self::All)),
            ["alerts", number] => (number, Self::One),
            ["alerts", number, "acknowledge"] => (number, Self::Acknowledge),
            ["alerts", number, "silence"] => (number, Self::Silence),
            _ => return None,
        };
        Some(number_of(number, "alert", "an alert").map(meaning))
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::All => alerts::ALERTS,
            Self::One(_) => alerts::ALERT,
            Self::Acknowledge(_) => alerts::ACKNOWLEDGE,
            Self::Silence(_) => alerts::SILENCE,
        }
    }
}

impl fmt::Display for AlertTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = alerts::ALERTS;
        match self {
            Self::All => f.write_str(all),
            Self::One(number) => write!(f, "{all}/{number}"),
            Self::Acknowledge(number) => write!(f, "{all}/{number}/acknowledge"),
            Self::Silence(number) => write!(f, "{all}/{number}/silence"),
        }
    }
}
