//! Of what something is measured.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::config::SubaccountKey;
use crate::host::{Port, VirtualAddress};

/// Longest name of a volume or network interface, bytes.
pub(super) const NAME_LEN_MAX: usize = 256;

/// Of what something is measured. Its text form is `agent`, `volume:/`, `interface:eth0`,
/// `tunnel:<region host>/<subaccount>/<location ID>`, `channel:<the same>/<local port>` or
/// `mapping:<the same>/<virtual host>:<port>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// The agent and its host.
    Agent,
    /// A volume, by where it is mounted.
    Volume(String),
    /// A network interface, by its name.
    Interface(String),
    /// The tunnel of a subaccount.
    Tunnel(SubaccountKey),
    /// A system mapping.
    Mapping(SubaccountKey, VirtualAddress),
    /// A service channel, by its local port.
    Channel(SubaccountKey, Port),
}

/// A text that names nothing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "entity must be agent, volume:<path>, interface:<name>, tunnel:<region host>/<subaccount>/<location ID>, channel:<the same>/<port> or mapping:<the same>/<virtual host>:<port>"
)]
pub struct InvalidEntity;

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent => f.write_str("agent"),
            Self::Volume(name) => write!(f, "volume:{name}"),
            Self::Interface(name) => write!(f, "interface:{name}"),
            Self::Tunnel(key) => write!(f, "tunnel:{key}"),
            Self::Mapping(key, address) => write!(f, "mapping:{key}/{address}"),
            Self::Channel(key, port) => write!(f, "channel:{key}/{port}"),
        }
    }
}

impl FromStr for Entity {
    type Err = InvalidEntity;

    fn from_str(text: &str) -> Result<Self, InvalidEntity> {
        let Some((kind, rest)) = text.split_once(':') else {
            return if text == "agent" {
                Ok(Self::Agent)
            } else {
                Err(InvalidEntity)
            };
        };
        let last = || rest.rsplit_once('/').ok_or(InvalidEntity);
        match kind {
            "volume" | "interface" if rest.is_empty() || rest.len() > NAME_LEN_MAX => {
                Err(InvalidEntity)
            }
            "volume" => Ok(Self::Volume(rest.to_owned())),
            "interface" => Ok(Self::Interface(rest.to_owned())),
            "tunnel" => Ok(Self::Tunnel(key(rest)?)),
            "mapping" => {
                let (of, address) = last()?;
                let address = address.parse().map_err(|_other| InvalidEntity)?;
                Ok(Self::Mapping(key(of)?, address))
            }
            "channel" => {
                let (of, port) = last()?;
                Ok(Self::Channel(
                    key(of)?,
                    port.parse().map_err(|_other| InvalidEntity)?,
                ))
            }
            _ => Err(InvalidEntity),
        }
    }
}

fn key(text: &str) -> Result<SubaccountKey, InvalidEntity> {
    // The default location ID is written too.
    if text.splitn(3, '/').count() < 3 {
        return Err(InvalidEntity);
    }
    text.parse().map_err(|_other| InvalidEntity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lead_back() {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        for text in [
            "agent".to_owned(),
            "volume:/var/lib".to_owned(),
            "volume:C:\\".to_owned(),
            "interface:eth0".to_owned(),
            format!("tunnel:gw.example/{id}/"),
            format!("tunnel:gw.example/{id}/berlin"),
            format!("mapping:gw.example/{id}/berlin/erp:443"),
            format!("mapping:gw.example/{id}//erp:443"),
            format!("channel:gw.example/{id}//30015"),
        ] {
            let entity: Entity = text.parse().unwrap();
            assert_eq!(entity.to_string(), text);
        }
        for text in ["", "Agent", "volume:", "tunnel:a", "mapping:a/b/c", "x:y"] {
            assert_eq!(text.parse::<Entity>(), Err(InvalidEntity), "{text}");
        }
    }
}
