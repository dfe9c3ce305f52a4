//! Ports that follow one another.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::host::{InvalidAddress, Port};
use crate::id::serde_as_text;
use crate::schema::{PORTS, schema};

/// One port, or several that follow one another, such as `30000-30010`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    low: Port,
    high: Port,
}

/// A text that is no port and no range of ports.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidPortRange {
    /// One of the two is no port.
    #[error("{0}, or two of them such as 30000-30010")]
    Port(#[source] InvalidAddress),
    /// Not in order.
    #[error("the second port of a range must be greater than the first")]
    Order,
}

impl PortRange {
    /// The first port and how many follow it; none where a port would be too large.
    pub fn following(low: Port, further: u16) -> Option<Self> {
        let high = low.get().checked_add(further)?;
        let high = Port::try_from(high).ok()?;
        Some(Self { low, high })
    }

    /// The first port.
    pub const fn low(self) -> Port {
        self.low
    }

    /// The last port.
    pub const fn high(self) -> Port {
        self.high
    }

    /// How many ports follow the first one.
    pub const fn further(self) -> u16 {
        self.high.get() - self.low.get()
    }
}

impl From<Port> for PortRange {
    fn from(port: Port) -> Self {
        Self {
            low: port,
            high: port,
        }
    }
}

impl FromStr for PortRange {
    type Err = InvalidPortRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = |text: &str| text.parse::<Port>().map_err(InvalidPortRange::Port);
        let Some((low, high)) = text.split_once('-') else {
            return port(text).map(Self::from);
        };
        let (low, high) = (port(low)?, port(high)?);
        if low < high {
            Ok(Self { low, high })
        } else {
            Err(InvalidPortRange::Order)
        }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            return fmt::Display::fmt(&self.low, f);
        }
        write!(f, "{}-{}", self.low, self.high)
    }
}

serde_as_text!(PortRange);

schema!(PortRange = { "type": "string", "pattern": PORTS });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_one_spelling() {
        for (text, further) in [("80", 0), ("1-65535", 65_534), ("30000-30001", 1)] {
            let range: PortRange = text.parse().unwrap();
            assert_eq!(range.to_string(), text);
            assert_eq!(range.further(), further);
            assert_eq!(PortRange::following(range.low(), further), Some(range));
        }
        for text in ["80-80", "81-80"] {
            assert_eq!(text.parse::<PortRange>(), Err(InvalidPortRange::Order));
        }
        for text in [
            "", "-", "80-", "-80", "0-1", "1-65536", "1-2-3", "1 - 2", "080-90",
        ] {
            let wrong = text.parse::<PortRange>().unwrap_err();
            assert!(matches!(wrong, InvalidPortRange::Port(_)), "{text}");
        }
        assert_eq!(PortRange::following(Port::HTTPS, u16::MAX), None);
    }
}
