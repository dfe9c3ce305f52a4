//! The addresses of the delivery of alerts.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::delivery;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryTarget {
    /// How the channels are doing.
    States,
    /// A test of one.
    Test,
}

impl DeliveryTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        match segments {
            ["alerts", "delivery"] => Some(Ok(Self::States)),
            ["alerts", "test"] => Some(Ok(Self::Test)),
            _ => None,
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::States => delivery::STATES,
            Self::Test => delivery::TEST,
        }
    }
}

impl fmt::Display for DeliveryTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.template())
    }
}
