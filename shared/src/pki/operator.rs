//! The identity that an operator's client certificate carries in its URI subject alternative name.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id::OperatorId;

const PREFIX: &str = "underpass://operator/";

/// Which operator a client certificate was issued to, written as `underpass://operator/<id>`.
///
/// It says nothing of what the operator may do: that stands in the agent's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorIdentity(pub OperatorId);

/// A URI that is no operator's identity.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("an operator's identity must read underpass://operator/<id>")]
pub struct InvalidOperatorIdentity(());

impl fmt::Display for OperatorIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

impl FromStr for OperatorIdentity {
    type Err = InvalidOperatorIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.strip_prefix(PREFIX).map(str::parse);
        match id {
            Some(Ok(id)) => Ok(Self(id)),
            Some(Err(_)) | None => Err(InvalidOperatorIdentity(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_a_round_trip_and_other_uris_are_refused() {
        let text = "underpass://operator/0190a5a2-6d0e-7cc0-8000-000000000001";
        let identity: OperatorIdentity = text.parse().unwrap();
        assert_eq!(identity.to_string(), text);
        for wrong in [
            "",
            "underpass://operator/",
            "underpass://agent/x",
            &text[1..],
        ] {
            assert!(wrong.parse::<OperatorIdentity>().is_err(), "{wrong}");
        }
    }
}
