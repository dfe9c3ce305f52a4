//! The addresses of operators and pairing.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::operators;
use super::named;
use crate::id::OperatorId;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorTarget {
    /// Who may use the API.
    All,
    /// One of them.
    One(OperatorId),
    /// The newest pairing string.
    Pairing,
    /// The call of a client that knows it.
    Pair,
    /// Whose client certificates beside those of the agent are taken.
    Organisation,
    /// By what operators are known.
    Authentication,
    /// The user and password that there are not.
    BasicAuthentication,
    /// The caller.
    Own,
    /// The caller's certificate.
    Certificate,
}

impl OperatorTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        Some(Ok(match segments {
            ["pairing"] => Self::Pair,
            ["operator"] => Self::Own,
            ["operator", "certificate"] => Self::Certificate,
            ["configuration", "connector", "pairing"] => Self::Pairing,
            ["configuration", "connector", "organisation"] => Self::Organisation,
            ["configuration", "connector", "authentication"] => Self::Authentication,
            ["configuration", "connector", "authentication", "basic"] => Self::BasicAuthentication,
            ["configuration", "connector", "operators"] => Self::All,
            ["configuration", "connector", "operators", id] => {
                return Some(named("id", id).map(Self::One));
            }
            _ => return None,
        }))
    }

    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::All => operators::OPERATORS,
            Self::One(_) => operators::OPERATOR,
            Self::Pairing => operators::PAIRING,
            Self::Pair => operators::PAIR,
            Self::Organisation => operators::ORGANISATION,
            Self::Authentication => operators::AUTHENTICATION,
            Self::BasicAuthentication => operators::BASIC_AUTHENTICATION,
            Self::Own => operators::OWN,
            Self::Certificate => operators::RENEWED_CERTIFICATE,
        }
    }
}

impl fmt::Display for OperatorTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(id) => write!(f, "{}/{id}", operators::OPERATORS),
            Self::All
            | Self::Pairing
            | Self::Pair
            | Self::Organisation
            | Self::Authentication
            | Self::BasicAuthentication
            | Self::Own
            | Self::Certificate => f.write_str(self.template()),
        }
    }
}
