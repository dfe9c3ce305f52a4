//! How migrations are told.

use underpass_fleet::migrate::machine::{Direction, Migration, Record, State as Step};
use underpass_fleet::migrate::plan::{Mode, Origin, Plan};
use underpass_fleet::migrate::report::Outcome;
use underpass_fleet::migrate::step::Act;
use underpass_fleet::snapshot::{FleetSnapshot, MoveSnapshot};
use underpass_shared::id::AgentId;

use crate::text;
use crate::theme::State;

/// How an agent is called; by its id where it is known no longer.
pub(super) fn label(fleet: &FleetSnapshot, agent: AgentId) -> String {
    match fleet.agent(agent) {
        Some(agent) => text::clean(&agent.label),
        None => agent.to_string().chars().take(12).collect(),
    }
}

/// Where a migration comes from.
pub(super) fn source(fleet: &FleetSnapshot, plan: &Plan) -> String {
    match &plan.origin {
        Origin::Agent { agent } => label(fleet, *agent),
        Origin::Backup { file } => {
            let name = file.file_name().unwrap_or(file.as_os_str());
            format!("Backup {}", text::clean(&name.to_string_lossy()))
        }
    }
}

/// Where it goes.
pub(super) fn targets(fleet: &FleetSnapshot, plan: &Plan) -> String {
    let labels = plan.targets.iter().map(|one| label(fleet, one.agent));
    labels.collect::<Vec<_>>().join(", ")
}

/// Where it goes, for narrow places.
pub(super) fn targets_in_brief(fleet: &FleetSnapshot, plan: &Plan) -> String {
    match plan.targets.len() {
        0 | 1 => targets(fleet, plan),
        several => format!("{several} agents"),
    }
}

/// What becomes of the source.
pub(super) const fn mode(plan: &Plan) -> &'static str {
    match (&plan.origin, plan.mode) {
        (Origin::Backup { .. }, _) => "Restore",
        (Origin::Agent { .. }, Mode::Move) => "Move",
        (Origin::Agent { .. }, Mode::Copy) => "Copy",
    }
}

/// How it stands, in a word.
pub(super) fn stand(one: &MoveSnapshot) -> (State, &'static str) {
    let Ok(migration) = &one.migration else {
        return (State::Error, "Unreadable");
    };
    let is_back = migration.direction == Direction::Back;
    match Outcome::of(migration) {
        _ if one.job.is_some() && is_back => (State::Pending, "Rolling back"),
        _ if one.job.is_some() => (State::Pending, "Running"),
        Outcome::Planned | Outcome::Unfinished => (State::Warn, "Stopped"),
        Outcome::Failed => (State::Error, "Failed"),
        Outcome::Done => (State::Ok, "Done"),
        Outcome::TakenBack => (State::Off, "Rolled back"),
    }
}

/// What is done in a step, or what takes it back.
pub(super) fn act(record: &Record) -> String {
    text::sentence(record.step.act.title())
}

/// How a step stands, in a word.
pub(super) const fn of_step(state: &Step) -> (State, &'static str) {
    match state {
        Step::Waiting => (State::Off, "Waiting"),
        Step::Begun => (State::Pending, "Under way"),
        Step::Done => (State::Ok, "Done"),
        Step::Failed { .. } => (State::Error, "Failed"),
        Step::Undoing => (State::Pending, "Being taken back"),
        Step::Undone => (State::Off, "Taken back"),
        Step::Stuck { .. } => (State::Error, "Cannot be taken back"),
    }
}

/// A time that was taken.
pub(super) fn took(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..60_000 => format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// From when to when a step took, in its direction.
pub(super) fn step_took(record: &Record) -> Option<String> {
    let span = |from: Option<i64>, to: Option<i64>| Some(took(to?.saturating_sub(from?)));
    span(record.back_begun_ms, record.back_ended_ms)
        .or_else(|| span(record.begun_ms, record.ended_ms))
}

/// When new requests began to come to the last target.
pub(super) fn cut_over_ms(migration: &Migration) -> Option<i64> {
    let switches = migration.records.iter();
    let switches = switches.filter(|one| one.step.act == Act::Switch && one.state == Step::Done);
    switches.filter_map(|one| one.ended_ms).max()
}

/// What would take a migration back, in the order in which it is done.
pub(super) fn way_back(migration: &Migration) -> Vec<(AgentId, &'static str)> {
    let was_begun = |one: &&Record| !matches!(one.state, Step::Waiting | Step::Undone);
    let done = migration.records.iter().rev().filter(was_begun);
    done.filter_map(|one| Some((one.step.target, one.step.act.undoing()?)))
        .collect()
}
