//! Subaccounts, their system mappings and resources.

use super::super::mapping::NewSystemMapping;
use super::super::resource::NewResource;
use super::super::{
    Corrupted, Enrolment, ResourceInput, StateInput, SubaccountCertificate, SubaccountInput,
    SubaccountShown, SystemMapping, SystemMappingInput, SystemMappingResource, ValidityInput,
};
use super::Operation;
use super::parameters::{OFFSET, PAGE_LEN};
use crate::rights::Access::{Read, Subaccounts};

pub(crate) const SUBACCOUNTS: &str = "/api/v1/configuration/subaccounts";
pub(crate) const SUBACCOUNT: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}";
pub(crate) const CORRUPTED: &str = "/api/v1/configuration/subaccounts/corrupted";
pub(crate) const VALIDITY: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/validity";
pub(crate) const STATE: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/state";
pub(crate) const MAPPINGS: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings";
pub(crate) const MAPPING: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}";
pub(crate) const RESOURCES: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/resources";
pub(crate) const RESOURCE: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/resources/{resource}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(SUBACCOUNTS, Read, "Lists the subaccounts.").gives::<Vec<SubaccountShown>>(),
    Operation::post(
        SUBACCOUNTS,
        Subaccounts,
        "Adds a subaccount by an enrolment token.",
    )
    .takes::<Enrolment>()
    .creates_and_gives::<SubaccountShown>()
    .acts()
    .conflicts(),
    Operation::get(SUBACCOUNT, Read, "Shows a subaccount.").gives::<SubaccountShown>(),
    Operation::put(SUBACCOUNT, Subaccounts, "Changes a subaccount.")
        .takes::<SubaccountInput>()
        .gives::<SubaccountShown>(),
    Operation::delete(
        SUBACCOUNT,
        Subaccounts,
        "Removes a subaccount and all in it.",
    ),
    Operation::put(
        STATE,
        Subaccounts,
        "Opens or closes the tunnel of a subaccount.",
    )
    .takes::<StateInput>(),
    Operation::get(
        CORRUPTED,
        Read,
        "Lists subaccounts of which something stored cannot be read.",
    )
    .gives::<Vec<Corrupted>>(),
    Operation::post(
        VALIDITY,
        Subaccounts,
        "Renews the client certificate of a subaccount; without a body by proof of the present key.",
    )
    .takes::<ValidityInput>()
    .optionally()
    .gives::<SubaccountCertificate>()
    .acts()
    .conditional()
    .conflicts(),
    Operation::get(MAPPINGS, Read, "Lists the system mappings of a subaccount.")
        .gives::<Vec<SystemMapping>>()
        .options(&[PAGE_LEN, OFFSET]),
    Operation::post(MAPPINGS, Subaccounts, "Adds a system mapping.")
        .takes::<NewSystemMapping>()
        .creates(),
    Operation::delete(
        MAPPINGS,
        Subaccounts,
        "Removes all system mappings of a subaccount.",
    ),
    Operation::get(MAPPING, Read, "Shows a system mapping.").gives::<SystemMapping>(),
    Operation::put(
        MAPPING,
        Subaccounts,
        "Replaces a system mapping; its resources stay.",
    )
    .takes::<SystemMappingInput>(),
    Operation::delete(MAPPING, Subaccounts, "Removes a system mapping."),
    Operation::get(RESOURCES, Read, "Lists the resources of a system mapping.")
        .gives::<Vec<SystemMappingResource>>(),
    Operation::post(RESOURCES, Subaccounts, "Adds a resource.")
        .takes::<NewResource>()
        .creates(),
    Operation::delete(
        RESOURCES,
        Subaccounts,
        "Removes all resources of a system mapping.",
    ),
    Operation::get(RESOURCE, Read, "Shows a resource.").gives::<SystemMappingResource>(),
    Operation::put(RESOURCE, Subaccounts, "Replaces a resource.").takes::<ResourceInput>(),
    Operation::delete(RESOURCE, Subaccounts, "Removes a resource."),
];
