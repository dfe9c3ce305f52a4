//! Ports of RFC by the names that SAP's services files have for them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::channel::InstanceNumber;
use super::mapping::Protocol;
use crate::host::Port;
use crate::id::serde_as_text;
use crate::schema::{PORT_NAME, schema};

/// The gateway of instance 00.
const GATEWAY: u16 = 3_300;
/// The same for SNC.
const SECURE_GATEWAY: u16 = 4_800;
/// The message server, where nobody chose another port: its name does not tell the instance.
const MESSAGE_SERVER: u16 = 3_600;
/// Characters of the id of a system.
const SYSTEM_ID_LEN: usize = 3;

/// A port that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortName {
    /// The gateway of an instance, such as `sapgw00`.
    Gateway(InstanceNumber),
    /// The same for SNC, such as `sapgw00s`.
    SecureGateway(InstanceNumber),
    /// The message server of a system, such as `sapmsC11`.
    MessageServer(SystemName),
}

/// The id of an ABAP system, such as `C11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemName([u8; SYSTEM_ID_LEN]);

/// A text that names no port.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "must be sapgw00 to sapgw99, for SNC sapgw00s to sapgw99s, or sapms with the id of a system, such as sapmsC11"
)]
pub struct InvalidPortName;

impl PortName {
    /// The number of the port.
    pub fn port(self) -> Option<Port> {
        let number = match self {
            Self::Gateway(instance) => GATEWAY + u16::from(instance.get()),
            Self::SecureGateway(instance) => SECURE_GATEWAY + u16::from(instance.get()),
            Self::MessageServer(_) => MESSAGE_SERVER,
        };
        Port::try_from(number).ok()
    }

    /// Whether a protocol is spoken there.
    pub const fn fits(self, protocol: Protocol) -> bool {
        match self {
            Self::Gateway(_) | Self::MessageServer(_) => {
                matches!(protocol, Protocol::Rfc | Protocol::Rfcs)
            }
            Self::SecureGateway(_) => matches!(protocol, Protocol::Rfcs),
        }
    }
}

fn instance(digits: &str) -> Option<InstanceNumber> {
    let two = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u8 = digits.parse().ok().filter(|_| two)?;
    number.try_into().ok()
}

fn system(id: &str) -> Option<SystemName> {
    let bytes: [u8; SYSTEM_ID_LEN] = id.as_bytes().try_into().ok()?;
    let [first, rest @ ..] = bytes;
    let fits = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (first.is_ascii_uppercase() && rest.iter().all(fits)).then_some(SystemName(bytes))
}

impl FromStr for PortName {
    type Err = InvalidPortName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = if let Some(rest) = text.strip_prefix("sapgw") {
            match rest.strip_suffix('s') {
                Some(digits) => instance(digits).map(Self::SecureGateway),
                None => instance(rest).map(Self::Gateway),
            }
        } else {
            let id = text.strip_prefix("sapms").and_then(system);
            id.map(Self::MessageServer)
        };
        found.ok_or(InvalidPortName)
    }
}

impl fmt::Display for SystemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway(instance) => write!(f, "sapgw{:02}", instance.get()),
            Self::SecureGateway(instance) => write!(f, "sapgw{:02}s", instance.get()),
            Self::MessageServer(system) => write!(f, "sapms{system}"),
        }
    }
}

serde_as_text!(PortName);

schema!(PortName = {
    "type": "string",
    "pattern": PORT_NAME,
    "description": "A port by the name that SAP's services files have for it.",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_numbers() {
        for (text, number) in [
            ("sapgw00", 3_300),
            ("sapgw42", 3_342),
            ("sapgw99", 3_399),
            ("sapgw00s", 4_800),
            ("sapgw99s", 4_899),
            ("sapmsC11", 3_600),
            ("sapmsABC", 3_600),
        ] {
            let name: PortName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
            assert_eq!(name.port().map(Port::get), Some(number), "{text}");
        }
        for text in [
            "",
            "sapgw",
            "sapgw0",
            "sapgw000",
            "sapgw+1",
            "sapgw1s",
            "sapgw00S",
            "SAPGW00",
            "sapms",
            "sapmsC1",
            "sapmsC111",
            "sapms11C",
            "sapmsc11",
            "sapdp00",
            "sapgw00 ",
            "3300",
        ] {
            assert_eq!(text.parse::<PortName>(), Err(InvalidPortName), "{text}");
        }
    }

    #[test]
    fn what_is_for_snc_is_for_rfcs_only() {
        let fits = |text: &str, protocol| text.parse::<PortName>().unwrap().fits(protocol);
        for text in ["sapgw00", "sapmsC11"] {
            assert!(fits(text, Protocol::Rfc) && fits(text, Protocol::Rfcs));
            assert!(!fits(text, Protocol::Tcp) && !fits(text, Protocol::Http));
        }
        assert!(fits("sapgw00s", Protocol::Rfcs) && !fits("sapgw00s", Protocol::Rfc));
    }
}
