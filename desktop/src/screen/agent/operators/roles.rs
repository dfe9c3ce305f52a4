//! Roles, in words.

use underpass_shared::rights::Role;

/// Its name.
pub(super) const fn name(role: Role) -> &'static str {
    match role {
        Role::Administrator => "Administrator",
        Role::AssociateAdministrator => "Associate administrator",
        Role::SubaccountAdministrator => "Subaccount administrator",
        Role::Support => "Support",
        Role::Display => "Display",
        Role::Monitoring => "Monitoring",
    }
}

/// What it may do.
pub(super) const fn may(role: Role) -> &'static str {
    match role {
        Role::Administrator => "May do all, operators and audit levels included",
        Role::AssociateAdministrator => {
            "May do all but what concerns operators, audit and the agent's security"
        }
        Role::SubaccountAdministrator => "May change subaccounts, their mappings and channels",
        Role::Support => "May read all, and change logs and traces",
        Role::Display => "May read all",
        Role::Monitoring => "May read states and figures",
    }
}

/// All of them, to choose from.
pub(super) fn choices() -> Vec<(Role, String)> {
    Role::ALL.map(|role| (role, name(role).to_owned())).to_vec()
}
