//! Migrations between made-up agents that are cut off, refused and forgotten at every call.

mod world;

use std::sync::Arc;

use tokio::runtime::Builder;

use self::world::{Fate, World};
use super::*;
use crate::migrate::machine::State;
use crate::migrate::plan::TestsWish;
use crate::migrate::reach::{Looked, Verdict};
use crate::migrate::step::Act;
use crate::migrate::tried::Went;

/// Runs a migration as far as it goes; afterwards it is read from its journal.
fn run(world: &World, migration: Migration, back_on_failure: bool) -> (Ended, Migration) {
    let mut migration = migration;
    let engine = Engine {
        agents: world.agents(),
        journals: world.journals(),
        told: Arc::new(|_| {}),
        stop: world.stop(),
        opener: None,
        probe: None,
        back_on_failure,
    };
    let runtime = Builder::new_current_thread().enable_time().build();
    let ended = runtime
        .unwrap()
        .block_on(engine.run(&mut migration))
        .unwrap();
    let read = world.journals().find(None).unwrap();
    assert_eq!(read, migration);
    (ended, read)
}

#[test]
fn a_move_goes_through_every_step_and_back() {
    let world = World::new();
    let (ended, migration) = run(&world, world.migration(), true);
    assert_eq!(ended, Ended::Done);
    assert_eq!(
        world.calls(),
        [
            "source document",
            "target preflight",
            "target preflight",
            "target recipient",
            "source backup",
            "target plan",
            "target apply",
            "target csr",
            "source vouch",
            "target accept",
            "target handovers",
            "target ready",
            "target handovers",
            "target handovers",
            "target check",
            "source document",
            "target preflight",
            "target preflight",
            "source release",
            "source handovers",
        ]
    );
    assert!(world.has_moved());
    let mut migration = migration;
    migration.turn_back().unwrap();
    let (ended, _) = run(&world, migration, true);
    assert_eq!(ended, Ended::Undone);
    assert!(world.is_as_before());
}

#[test]
fn a_rehearsal_leaves_nothing_behind() {
    let world = World::new();
    let engine = Engine {
        agents: world.agents(),
        journals: world.journals(),
        told: Arc::new(|_| {}),
        stop: world.stop(),
        opener: None,
        probe: None,
        back_on_failure: true,
    };
    let runtime = Builder::new_current_thread().enable_time().build();
    let rehearsed = runtime
        .unwrap()
        .block_on(engine.rehearse_all(world.migration()))
        .unwrap();
    let (ended, migration) = (rehearsed.ended, rehearsed.migration);
    let looked: Vec<&Looked> = rehearsed.looked.iter().flat_map(|(_, all)| all).collect();
    assert!(looked.iter().all(|one| one.verdict == Verdict::Good));
    assert!(looked.iter().any(|one| one.protocol.is_some()));
    assert_eq!(ended, Ended::Done);
    assert_eq!(world.calls().last().unwrap(), "target forget");
    assert!(world.is_as_before() && !world.is_staged());
    assert!(world.journals().ids().unwrap().is_empty());
    assert_eq!(migration.progress().0, 2);
}

/// How many calls the whole migration makes.
fn calls() -> usize {
    let world = World::new();
    run(&world, world.migration(), true);
    world.calls().len()
}

#[test]
fn a_program_that_ends_at_any_call_goes_on_or_back_at_its_next_start() {
    for at in 0..calls() {
        for back in [false, true] {
            let world = World::new();
            world.at(at, Fate::Cut);
            let (ended, mut migration) = run(&world, world.migration(), true);
            assert_eq!(ended, Ended::Cancelled, "call {at}");
            if back {
                migration.turn_back().unwrap();
                let (ended, _) = run(&world, migration, true);
                assert_eq!(ended, Ended::Undone, "call {at}: {:?}", world.calls());
                assert!(world.is_as_before(), "call {at}: {:?}", world.calls());
                // What the target prepared, and could not tell any more, it forgets by itself.
                let untold = world.calls()[at] == "target plan";
                assert_eq!(world.is_staged(), untold, "call {at}");
            } else {
                migration.go_on().unwrap();
                let (ended, _) = run(&world, migration, true);
                assert_eq!(ended, Ended::Done, "call {at}: {:?}", world.calls());
                assert!(world.has_moved(), "call {at}: {:?}", world.calls());
            }
        }
    }
}

#[test]
fn a_refusal_of_any_call_takes_all_back() {
    for at in 0..calls() {
        let world = World::new();
        world.at(at, Fate::Refused);
        let (ended, migration) = run(&world, world.migration(), true);
        assert_eq!(ended, Ended::Undone, "call {at}: {:?}", world.calls());
        assert!(
            world.is_as_before() && !world.is_staged(),
            "call {at}: {:?}",
            world.calls()
        );
        assert!(migration.failure().is_none());
        let cause = migration.cause.unwrap();
        assert!(cause.ends_with("the agent refuses: made up"), "{cause}");
    }
}

#[test]
fn a_refusal_waits_for_a_decision_where_that_is_wanted() {
    let world = World::new();
    world.at(8, Fate::Refused);
    let (ended, mut migration) = run(&world, world.migration(), false);
    assert_eq!(ended, Ended::Stopped);
    let (step, reason) = migration.failure().unwrap();
    assert_eq!(step.act, Act::Vouch);
    assert_eq!(reason, "old: the agent refuses: made up");
    migration.go_on().unwrap();
    assert_eq!(run(&world, migration, false).0, Ended::Done);
    assert!(world.has_moved());
}

#[test]
fn an_answer_that_got_lost_is_asked_for_again() {
    for at in 0..calls() {
        let world = World::new();
        world.at(at, Fate::AnswerLost);
        let (ended, _) = run(&world, world.migration(), true);
        assert_eq!(ended, Ended::Done, "call {at}: {:?}", world.calls());
        assert!(world.has_moved(), "call {at}");
    }
}

#[test]
fn what_the_target_forgot_is_transferred_again() {
    let world = World::new();
    world.at(6, Fate::Forgotten);
    let (ended, migration) = run(&world, world.migration(), true);
    assert_eq!(ended, Ended::Done);
    let plans = world
        .calls()
        .iter()
        .filter(|call| **call == "target plan")
        .count();
    assert_eq!(plans, 2);
    assert!(migration.records.iter().all(|one| one.state == State::Done));
}

#[test]
fn after_the_time_of_the_handover_the_target_vouches_for_the_way_back() {
    let world = World::new();
    let (_, mut migration) = run(&world, world.migration(), true);
    world.time_is_up();
    migration.turn_back().unwrap();
    let (ended, _) = run(&world, migration, true);
    assert_eq!(ended, Ended::Undone, "{:?}", world.calls());
    let calls = world.calls();
    for call in [
        "source csr",
        "target vouch",
        "source accept",
        "source ready",
        "target release",
    ] {
        assert!(calls.iter().any(|one| one == call), "{call}: {calls:?}");
    }
    assert!(world.source_carries());
}

#[test]
fn a_dead_system_stops_it_unless_the_source_does_not_reach_it_either() {
    let world = World::new();
    world.dead(&["target"]);
    let (ended, migration) = run(&world, world.migration(), false);
    assert_eq!(ended, Ended::Stopped);
    let told = &migration.records[0].seen;
    assert!(told[0].starts_with("erp.new.corp:80: refused"), "{told:?}");

    let world = World::new();
    world.dead(&["source", "target"]);
    let (ended, migration) = run(&world, world.migration(), false);
    assert_eq!(ended, Ended::Done);
    let told = &migration.records[0].seen;
    assert!(told[1].contains("the source neither"), "{told:?}");
}

#[test]
fn a_test_request_that_fails_waits_with_its_hint_or_takes_all_back() {
    let tests = |path: &str| TestsWish::Named(vec![format!("v0:80{path}").parse().unwrap()]);
    let world = World::new();
    let (ended, migration) = run(&world, world.migration_with(tests("/closed")), false);
    assert_eq!(ended, Ended::Stopped);
    let (step, reason) = migration.failure().unwrap();
    assert_eq!(step.act, Act::Verify);
    assert!(
        reason.starts_with("1 of 1 test requests failed: v0:80/closed"),
        "{reason}"
    );
    let tried: Vec<_> = migration.tried().map(|(_, one)| one).collect();
    assert_eq!((tried.len(), tried[0].went), (1, Went::Failed));
    assert_eq!(tried[0].hint.as_deref(), Some("open it"));
    // What was tried stays in the report, also when all was taken back.
    let mut back = migration.clone();
    back.turn_back().unwrap();
    let (ended, back) = run(&world, back, false);
    assert_eq!((ended, back.tried().count()), (Ended::Undone, 1));
    assert!(world.is_as_before());

    let world = World::new();
    let (ended, migration) = run(&world, world.migration_with(tests("/open")), true);
    assert_eq!(ended, Ended::Done);
    let passed = |(_, one): (_, &crate::migrate::tried::Tried)| one.went == Went::Passed;
    assert!(migration.tried().all(passed));
    let calls = world.calls();
    let at = calls.iter().position(|one| one == "target access").unwrap();
    assert_eq!(calls[at + 1], "target check");
}
