//! Two agents that stand in for each other.

use super::super::ha::{
    HaRole, MasterConfigInput, MasterConfigShown, MasterStateInput, MasterStateShown, ShadowConfig,
    ShadowStateInput, ShadowStateShown,
};
use super::super::merge::Linked;
use super::Operation;
use crate::rights::Access::{Administration, Read};

pub(crate) const ROLE: &str = "/api/v1/configuration/connector/haRole";
pub(crate) const MASTER_CONFIG: &str = "/api/v1/configuration/connector/ha/master/config";
pub(crate) const MASTER_STATE: &str = "/api/v1/configuration/connector/ha/master/state";
pub(crate) const SHADOW_CONFIG: &str = "/api/v1/configuration/connector/ha/shadow/config";
pub(crate) const SHADOW_STATE: &str = "/api/v1/configuration/connector/ha/shadow/state";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(ROLE, Read, "Shows which of two agents this is.").gives::<HaRole>(),
    Operation::post(
        ROLE,
        Administration,
        "Changes which of two agents this is; in this version all are masters.",
    )
    .takes::<HaRole>()
    .acts()
    .conflicts(),
    Operation::get(
        MASTER_CONFIG,
        Read,
        "Shows whether a shadow may connect; in this version none may.",
    )
    .gives::<Linked<MasterConfigShown>>(),
    Operation::put(
        MASTER_CONFIG,
        Administration,
        "Says that no shadow may connect; what is said beside that is checked and not kept.",
    )
    .takes::<MasterConfigInput>()
    .acts()
    .conflicts(),
    Operation::get(MASTER_STATE, Read, "Shows whether there is a shadow.")
        .gives::<Linked<MasterStateShown>>(),
    Operation::post(
        MASTER_STATE,
        Administration,
        "Changes roles with the shadow; 409 as long as there is none.",
    )
    .takes::<MasterStateInput>()
    .acts()
    .conflicts(),
    Operation::delete(
        MASTER_STATE,
        Administration,
        "Puts all settings of high availability back; there is nothing to put back.",
    )
    .acts(),
    Operation::get(
        SHADOW_CONFIG,
        Read,
        "Shows how a shadow finds its master; 403, as this is a master.",
    )
    .gives::<ShadowConfig>()
    .refuses(&[403]),
    Operation::put(
        SHADOW_CONFIG,
        Administration,
        "Sets how a shadow finds its master; 403, as this is a master.",
    )
    .takes::<ShadowConfig>()
    .gives::<ShadowConfig>()
    .acts(),
    Operation::get(
        SHADOW_STATE,
        Read,
        "Shows how a shadow is to its master; 403, as this is a master.",
    )
    .gives::<ShadowStateShown>()
    .refuses(&[403]),
    Operation::post(
        SHADOW_STATE,
        Administration,
        "Lets a shadow join or leave its master; 403, as this is a master.",
    )
    .takes::<ShadowStateInput>()
    .acts(),
    Operation::delete(
        SHADOW_STATE,
        Administration,
        "Lets a shadow forget its master; 403, as this is a master.",
    )
    .acts(),
];
