//! Addresses of what belongs to a system mapping.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::{checks, clients, subaccounts};
use super::super::resource_id::{self, InvalidResourceId};
use super::named;
use super::path::segment;
use crate::config::{Client, ClientUser};

/// What of a system mapping an address means. `Display` writes what stands behind the address of
/// the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingTarget {
    /// The mapping itself.
    Itself,
    /// Whether its system can be reached.
    Check,
    /// Its resources.
    Resources,
    /// One resource, by its decoded id.
    Resource(String),
    /// The clients that it allows.
    AllowedClients,
    /// One of them.
    AllowedClient(Client),
    /// The users that it blocks.
    BlockedUsers,
    /// One of them.
    BlockedUser(ClientUser),
}

impl MappingTarget {
    /// Reads what stands behind the address of the mapping; nothing where nothing has this path.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        Some(Ok(match segments {
            [] => Self::Itself,
            ["check"] => Self::Check,
            ["resources"] => Self::Resources,
            ["resources", id] => {
                let wrong = |rule: InvalidResourceId| Refusal::invalid("id", rule.to_string());
                return Some(resource_id::decode(id).map(Self::Resource).map_err(wrong));
            }
            ["allowedClients"] => Self::AllowedClients,
            ["allowedClients", client] => {
                return Some(named("client", client).map(Self::AllowedClient));
            }
            ["blockedClientUsers"] => Self::BlockedUsers,
            ["blockedClientUsers", user] => {
                return Some(named("client:user", user).map(Self::BlockedUser));
            }
            _ => return None,
        }))
    }

    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Itself => subaccounts::MAPPING,
            Self::Check => checks::MAPPING_CHECK,
            Self::Resources => subaccounts::RESOURCES,
            Self::Resource(_) => subaccounts::RESOURCE,
            Self::AllowedClients => clients::ALLOWED_CLIENTS,
            Self::AllowedClient(_) => clients::ALLOWED_CLIENT,
            Self::BlockedUsers => clients::BLOCKED_USERS,
            Self::BlockedUser(_) => clients::BLOCKED_USER,
        }
    }
}

impl fmt::Display for MappingTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => Ok(()),
            Self::Check => f.write_str("/check"),
            Self::Resources => f.write_str("/resources"),
            Self::Resource(id) => {
                let id = resource_id::encode(id);
                write!(f, "/resources/{}", segment(&id))
            }
            Self::AllowedClients => f.write_str("/allowedClients"),
            Self::AllowedClient(client) => write!(f, "/allowedClients/{client}"),
            Self::BlockedUsers => f.write_str("/blockedClientUsers"),
            Self::BlockedUser(user) => {
                write!(f, "/blockedClientUsers/{}", segment(&user.to_string()))
            }
        }
    }
}
