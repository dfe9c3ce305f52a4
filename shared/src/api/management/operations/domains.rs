//! Domain mappings of cookies.

use super::super::{DomainMappingInput, DomainMappingShown};
use super::Operation;
use crate::rights::Access::{Read, Subaccounts};

pub(crate) const DOMAIN_MAPPINGS: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/domainMappings";
pub(crate) const DOMAIN_MAPPING: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/domainMappings/{internalDomain}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(DOMAIN_MAPPINGS, Read, "Lists the domain mappings.")
        .gives::<Vec<DomainMappingShown>>(),
    Operation::post(DOMAIN_MAPPINGS, Subaccounts, "Adds a domain mapping.")
        .takes::<DomainMappingInput>()
        .creates()
        .conflicts(),
    Operation::delete(DOMAIN_MAPPINGS, Subaccounts, "Removes all domain mappings."),
    Operation::get(DOMAIN_MAPPING, Read, "Shows a domain mapping.").gives::<DomainMappingShown>(),
    Operation::put(DOMAIN_MAPPING, Subaccounts, "Replaces a domain mapping.")
        .takes::<DomainMappingInput>()
        .conflicts(),
    Operation::delete(DOMAIN_MAPPING, Subaccounts, "Removes a domain mapping."),
];
