//! Subaccounts, their system mappings and resources.

use super::Operation;
use crate::rights::Access::{Read, Subaccounts};

pub(crate) const SUBACCOUNTS: &str = "/api/v1/configuration/subaccounts";
pub(crate) const SUBACCOUNT: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}";
pub(crate) const STATE: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/state";
pub(crate) const MAPPINGS: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings";
pub(crate) const MAPPING: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}";
pub(crate) const RESOURCES: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/resources";
pub(crate) const RESOURCE: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/resources/{resource}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(SUBACCOUNTS, Read, "Lists the subaccounts."),
    Operation::post(
        SUBACCOUNTS,
        Subaccounts,
        "Adds a subaccount by an enrolment token.",
    ),
    Operation::get(SUBACCOUNT, Read, "Shows a subaccount."),
    Operation::put(SUBACCOUNT, Subaccounts, "Changes a subaccount."),
    Operation::delete(
        SUBACCOUNT,
        Subaccounts,
        "Removes a subaccount and all in it.",
    ),
    Operation::put(
        STATE,
        Subaccounts,
        "Opens or closes the tunnel of a subaccount.",
    ),
    Operation::get(MAPPINGS, Read, "Lists the system mappings of a subaccount."),
    Operation::post(MAPPINGS, Subaccounts, "Adds a system mapping."),
    Operation::delete(
        MAPPINGS,
        Subaccounts,
        "Removes all system mappings of a subaccount.",
    ),
    Operation::get(MAPPING, Read, "Shows a system mapping."),
    Operation::put(
        MAPPING,
        Subaccounts,
        "Replaces a system mapping; its resources stay.",
    ),
    Operation::delete(MAPPING, Subaccounts, "Removes a system mapping."),
    Operation::get(RESOURCES, Read, "Lists the resources of a system mapping."),
    Operation::post(RESOURCES, Subaccounts, "Adds a resource."),
    Operation::delete(
        RESOURCES,
        Subaccounts,
        "Removes all resources of a system mapping.",
    ),
    Operation::get(RESOURCE, Read, "Shows a resource."),
    Operation::put(RESOURCE, Subaccounts, "Replaces a resource."),
    Operation::delete(RESOURCE, Subaccounts, "Removes a resource."),
];
