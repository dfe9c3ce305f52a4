//! Migrations that go through, fail, go on and are taken back.

use std::sync::Arc;

use proptest::prelude::*;
use underpass_shared::id::{AgentId, HandoverId};
use uuid::Uuid;

use super::super::plan::tests::from_backup;
use super::super::plan::{Making, MigrationId, Mode, Origin, Plan, TargetPlan};
use super::*;

fn agent(n: u8) -> AgentId {
    AgentId::of_authority(&[n; 32])
}

fn plan(mode: Mode, targets: u8) -> Arc<Plan> {
    let target = |n| TargetPlan {
        agent: agent(n),
        handover: HandoverId::from_uuid(Uuid::from_u128(n.into())),
        subaccounts: vec![],
        hosts: vec![],
        names: vec![],
        tests: None,
    };
    Arc::new(Plan {
        id: MigrationId(Uuid::nil()),
        created_ms: 0,
        origin: Origin::Agent { agent: agent(0) },
        mode,
        settings: false,
        tolerant: false,
        revision: Some(1),
        targets: (1..=targets).map(target).collect(),
        warnings: vec![],
    })
}

fn acts(migration: &Migration) -> Vec<(u8, Act)> {
    let steps = migration.records.iter().map(|one| one.step);
    let place = |id| (0..=9).find(|&n| agent(n) == id).unwrap();
    steps.map(|step| (place(step.target), step.act)).collect()
}

/// Does or takes back whatever comes next, until it ends; what was done, in order.
fn run(migration: &mut Migration) -> Vec<(Act, bool)> {
    let mut all = vec![];
    loop {
        let (number, step, forward) = match migration.next() {
            Next::Do(number, step) => (number, step, true),
            Next::Undo(number, step) => (number, step, false),
            Next::Stopped | Next::Done | Next::Undone => return all,
        };
        migration.begin(number, 1);
        migration.done(number, vec![], 2);
        all.push((step.act, forward));
    }
}

/// Goes on until a step is next.
fn until(migration: &mut Migration, act: Act) -> usize {
    loop {
        match migration.next() {
            Next::Do(number, step) if step.act == act => return number,
            Next::Do(number, _) => {
                migration.begin(number, 0);
                migration.done(number, vec![], 0);
            }
            Next::Undo(..) | Next::Stopped | Next::Done | Next::Undone => {
                panic!("{act} does not come")
            }
        }
    }
}

#[test]
fn all_targets_are_checked_before_any_is_changed_and_the_source_lets_go_last() {
    use Act::*;
    let migration = Migration::new(plan(Mode::Move, 2));
    let each = [Transfer, Apply, Vouch, Accept, Connect, Switch, Verify];
    let mut expected = vec![(1, Preflight), (2, Preflight)];
    for target in [1, 2] {
        expected.extend(each.iter().map(|&act| (target, act)));
    }
    expected.extend([(1, Release), (2, Release)]);
    assert_eq!(acts(&migration), expected);
    // A copied source goes on as it was.
    let copy = Migration::new(plan(Mode::Copy, 1));
    assert!(acts(&copy).iter().all(|(_, act)| *act != Release));
    // Where the source is gone, nobody vouches, and nobody is released.
    let making = Making {
        now_ms: 0,
        id: &Uuid::nil,
    };
    let back = Migration::new(Arc::new(from_backup(agent(1), making)));
    let expected = [Preflight, Transfer, Apply, Connect, Verify].map(|act| (1, act));
    assert_eq!(acts(&back), expected);
}

#[test]
fn what_was_done_is_taken_back_in_reverse_even_after_the_end() {
    let mut migration = Migration::new(plan(Mode::Move, 2));
    let there: Vec<Act> = run(&mut migration).into_iter().map(|one| one.0).collect();
    assert_eq!(migration.next(), Next::Done);
    assert_eq!(migration.go_on(), Err(NotNow::IsDone));
    migration.turn_back().unwrap();
    let back = run(&mut migration);
    assert!(back.iter().all(|(_, forward)| !forward));
    let mut back: Vec<Act> = back.into_iter().map(|one| one.0).collect();
    back.reverse();
    assert_eq!(back, there);
    assert_eq!(migration.next(), Next::Undone);
    assert_eq!(migration.go_on(), Err(NotNow::TakenBack));
    assert_eq!(migration.turn_back(), Err(NotNow::TakenBack));
}

#[test]
fn a_failure_stops_and_goes_on_or_back_as_somebody_decides() {
    let mut migration = Migration::new(plan(Mode::Move, 1));
    let number = until(&mut migration, Act::Vouch);
    migration.begin(number, 5);
    migration.failed(number, "no way", vec!["seen".to_owned()], 9);
    assert_eq!(migration.next(), Next::Stopped);
    let (step, reason) = migration.failure().unwrap();
    assert_eq!((step.act, reason), (Act::Vouch, "no way"));

    let mut on = migration.clone();
    on.go_on().unwrap();
    assert!(matches!(on.next(), Next::Do(again, _) if again == number));
    run(&mut on);
    assert_eq!(on.next(), Next::Done);

    // What failed may have been done all the same, so it is taken back too.
    migration.turn_back().unwrap();
    let back = run(&mut migration);
    let acts: Vec<Act> = back.into_iter().map(|one| one.0).collect();
    assert_eq!(
        acts,
        [Act::Vouch, Act::Apply, Act::Transfer, Act::Preflight]
    );
}

#[test]
fn what_cannot_be_taken_back_stops_until_it_is_tried_again() {
    let mut migration = Migration::new(plan(Mode::Move, 1));
    run(&mut migration);
    migration.turn_back().unwrap();
    let Next::Undo(number, step) = migration.next() else {
        panic!("nothing to take back");
    };
    assert_eq!(step.act, Act::Release);
    migration.begin(number, 0);
    migration.failed(number, "the source is away", vec![], 0);
    assert_eq!(migration.next(), Next::Stopped);
    assert_eq!(migration.failure().unwrap().1, "the source is away");
    migration.turn_back().unwrap();
    assert!(matches!(migration.next(), Next::Undo(again, _) if again == number));
    run(&mut migration);
    assert_eq!(migration.next(), Next::Undone);
}

#[test]
fn what_a_target_forgot_is_done_again_a_few_times() {
    let mut migration = Migration::new(plan(Mode::Move, 2));
    for _ in 0..LOSSES_MAX {
        let number = until(&mut migration, Act::Apply);
        migration.begin(number, 0);
        assert!(migration.lost(agent(1), Act::Transfer));
        let Next::Do(_, step) = migration.next() else {
            panic!("stopped");
        };
        assert_eq!(
            step,
            Step {
                target: agent(1),
                act: Act::Transfer
            }
        );
    }
    until(&mut migration, Act::Apply);
    assert!(!migration.lost(agent(1), Act::Transfer));
}

#[test]
fn what_is_kept_of_a_step_has_limits() {
    let mut migration = Migration::new(plan(Mode::Move, 1));
    migration.begin(0, 0);
    let seen = vec!["x".repeat(10_000); 1_000];
    migration.failed(0, &"y".repeat(10_000), seen, 0);
    let record = &migration.records[0];
    assert_eq!(record.seen.len(), 201);
    assert_eq!(record.seen[0].len(), 500);
    assert_eq!(record.seen[200], "and 800 more");
    assert_eq!(migration.failure().unwrap().1.len(), 500);
}

/// What happens to a program while it migrates.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Done,
    Failed,
    /// It is killed in the middle of a step, and started again.
    Killed,
    GoOn,
    TurnBack,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Done),
        1 => Just(Fate::Failed),
        2 => Just(Fate::Killed),
        2 => Just(Fate::GoOn),
        1 => Just(Fate::TurnBack),
    ]
}

proptest! {
    /// Whatever happens in whatever order: what is done stands in order, nothing that was begun is
    /// ever forgotten by the way back, and it always comes to an end.
    #[test]
    fn no_order_of_events_leaves_something_behind(
        targets in 1_u8..4,
        fates in prop::collection::vec(fate(), 0..80),
    ) {
        let mut migration = Migration::new(plan(Mode::Move, targets));
        // The world: what is in effect, step by step.
        let mut effective = vec![false; migration.records.len()];
        for fate in fates {
            match (fate, migration.next()) {
                (Fate::GoOn, _) => { migration.go_on().unwrap_or_default(); }
                (Fate::TurnBack, _) => { migration.turn_back().unwrap_or_default(); }
                (_, Next::Do(number, _)) => {
                    prop_assert!(effective[..number].iter().all(|one| *one));
                    migration.begin(number, 0);
                    effective[number] = true;
                    match fate {
                        Fate::Done => migration.done(number, vec![], 0),
                        Fate::Failed => migration.failed(number, "x", vec![], 0),
                        Fate::Killed | Fate::GoOn | Fate::TurnBack => {
                            let json = serde_json::to_string(&migration).unwrap();
                            let read: Migration = serde_json::from_str(&json).unwrap();
                            prop_assert_eq!(&read, &migration);
                            migration = read;
                        }
                    }
                }
                (_, Next::Undo(number, _)) => {
                    prop_assert!(effective[number + 1..].iter().all(|one| !one));
                    migration.begin(number, 0);
                    match fate {
                        Fate::Done => {
                            effective[number] = false;
                            migration.done(number, vec![], 0);
                        }
                        Fate::Failed => migration.failed(number, "x", vec![], 0),
                        Fate::Killed | Fate::GoOn | Fate::TurnBack => {}
                    }
                }
                (_, Next::Stopped) => prop_assert!(migration.failure().is_some()),
                (_, Next::Done) => prop_assert!(effective.iter().all(|one| *one)),
                (_, Next::Undone) => prop_assert!(effective.iter().all(|one| !one)),
            }
        }
        if migration.turn_back().is_ok() {
            while let Next::Undo(number, _) = migration.next() {
                migration.begin(number, 0);
                migration.done(number, vec![], 0);
                effective[number] = false;
            }
        }
        prop_assert_eq!(migration.next(), Next::Undone);
        prop_assert!(effective.iter().all(|one| !one));
    }
}
