//! What something needs, as the lowest of a ladder of roles.

use super::role::Role;

/// Which roles may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Everybody, even without a certificate: probes, and pairing while a pairing string lives.
    Open,
    /// Every operator: the configuration and what monitoring needs.
    Read,
    /// Every operator but Monitoring: history, logs, audit.
    Inspect,
    /// Levels of logs and traces: Support, and the roles that change something.
    Trace,
    /// Subaccounts that are not managed: the three kinds of administrators.
    Subaccounts,
    /// Settings across subaccounts that carry traffic: Administrator and Associate Administrator.
    Connector,
    /// Administrators alone.
    Administration,
}

impl Access {
    /// Whether `role` may.
    pub const fn allows(self, role: Role) -> bool {
        use Role::{
            Administrator, AssociateAdministrator, Display, Monitoring, SubaccountAdministrator,
            Support,
        };
        match role {
            Administrator => true,
            AssociateAdministrator => !matches!(self, Self::Administration),
            SubaccountAdministrator => !matches!(self, Self::Connector | Self::Administration),
            Support => matches!(self, Self::Open | Self::Read | Self::Inspect | Self::Trace),
            Display => matches!(self, Self::Open | Self::Read | Self::Inspect),
            Monitoring => matches!(self, Self::Open | Self::Read),
        }
    }

    /// The weakest role that may, for messages.
    pub const fn weakest(self) -> Role {
        match self {
            Self::Open | Self::Read => Role::Monitoring,
            Self::Inspect => Role::Display,
            Self::Trace => Role::Support,
            Self::Subaccounts => Role::SubaccountAdministrator,
            Self::Connector => Role::AssociateAdministrator,
            Self::Administration => Role::Administrator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_needs_a_mightier_role() {
        let ladder = [
            Access::Open,
            Access::Read,
            Access::Inspect,
            Access::Trace,
            Access::Subaccounts,
            Access::Connector,
            Access::Administration,
        ];
        for access in ladder {
            for role in Role::ALL {
                let mightier = role <= access.weakest();
                assert_eq!(access.allows(role), mightier, "{access:?} {role}");
            }
        }
    }
}
