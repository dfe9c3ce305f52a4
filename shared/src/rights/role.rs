//! What an operator may do, in steps that SAP Cloud Connector's operators know.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role of an operator. The agent gives it; no certificate names it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Role {
    /// Everything.
    Administrator,
    /// All of the subaccounts that are not managed, and settings across subaccounts that carry
    /// traffic: certificates, trust, mail.
    AssociateAdministrator,
    /// All of the subaccounts that are not managed.
    SubaccountAdministrator,
    /// Reads all, and sets levels of logs and traces.
    Support,
    /// Reads all.
    Display,
    /// Reads the configuration and what monitoring needs.
    Monitoring,
}

impl Role {
    /// All roles, the mightiest first.
    pub const ALL: [Self; 6] = [
        Self::Administrator,
        Self::AssociateAdministrator,
        Self::SubaccountAdministrator,
        Self::Support,
        Self::Display,
        Self::Monitoring,
    ];

    /// As it stands in documents, answers and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::AssociateAdministrator => "AssociateAdministrator",
            Self::SubaccountAdministrator => "SubaccountAdministrator",
            Self::Support => "Support",
            Self::Display => "Display",
            Self::Monitoring => "Monitoring",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "role must be Administrator, AssociateAdministrator, SubaccountAdministrator, Support, \
     Display or Monitoring"
)]
pub struct InvalidRole;

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or(InvalidRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
            let json = serde_json::to_string(&role).unwrap();
            assert_eq!(json, format!("\"{role}\""));
        }
        assert_eq!("administrator".parse::<Role>(), Err(InvalidRole));
    }
}
