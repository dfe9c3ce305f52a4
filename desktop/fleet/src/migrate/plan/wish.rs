//! What somebody wants of a migration, and why it may not be had.

use thiserror::Error;
use underpass_shared::config::{Invalid, SubaccountKey};
use underpass_shared::id::{AgentId, LocationId};
use underpass_shared::restore::{HostRule, NameRule};

use super::Mode;

/// Most targets of one migration: who has more splits the work.
pub const TARGETS_MAX: usize = 16;
/// Most replacements of host names for one target.
pub const REPLACEMENTS_MAX: usize = 100;

/// What somebody wants of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetWish {
    /// Which agent.
    pub agent: AgentId,
    /// Which subaccounts of the source; all of them where none is named.
    pub subaccounts: Vec<SubaccountKey>,
    /// Where the target knows internal hosts by other names.
    pub hosts: Vec<HostRule>,
    /// Other display names of subaccounts.
    pub names: Vec<NameRule>,
    /// The location ID of copies.
    pub location_id: Option<LocationId>,
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Where the configuration comes from.
    pub source: AgentId,
    /// What becomes of it there.
    pub mode: Mode,
    /// Whether the settings of the agent as a whole come along.
    pub settings: bool,
    /// Whether systems that the target does not reach are no reason to stop.
    pub tolerant: bool,
    /// Where it goes.
    pub targets: Vec<TargetWish>,
}

/// A wish that cannot be fulfilled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    /// There is nowhere to go.
    #[error("name at least one target")]
    NoTarget,
    /// There are too many.
    #[error("at most {TARGETS_MAX} targets are allowed in one migration")]
    TooManyTargets,
    /// It is its own target.
    #[error("the source cannot be a target of itself")]
    OwnTarget,
    /// One was named twice.
    #[error("the target {0} was named twice")]
    Twice(AgentId),
    /// Nothing is known of it.
    #[error("the configuration of the target {0} is not known")]
    Unknown(AgentId),
    /// The source has no such subaccount.
    #[error("the source has no subaccount {0}")]
    NoSubaccount(SubaccountKey),
    /// There is nothing that could go.
    #[error("the source has no subaccounts")]
    Empty,
    /// Two targets would be the same for the gateway.
    #[error(
        "subaccount {0} would be served twice under the same location ID; name its target once, \
         or copy it under several location IDs"
    )]
    Shared(SubaccountKey),
    /// The target has it.
    #[error("the target {agent} has a subaccount {key} already; remove it there first")]
    Taken {
        /// The target.
        agent: AgentId,
        /// The subaccount.
        key: SubaccountKey,
    },
    /// A copy must be told apart.
    #[error(
        "the copy of subaccount {0} needs a location ID of its own, since the gateway sends requests \
         by it; name another one by --location-id"
    )]
    SameLocation(SubaccountKey),
    /// What moves stays what it is.
    #[error(
        "a moved subaccount keeps its location ID, since applications ask by it; a location ID can \
         only be named for a copy"
    )]
    MovedLocation,
    /// There are too many.
    #[error("at most {REPLACEMENTS_MAX} replacements of hosts are allowed for a target")]
    TooManyReplacements,
    /// A rule is none.
    #[error("{0}")]
    Rule(Invalid),
}
