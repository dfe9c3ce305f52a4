//! What a migration is to do, decided from the documents alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use underpass_shared::api::management::{ConnectionCheckInput, PortText};
use underpass_shared::config::{Document, Invalid, Subaccount, SubaccountKey};
use underpass_shared::host::InternalHost;
use underpass_shared::id::{AgentId, HandoverId, LocationId, RegionHost};
use underpass_shared::restore::{HostRule, NameRule};
use uuid::Uuid;

/// Most targets of one migration: who has more splits the work.
pub const TARGETS_MAX: usize = 16;
/// Most replacements of host names for one target.
pub const REPLACEMENTS_MAX: usize = 100;

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
}

impl TargetPlan {
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

/// What the ids of a plan are made of, and when: its maker has neither chance nor clock.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// The time, milliseconds UTC.
    pub now_ms: i64,
    /// Gives an id at each call.
    pub id: &'a dyn Fn() -> Uuid,
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

/// The host that stands for another at a target: the first rule that fits counts.
///
/// # Errors
/// When the result is no host.
pub fn replaced(host: &InternalHost, rules: &[HostRule]) -> Result<InternalHost, PlanError> {
    let mut found = rules.iter().filter_map(|rule| rule.apply(host));
    let became = found.next().transpose().map_err(PlanError::Rule)?;
    Ok(became.unwrap_or_else(|| host.clone()))
}

/// Plans a migration between agents by their documents as they are.
///
/// # Errors
/// When it cannot be done, whatever the agents say; each rule with its remedy.
pub fn make(
    wish: &Wish,
    making: Making<'_>,
    source: (u64, &Document),
    targets: &BTreeMap<AgentId, Document>,
) -> Result<Plan, PlanError> {
    check_targets(wish)?;
    let (revision, document) = source;
    let mut places = BTreeSet::new();
    let mut moved = BTreeSet::new();
    let (mut planned, mut warnings) = (vec![], vec![]);
    for target in &wish.targets {
        let known = targets.get(&target.agent);
        let known = known.ok_or(PlanError::Unknown(target.agent))?;
        let mut subaccounts = vec![];
        for subaccount in chosen(document, target)? {
            let assigned = assign(wish.mode, target, subaccount)?;
            if known.subaccount(&assigned.to).is_some() {
                let (agent, key) = (target.agent, assigned.to);
                return Err(PlanError::Taken { agent, key });
            }
            let twice = wish.mode == Mode::Move && !moved.insert(assigned.from.clone());
            if twice || !places.insert(assigned.to.clone()) {
                return Err(PlanError::Shared(assigned.from));
            }
            if !assigned.connected {
                warnings.push(format!(
                    "the tunnel of subaccount {} is closed at the source, so it comes without its \
                     enrolment: the target needs an enrolment token for it",
                    assigned.from
                ));
            }
            subaccounts.push(assigned);
        }
        warnings.extend(unused(document, target, &subaccounts)?);
        planned.push(TargetPlan {
            agent: target.agent,
            handover: HandoverId::from_uuid((making.id)()),
            subaccounts,
            hosts: target.hosts.clone(),
            names: target.names.clone(),
        });
    }
    Ok(Plan {
        id: MigrationId((making.id)()),
        created_ms: making.now_ms,
        origin: Origin::Agent { agent: wish.source },
        mode: wish.mode,
        settings: wish.settings,
        tolerant: wish.tolerant,
        revision: Some(revision),
        targets: planned,
        warnings,
    })
}

/// Plans the return of an agent from its backup on another host.
pub fn from_backup(
    file: PathBuf,
    target: AgentId,
    hosts: Vec<HostRule>,
    making: Making<'_>,
) -> Plan {
    Plan {
        id: MigrationId((making.id)()),
        created_ms: making.now_ms,
        origin: Origin::Backup { file },
        mode: Mode::Move,
        settings: true,
        tolerant: false,
        revision: None,
        targets: vec![TargetPlan {
            agent: target,
            handover: HandoverId::from_uuid((making.id)()),
            subaccounts: vec![],
            hosts,
            names: vec![],
        }],
        warnings: vec![],
    }
}

fn check_targets(wish: &Wish) -> Result<(), PlanError> {
    if wish.targets.is_empty() {
        return Err(PlanError::NoTarget);
    }
    if wish.targets.len() > TARGETS_MAX {
        return Err(PlanError::TooManyTargets);
    }
    let mut seen = BTreeSet::new();
    for target in &wish.targets {
        if target.agent == wish.source {
            return Err(PlanError::OwnTarget);
        }
        if !seen.insert(target.agent) {
            return Err(PlanError::Twice(target.agent));
        }
        if wish.mode == Mode::Move && target.location_id.is_some() {
            return Err(PlanError::MovedLocation);
        }
        if target.hosts.len() > REPLACEMENTS_MAX {
            return Err(PlanError::TooManyReplacements);
        }
        let checked = target.hosts.iter().try_for_each(HostRule::check);
        checked.map_err(PlanError::Rule)?;
    }
    Ok(())
}

/// The subaccounts of the source that one target is to have.
fn chosen<'a>(
    document: &'a Document,
    target: &TargetWish,
) -> Result<Vec<&'a Subaccount>, PlanError> {
    if target.subaccounts.is_empty() {
        let all: Vec<&Subaccount> = document.subaccounts().iter().map(AsRef::as_ref).collect();
        return if all.is_empty() {
            Err(PlanError::Empty)
        } else {
            Ok(all)
        };
    }
    let named = target.subaccounts.iter().map(|key| {
        let found = document.subaccount(key).map(AsRef::as_ref);
        found.ok_or_else(|| PlanError::NoSubaccount(key.clone()))
    });
    named.collect()
}

fn assign(mode: Mode, target: &TargetWish, subaccount: &Subaccount) -> Result<Assigned, PlanError> {
    let from = subaccount.key().clone();
    let mut to = from.clone();
    if let Some(location) = &target.location_id {
        to.location_id = location.clone();
    }
    if mode == Mode::Copy && to == from {
        return Err(PlanError::SameLocation(from));
    }
    Ok(Assigned {
        from,
        to,
        connected: subaccount.own().connected,
        mappings: subaccount.mappings().len(),
    })
}

/// Tells of replacements that replace nothing; somebody misspelt a host.
fn unused(
    document: &Document,
    target: &TargetWish,
    subaccounts: &[Assigned],
) -> Result<Vec<String>, PlanError> {
    let mut idle = vec![];
    let all = hosts(document, subaccounts);
    for host in &all {
        replaced(host, &target.hosts)?;
    }
    for rule in &target.hosts {
        let alone = std::slice::from_ref(rule);
        let fits = |host: &&InternalHost| replaced(host, alone).is_ok_and(|new| new != **host);
        if !all.iter().any(|host| fits(&host)) {
            idle.push(format!(
                "no internal host ends in or is {:?}, so its replacement does nothing",
                rule.find
            ));
        }
    }
    Ok(idle)
}

fn hosts(document: &Document, subaccounts: &[Assigned]) -> BTreeSet<InternalHost> {
    let parts = subaccounts.iter();
    let found = parts.filter_map(|one| document.subaccount(&one.from));
    let mappings = found.flat_map(|one| one.mappings());
    let hosts = mappings.map(|mapping| mapping.internal_address.host.clone());
    hosts.collect()
}

/// An internal system, as the source and the target reach it.
#[derive(Clone, Debug)]
pub struct Way {
    /// From the source.
    pub source: ConnectionCheckInput,
    /// From the target.
    pub target: ConnectionCheckInput,
}

/// What a target must reach: each system once, and each gateway.
///
/// # Errors
/// When a replacement makes no host, or the source has a subaccount no longer.
pub fn ways(
    document: &Document,
    target: &TargetPlan,
) -> Result<(Vec<Way>, Vec<RegionHost>), PlanError> {
    let mut systems = BTreeMap::new();
    let mut gateways = BTreeSet::new();
    for assigned in &target.subaccounts {
        gateways.insert(assigned.to.region_host.clone());
        let found = document.subaccount(&assigned.from);
        let missing = || PlanError::NoSubaccount(assigned.from.clone());
        for mapping in found.ok_or_else(missing)?.mappings() {
            let at_source = &mapping.internal_address;
            let input = |host: InternalHost| ConnectionCheckInput {
                local_host: host,
                local_port: PortText(at_source.port),
                protocol: mapping.protocol,
            };
            let way = Way {
                target: input(replaced(&at_source.host, &target.hosts)?),
                source: input(at_source.host.clone()),
            };
            let key = (at_source.clone(), format!("{:?}", mapping.protocol));
            systems.insert(key, way);
        }
    }
    let gateways = gateways.into_iter().collect();
    Ok((systems.into_values().collect(), gateways))
}

#[cfg(test)]
pub(super) mod tests;
