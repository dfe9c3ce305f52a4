//! Numbers of a channel: of an SAP system's instance, and of connections.

use serde::{Deserialize, Serialize};

use crate::config::invalid::Invalid;
use crate::config::limits::CHANNEL_CONNECTIONS_MAX;
use crate::schema::schema;

/// The number of an instance of an SAP system, which its ports follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct InstanceNumber(u8);

impl InstanceNumber {
    /// The greatest one: it has two digits.
    pub const MAX: u8 = 99;

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for InstanceNumber {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number <= Self::MAX {
            return Ok(Self(number));
        }
        Err(Invalid::new("instanceNumber", "must be between 0 and 99"))
    }
}

schema!(InstanceNumber = { "type": "integer", "minimum": 0, "maximum": InstanceNumber::MAX });

impl From<InstanceNumber> for u8 {
    fn from(number: InstanceNumber) -> Self {
        number.0
    }
}

/// How many connections a channel may have at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct ChannelConnections(u8);

impl ChannelConnections {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for ChannelConnections {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<u8> for ChannelConnections {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if (1..=CHANNEL_CONNECTIONS_MAX).contains(&number) {
            return Ok(Self(number));
        }
        let rule = format!("must be between 1 and {CHANNEL_CONNECTIONS_MAX}");
        Err(Invalid::new("connections", rule))
    }
}

schema!(ChannelConnections = {
    "type": "integer",
    "minimum": 1,
    "maximum": CHANNEL_CONNECTIONS_MAX,
});

impl From<ChannelConnections> for u8 {
    fn from(number: ChannelConnections) -> Self {
        number.0
    }
}
