//! Which clients and users RFC may log on with.

use super::Operation;
use crate::config::{Client, ClientUser};
use crate::rights::Access::{Read, Subaccounts};

pub(crate) const ALLOWED_CLIENTS: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/allowedClients";
pub(crate) const ALLOWED_CLIENT: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/allowedClients/{client}";
pub(crate) const BLOCKED_USERS: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/blockedClientUsers";
pub(crate) const BLOCKED_USER: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/blockedClientUsers/{clientUser}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        ALLOWED_CLIENTS,
        Read,
        "Lists the allowed clients; none means all.",
    )
    .gives::<Vec<Client>>(),
    Operation::post(
        ALLOWED_CLIENTS,
        Subaccounts,
        "Replaces the allowed clients.",
    )
    .takes::<Vec<Client>>()
    .conflicts(),
    Operation::patch(ALLOWED_CLIENTS, Subaccounts, "Adds allowed clients.")
        .takes::<Vec<Client>>()
        .conflicts(),
    Operation::delete(
        ALLOWED_CLIENTS,
        Subaccounts,
        "Removes the list of allowed clients: all are allowed then.",
    )
    .conflicts(),
    Operation::delete(
        ALLOWED_CLIENT,
        Subaccounts,
        "Removes an allowed client, unless it is the last.",
    )
    .conflicts(),
    Operation::get(BLOCKED_USERS, Read, "Lists the blocked users.").gives::<Vec<ClientUser>>(),
    Operation::post(BLOCKED_USERS, Subaccounts, "Replaces the blocked users.")
        .takes::<Vec<ClientUser>>()
        .conflicts(),
    Operation::patch(BLOCKED_USERS, Subaccounts, "Adds blocked users.")
        .takes::<Vec<ClientUser>>()
        .conflicts(),
    Operation::delete(BLOCKED_USERS, Subaccounts, "Removes all blocked users.").conflicts(),
    Operation::delete(BLOCKED_USER, Subaccounts, "Removes a blocked user.").conflicts(),
];
