//! The one-time enrolment token: one string that an operator copies from the gateway to the agent.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::id::{RegionHost, SubaccountId};

const PREFIX: &str = "underpass-enrol.";
const VERSION: u8 = 1;
const FIXED_LEN: usize = 1 + 16 + 32 + 32;

/// All that an agent needs for its first contact: where to dial, whom to trust, what to present.
///
/// The text form is `underpass-enrol.` and base64url of version, subaccount, fingerprint, secret
/// and region host.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolToken {
    /// The gateway's public name and port.
    pub region_host: RegionHost,
    /// The subaccount that the agent will serve.
    pub subaccount: SubaccountId,
    /// SHA-256 of the gateway's CA certificate (DER), pinned by the agent.
    pub ca_fingerprint: [u8; 32],
    /// The one-time secret; the gateway keeps its SHA-256 only.
    pub secret: [u8; 32],
}

/// A string that is no enrolment token.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidToken {
    /// The prefix is missing.
    #[error(
        "an enrolment token starts with `underpass-enrol.`; copy the whole line that `enrol-token create` printed"
    )]
    Prefix,
    /// The rest does not decode.
    #[error(
        "the enrolment token is damaged or was cut; copy the whole line that `enrol-token create` printed"
    )]
    Damaged,
    /// Made by a newer gateway.
    #[error("the enrolment token has version {0}, this agent knows version 1; update the agent")]
    Version(u8),
}

impl EnrolToken {
    /// SHA-256 of the secret: what the gateway stores and compares.
    pub fn secret_hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }
}

impl fmt::Debug for EnrolToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolToken")
            .field("region_host", &self.region_host)
            .field("subaccount", &self.subaccount)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for EnrolToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.subaccount.as_uuid().as_bytes());
        bytes.extend_from_slice(&self.ca_fingerprint);
        bytes.extend_from_slice(&self.secret);
        bytes.extend_from_slice(self.region_host.to_string().as_bytes());
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for EnrolToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let encoded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(InvalidToken::Prefix)?;
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(encoded) else {
            return Err(InvalidToken::Damaged);
        };
        let version = *bytes.first().ok_or(InvalidToken::Damaged)?;
        if version != VERSION {
            return Err(InvalidToken::Version(version));
        }
        let (fixed, host) = bytes
            .split_at_checked(FIXED_LEN)
            .ok_or(InvalidToken::Damaged)?;
        let parse = || {
            Some(Self {
                region_host: std::str::from_utf8(host).ok()?.parse().ok()?,
                subaccount: SubaccountId::from_uuid(Uuid::from_slice(fixed.get(1..17)?).ok()?),
                ca_fingerprint: fixed.get(17..49)?.try_into().ok()?,
                secret: fixed.get(49..81)?.try_into().ok()?,
            })
        };
        parse().ok_or(InvalidToken::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> EnrolToken {
        EnrolToken {
            region_host: "localhost:8443".parse().unwrap(),
            subaccount: SubaccountId::from_uuid(Uuid::from_u128(7)),
            ca_fingerprint: [1; 32],
            secret: [2; 32],
        }
    }

    #[test]
    fn text_survives_a_round_trip_and_stray_spaces() {
        let text = format!("  {}\n", token());
        assert_eq!(text.parse::<EnrolToken>().unwrap(), token());
    }

    #[test]
    fn every_truncation_is_refused() {
        let text = token().to_string();
        for end in 0..PREFIX.len() + 108 {
            assert!(text[..end].parse::<EnrolToken>().is_err(), "{end}");
        }
    }

    #[test]
    fn a_newer_version_says_so() {
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([9, 1]));
        assert_eq!(text.parse::<EnrolToken>(), Err(InvalidToken::Version(9)));
    }

    #[test]
    fn debug_hides_the_secret() {
        assert!(!format!("{:?}", token()).contains("2, 2"));
    }
}
