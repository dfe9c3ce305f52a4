//! What a migration is to do, decided from the documents alone.

mod make;
mod regions;
mod requests;
#[cfg(test)]
pub(super) mod tests;
mod ways;
mod wish;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use underpass_shared::config::SubaccountKey;
use underpass_shared::id::{AgentId, HandoverId};
use underpass_shared::restore::{HostRule, NameRule};
use uuid::Uuid;

pub use self::make::{Making, make};
pub use self::requests::{TESTS_MAX, TestRequest, TestWish, TestsWish, each, open_path};
pub use self::ways::{Way, replaced, ways};
pub use self::wish::{PlanError, REPLACEMENTS_MAX, TARGETS_MAX, TargetWish, Wish};

/// Which migration; its folder in the profile has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MigrationId(pub Uuid);

impl std::fmt::Display for MigrationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0.hyphenated(), f)
    }
}

/// Where the configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Origin {
    /// A running agent.
    Agent {
        /// Which.
        agent: AgentId,
    },
    /// A backup of an agent that is no more.
    Backup {
        /// The file.
        file: PathBuf,
    },
}

/// What becomes of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// The targets take its place.
    Move,
    /// It stays; the targets serve the same under other location IDs.
    Copy,
}

/// One subaccount on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assigned {
    /// How the source knows it.
    pub from: SubaccountKey,
    /// How the target will know it.
    pub to: SubaccountKey,
    /// Whether the source has its tunnel open. Others come without their enrolment.
    pub connected: bool,
    /// How many mappings come along.
    pub mappings: usize,
}

/// What happens to one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetPlan {
    /// Which agent.
    pub agent: AgentId,
    /// The handover to it.
    pub handover: HandoverId,
    /// The subaccounts; not known before a backup was opened.
    pub subaccounts: Vec<Assigned>,
    /// Where it knows internal hosts by other names.
    pub hosts: Vec<HostRule>,
    /// Other display names of subaccounts.
    pub names: Vec<NameRule>,
    /// What is tried through it after the cut-over. Plans of earlier versions name none; then one
    /// request for each mapping is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Vec<TestRequest>>,
}

impl TargetPlan {
    /// How the source knows a subaccount of the target.
    pub fn at_source(&self, key: &SubaccountKey) -> Option<&SubaccountKey> {
        let mut all = self.subaccounts.iter();
        all.find(|one| one.to == *key).map(|one| &one.from)
    }

    /// The subaccounts whose tunnels are handed over.
    pub fn handed_over(&self) -> impl Iterator<Item = &Assigned> {
        self.subaccounts.iter().filter(|one| one.connected)
    }
}

/// What a migration does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Which migration.
    pub id: MigrationId,
    /// When it was planned, milliseconds UTC.
    pub created_ms: i64,
    /// Where the configuration comes from.
    pub origin: Origin,
    /// What becomes of the source.
    pub mode: Mode,
    /// Whether the settings of the agent as a whole come along.
    pub settings: bool,
    /// Whether systems that the target does not reach are no reason to stop.
    pub tolerant: bool,
    /// The revision of the source that was planned with.
    pub revision: Option<u64>,
    /// The targets.
    pub targets: Vec<TargetPlan>,
    /// What somebody should know before.
    pub warnings: Vec<String>,
}

impl Plan {
    /// What happens to a target.
    pub fn target(&self, agent: AgentId) -> Option<&TargetPlan> {
        self.targets.iter().find(|one| one.agent == agent)
    }

    /// The source, if there is one.
    pub const fn source(&self) -> Option<AgentId> {
        match &self.origin {
            Origin::Agent { agent } => Some(*agent),
            Origin::Backup { .. } => None,
        }
    }
}
