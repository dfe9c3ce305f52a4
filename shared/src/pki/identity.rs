//! The identity that an agent's client certificate carries in its URI subject alternative name.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id::{InstanceId, SubaccountId};

const PREFIX: &str = "underpass://agent/";

/// Which agent instance of which subaccount a client certificate was issued to.
///
/// Written as `underpass://agent/<subaccount>/<instance>`. The location ID is left out on
/// purpose: the gateway authorises it per instance and may change it without a new certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AgentIdentity {
    /// The tenant that the agent serves with this certificate.
    pub subaccount: SubaccountId,
    /// The agent instance that enrolled.
    pub instance: InstanceId,
}

/// A URI that is no agent identity.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("agent identity must read underpass://agent/<subaccount>/<instance>")]
pub struct InvalidIdentity(());

impl fmt::Display for AgentIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}/{}", self.subaccount, self.instance)
    }
}

impl FromStr for AgentIdentity {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (subaccount, instance) = text.strip_prefix(PREFIX)?.split_once('/')?;
            Some(Self {
                subaccount: subaccount.parse().ok()?,
                instance: instance.parse().ok()?,
            })
        };
        parse().ok_or(InvalidIdentity(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "underpass://agent/0190a5a2-6d0e-7cc0-8000-000000000001/0190a5a2-6d0e-7cc0-8000-000000000002";

    #[test]
    fn text_survives_a_round_trip() {
        assert_eq!(TEXT.parse::<AgentIdentity>().unwrap().to_string(), TEXT);
    }

    #[test]
    fn other_uris_are_refused() {
        for text in [
            "",
            "underpass://agent/",
            "underpass://agent/x/y",
            "https://agent/0190a5a2-6d0e-7cc0-8000-000000000001/0190a5a2-6d0e-7cc0-8000-000000000002",
            "underpass://agent/0190a5a2-6d0e-7cc0-8000-000000000001",
        ] {
            assert!(text.parse::<AgentIdentity>().is_err(), "{text}");
        }
    }
}
