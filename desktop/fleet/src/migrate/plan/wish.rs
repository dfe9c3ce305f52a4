//! What somebody wants of a migration, and why it may not be had.

use thiserror::Error;
use underpass_shared::config::{Invalid, SubaccountKey};
use underpass_shared::id::{AgentId, LocationId, RegionHost};
use underpass_shared::restore::{HostRule, NameRule, RegionRule};

use super::requests::{TESTS_MAX, TestsWish};
use super::{Mode, Origin};

/// Most targets of one migration: who has more splits the work.
pub const TARGETS_MAX: usize = 16;
/// Most replacements of one kind for one target.
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
    /// Where the target knows gateways by other names.
    pub regions: Vec<RegionRule>,
    /// Other display names of subaccounts.
    pub names: Vec<NameRule>,
    /// The location ID of copies.
    pub location_id: Option<LocationId>,
    /// What is tried through it after the cut-over.
    pub tests: TestsWish,
}

impl TargetWish {
    /// All of the source, as it is.
    pub const fn of(agent: AgentId) -> Self {
        Self {
            agent,
            subaccounts: vec![],
            hosts: vec![],
            regions: vec![],
            names: vec![],
            location_id: None,
            tests: TestsWish::Each,
        }
    }
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Where the configuration comes from.
    pub origin: Origin,
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
    /// Nobody is there who could vouch for a copy.
    #[error(
        "a backup cannot be copied, since the enrolments in it would be in use twice; bring it back \
         on a target, and copy that agent then"
    )]
    CopyOfBackup,
    /// There are too many.
    #[error("at most {REPLACEMENTS_MAX} replacements of one kind are allowed for a target")]
    TooManyReplacements,
    /// No such gateway.
    #[error(
        "no subaccount that goes to the target is of the gateway {region}; name one of these: {known}"
    )]
    NoRegion {
        /// What was named.
        region: RegionHost,
        /// What there is.
        known: String,
    },
    /// A gateway keeps its name.
    #[error("the gateway {0} is to be called as it is called; leave the replacement out")]
    SameRegion(RegionHost),
    /// A gateway has one name.
    #[error("the gateway {0} is replaced twice; name it once")]
    RegionTwice(RegionHost),
    /// There are too many.
    #[error("at most {TESTS_MAX} test requests are allowed for a target")]
    TooManyTests,
    /// A test request that cannot be made.
    #[error("test request {0}: {1}")]
    NoTest(String, String),
    /// A rule is none.
    #[error("{0}")]
    Rule(Invalid),
}
