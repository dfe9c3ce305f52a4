//! A plan is made of a wish and the documents as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use underpass_shared::config::{Document, Subaccount};
use underpass_shared::host::InternalHost;
use underpass_shared::id::{AgentId, HandoverId};
use underpass_shared::restore::HostRule;
use uuid::Uuid;

use super::wish::{REPLACEMENTS_MAX, TARGETS_MAX};
use super::{
    Assigned, MigrationId, Mode, Origin, Plan, PlanError, TargetPlan, TargetWish, Wish, replaced,
};

/// What the ids of a plan are made of, and when: its maker has neither chance nor clock.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// The time, milliseconds UTC.
    pub now_ms: i64,
    /// Gives an id at each call.
    pub id: &'a dyn Fn() -> Uuid,
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
