//! The pairing string: one line that a person carries from an agent to a client.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use super::proof::PairingSecret;
use crate::host::InternalAddress;
use crate::id::AgentId;

const SCHEME: &str = "underpass://";

/// Where the agent is, who it is, and the one-time secret, written as
/// `underpass://host:port#<hash of the identity>.<secret>`, both in base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingLink {
    /// Where the management API is reached.
    pub address: InternalAddress,
    /// SHA-256 of the agent's identity, its certificate authority.
    pub identity: [u8; 32],
    /// The secret.
    pub secret: PairingSecret,
}

/// A text that is no pairing string.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidPairingLink {
    /// It begins with something else.
    #[error(
        "a pairing string begins with underpass://; copy the whole line that `underpass-agent pair` printed"
    )]
    Scheme,
    /// Host or port are wrong.
    #[error("the pairing string must name the agent's host and port: {0}")]
    Address(#[from] crate::host::InvalidAddress),
    /// What follows them is not whole.
    #[error(
        "the pairing string is damaged or was cut; copy the whole line that `underpass-agent pair` printed"
    )]
    Damaged,
}

impl PairingLink {
    /// The agent that it leads to.
    pub fn agent(&self) -> AgentId {
        AgentId::of_authority(&self.identity)
    }
}

impl fmt::Display for PairingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = URL_SAFE_NO_PAD.encode(self.identity);
        let secret = URL_SAFE_NO_PAD.encode(self.secret.expose());
        write!(f, "{SCHEME}{}#{identity}.{secret}", self.address)
    }
}

impl FromStr for PairingLink {
    type Err = InvalidPairingLink;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .trim()
            .strip_prefix(SCHEME)
            .ok_or(InvalidPairingLink::Scheme)?;
        let (address, proof) = rest.split_once('#').ok_or(InvalidPairingLink::Damaged)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let parts = || {
            let (identity, secret) = proof.split_once('.')?;
            let identity = decode(identity)?.try_into().ok()?;
            let secret = decode(secret)?.try_into().ok()?;
            Some((identity, PairingSecret::new(secret)))
        };
        let (identity, secret) = parts().ok_or(InvalidPairingLink::Damaged)?;
        Ok(Self {
            address: address.parse()?,
            identity,
            secret,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_survives_a_round_trip_and_damage_is_noticed() {
        for address in ["agent.corp.example:8443", "10.0.0.1:1", "[::1]:8443"] {
            let link = PairingLink {
                address: address.parse().unwrap(),
                identity: [3; 32],
                secret: PairingSecret::new([4; 16]),
            };
            let text = link.to_string();
            assert_eq!(text.parse(), Ok(link), "{text}");
            assert!(format!("  {text}\n").parse::<PairingLink>().is_ok());
            use InvalidPairingLink as E;
            for (wrong, error) in [
                (&text[..text.len() - 1], E::Damaged),
                (&text[1..], E::Scheme),
                (text.split('#').next().unwrap(), E::Damaged),
                (text.split('.').next_back().unwrap(), E::Scheme),
            ] {
                assert_eq!(wrong.parse::<PairingLink>(), Err(error), "{wrong}");
            }
            assert!(!format!("{:?}", text.parse::<PairingLink>()).contains("BAQE"));
        }
        let no_port = "underpass://agent#AwMD.AwMD";
        assert!(no_port.parse::<PairingLink>().is_err());
    }
}
