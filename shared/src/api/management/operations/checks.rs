//! Checks that operators ask for, what happens while they look, and mappings as files.

use super::super::{
    AccessCheck, AccessCheckInput, ConnectionCheck, ConnectionCheckInput, EventMessage, Imported,
    MappingsFile, SecurityStatus,
};
use super::parameters::{MODE, ONLY};
use super::{DOCUMENT_LEN_MAX, Operation};
use crate::rights::Access::{Inspect, Read, Subaccounts, Trace};

pub(crate) const EVENTS: &str = "/api/v1/events";
pub(crate) const SECURITY_STATUS: &str = "/api/v1/securityStatus";
pub(crate) const EXPORT: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/export";
pub(crate) const IMPORT: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/import";
pub(crate) const MAPPING_CHECK: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/{virtualAddress}/check";
pub(crate) const CONNECTION_CHECK: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/systemMappings/check";
pub(crate) const ACCESS_CHECK: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/accessCheck";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        EVENTS,
        Read,
        "Tells what happens, as server-sent events; Last-Event-ID resumes.",
    )
    .streams::<EventMessage>()
    .conflicts(),
    Operation::post(
        MAPPING_CHECK,
        Trace,
        "Goes the way to a mapped system, step by step.",
    )
    .acts()
    .conflicts()
    .gives::<ConnectionCheck>(),
    // Whoever may add a mapping could look at any system this way anyhow.
    Operation::post(
        CONNECTION_CHECK,
        Subaccounts,
        "Goes the way to a system that is not mapped yet, step by step.",
    )
    .takes::<ConnectionCheckInput>()
    .acts()
    .conflicts()
    .gives::<ConnectionCheck>(),
    Operation::post(
        ACCESS_CHECK,
        Inspect,
        "Tells whether a request would pass, and which rule decides.",
    )
    .takes::<AccessCheckInput>()
    .acts()
    .gives::<AccessCheck>(),
    Operation::get(
        SECURITY_STATUS,
        Inspect,
        "Rates what matters for security, with what to do about it.",
    )
    .gives::<SecurityStatus>(),
    Operation::get(
        EXPORT,
        Inspect,
        "Gives system mappings with their resources as a file.",
    )
    .gives::<MappingsFile>()
    .options(&[ONLY]),
    Operation::post(
        IMPORT,
        Subaccounts,
        "Takes the system mappings of a file; all others stay.",
    )
    .takes::<MappingsFile>()
    .limit(DOCUMENT_LEN_MAX)
    .gives::<Imported>()
    .options(&[MODE]),
];
