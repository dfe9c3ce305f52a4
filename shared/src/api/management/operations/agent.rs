//! What the agent says of itself.

use serde_json::{Map, Value};

use super::super::{Status, Version};
use super::Operation;
use crate::rights::Access::Read;

pub(crate) const VERSION: &str = "/api/v1/connector/version";
pub(crate) const OPENAPI: &str = "/api/v1/openapi.json";
pub(crate) const STATUS: &str = "/api/v1/status";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(VERSION, Read, "Shows the version of the agent.").gives::<Version>(),
    Operation::get(OPENAPI, Read, "Describes this API.").gives::<Map<String, Value>>(),
    // Monitoring gets it without what weakens security and without names.
    Operation::get(STATUS, Read, "Shows what the agent does now.")
        .gives::<Status>()
        .conflicts(),
];
