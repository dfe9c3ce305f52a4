//! A plan is made of a wish and the documents as they are.

use std::collections::{BTreeMap, BTreeSet};

use underpass_shared::config::{Document, Subaccount};
use underpass_shared::host::InternalHost;
use underpass_shared::id::{AgentId, HandoverId};
use underpass_shared::restore::HostRule;
use uuid::Uuid;

use super::requests::requests;
use super::wish::{REPLACEMENTS_MAX, TARGETS_MAX};
use super::{
    Assigned, MigrationId, Mode, Origin, Plan, PlanError, TargetPlan, TargetWish, Wish, regions,
    replaced,
};

/// What the ids of a plan are made of, and when: its maker has neither chance nor clock.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// The time, milliseconds UTC.
    pub now_ms: i64,
    /// Gives an id at each call.
    pub id: &'a dyn Fn() -> Uuid,
}

/// Plans a migration by the configurations as they are.
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
        let chosen = chosen(document, target)?;
        regions::check(&target.regions, chosen.iter().map(|one| one.key()))?;
        warnings.extend(target.regions.iter().map(regions::warning));
        let mut subaccounts = vec![];
        for subaccount in chosen {
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
                warnings.push(closed(&wish.origin, &assigned));
            }
            subaccounts.push(assigned);
        }
        warnings.extend(unused(document, target, &subaccounts)?);
        let (tests, warning) = requests(&target.tests, document, &subaccounts)?;
        warnings.extend(warning);
        planned.push(TargetPlan {
            agent: target.agent,
            handover: HandoverId::from_uuid((making.id)()),
            subaccounts,
            hosts: target.hosts.clone(),
            names: target.names.clone(),
            tests: Some(tests),
        });
    }
    Ok(Plan {
        id: MigrationId((making.id)()),
        created_ms: making.now_ms,
        origin: wish.origin.clone(),
        mode: wish.mode,
        settings: wish.settings,
        tolerant: wish.tolerant,
        revision: Some(revision),
        targets: planned,
        warnings,
    })
}

/// What somebody should know of a subaccount whose tunnel is closed.
fn closed(origin: &Origin, assigned: &Assigned) -> String {
    let key = &assigned.from;
    match origin {
        Origin::Agent { .. } => format!(
            "the tunnel of subaccount {key} is closed at the source, so it comes without its \
             enrolment: the target needs an enrolment token for it"
        ),
        Origin::Backup { .. } => {
            format!("the tunnel of subaccount {key} is closed in the backup, and stays so")
        }
    }
}

fn check_targets(wish: &Wish) -> Result<(), PlanError> {
    if wish.targets.is_empty() {
        return Err(PlanError::NoTarget);
    }
    if wish.targets.len() > TARGETS_MAX {
        return Err(PlanError::TooManyTargets);
    }
    let source = match (&wish.origin, wish.mode) {
        (Origin::Agent { agent }, _) => Some(*agent),
        (Origin::Backup { .. }, Mode::Move) => None,
        (Origin::Backup { .. }, Mode::Copy) => return Err(PlanError::CopyOfBackup),
    };
    let mut seen = BTreeSet::new();
    for target in &wish.targets {
        if Some(target.agent) == source {
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
    to.region_host = regions::renamed(&from.region_host, &target.regions);
    if let Some(location) = &target.location_id {
        to.location_id = location.clone();
    }
    if mode == Mode::Copy && to.location_id == from.location_id {
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
