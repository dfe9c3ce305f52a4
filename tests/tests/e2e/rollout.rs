//! A change of fifty agents by the shipped program, with everything that goes wrong on the way.

mod fleet;
mod relay;

use serde_json::{Value, json};

use self::fleet::{AGENTS, AWAY, FORBIDDEN, Fleet, INVALID, KILLED, NOT_WELL, ON_TRIAL, RACED};
use crate::process::{Process, refuse, until};

/// Whom a change is for, and who gets it first.
const OPTIONS: [&str; 6] = [
    "--group", "plants", "--first", "plant-07", "--first", "plant-03",
];

fn number(told: &Value) -> String {
    told["number"].to_string()
}

/// Which state an agent is in, and which kind of thing went wrong with it.
fn state(told: &Value, agent: usize) -> (&str, Option<&str>) {
    let label = format!("plant-{agent:02}");
    let all = told["agents"].as_array().unwrap();
    let one = all.iter().find(|one| one["label"] == *label).unwrap();
    (
        one["state"].as_str().unwrap(),
        one.pointer("/fault/kind").and_then(Value::as_str),
    )
}

fn counts(told: &Value, wanted: &[(&str, u64)]) {
    for (name, count) in wanted {
        assert_eq!(told["counts"][name], *count, "{name}: {}", told["counts"]);
    }
}

/// One story, since fifty agents take a while to start.
#[test]
fn serial_fifty_agents_get_a_change_and_six_fail_each_in_its_own_way() {
    let mut fleet = Fleet::start();
    let before = fleet.documents();
    fleet.trouble();
    let number = planned(&fleet);
    run_with_two_that_fail(&mut fleet, &number);
    mended_and_resumed(&mut fleet, &number);
    undone(&mut fleet, &number, &before);
    let again = stopped_by_one_of_the_first(&fleet);
    killed_and_gone_on_with(&fleet, &again);
    found(&fleet);
}

/// The plan changes nothing and says who does not take it.
fn planned(fleet: &Fleet) -> String {
    let revision = fleet.all[0].revision();
    let more = ["--failures", "9"];
    let planned = fleet.plan("of the test", &[&OPTIONS[..], &more].concat(), NOT_WELL);
    counts(&planned, &[("ready", 46), ("refused", 4)]);
    assert_eq!(state(&planned, AWAY), ("refused", Some("unreachable")));
    assert_eq!(state(&planned, FORBIDDEN), ("refused", Some("forbidden")));
    assert_eq!(state(&planned, INVALID), ("refused", Some("invalid")));
    assert_eq!(state(&planned, ON_TRIAL), ("refused", Some("onTrial")));
    assert_eq!(planned["agents"][0]["label"], "plant-07");
    let changes = planned["agents"][0]["plan"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(fleet.all[0].revision(), revision);
    let number = number(&planned);
    let refused = refuse(fleet.command(&["bulk", "run", &number, "--yes"]));
    assert!(
        refused.contains("4 of 50 agents do not take the change"),
        "{refused}"
    );
    number
}

/// Somebody is faster with one, and one dies with the change and before its answer.
fn run_with_two_that_fail(fleet: &mut Fleet, number: &str) {
    let revision = fleet.all[0].revision();
    fleet.all[RACED].meddle(&[]);
    let ran = fleet.run_and_kill(&["bulk", "run", number, "--yes", "--leave-out"]);
    counts(
        &ran,
        &[("done", 44), ("failed", 1), ("unknown", 1), ("refused", 4)],
    );
    assert_eq!(state(&ran, RACED), ("failed", Some("raced")));
    assert_eq!(state(&ran, KILLED), ("unknown", Some("lost")));
    assert_eq!(ran["stopped"], Value::Null);
    assert_eq!(fleet.all[0].revision(), revision + 1);
    let shown = fleet.all[0].agent.document();
    let address = &shown["subaccounts"][0]["mappings"][0]["internalAddress"];
    assert_eq!(address, "erp.corp.example:3300");
}

/// What was lost is found out and not done twice.
fn mended_and_resumed(fleet: &mut Fleet, number: &str) {
    fleet.mend();
    let revision = fleet.all[KILLED].revision();
    let ran = fleet.bulk(&["resume", number, "--yes", "--retry"], 0);
    counts(&ran, &[("done", 50)]);
    assert_eq!(fleet.all[KILLED].revision(), revision);
}

/// Back on all of them; one is away, and gets it later. What others did stays.
fn undone(fleet: &mut Fleet, number: &str, before: &[Value]) {
    fleet.all[AWAY].agent.process().kill();
    let undone = fleet.bulk(&["undo", number, "--yes"], NOT_WELL);
    counts(&undone, &[("undone", 49), ("notUndone", 1)]);
    assert_eq!(state(&undone, AWAY), ("notUndone", Some("unreachable")));
    fleet.all[AWAY].start();
    let undone = fleet.bulk(&["undo", number, "--yes"], 0);
    counts(&undone, &[("undone", 50)]);
    let documents = fleet.documents();
    assert_eq!(documents.len(), AGENTS);
    for (agent, (mut after, before)) in documents.into_iter().zip(before).enumerate() {
        match agent {
            RACED => {
                assert_eq!(after["connector"]["tunnelConnections"], 3);
                after["connector"]["tunnelConnections"] = 2.into();
            }
            // What somebody did to mend it stays too.
            INVALID => after["subaccounts"] = before["subaccounts"].clone(),
            FORBIDDEN => after["connector"] = before["connector"].clone(),
            _ => {}
        }
        assert_eq!(after, *before, "plant-{agent:02}");
    }
}

/// One of the first that fails keeps all others from it.
fn stopped_by_one_of_the_first(fleet: &Fleet) -> String {
    let one_by_one = [&OPTIONS[..], &["--at-once", "1"]].concat();
    let planned = fleet.plan("again", &one_by_one, 0);
    counts(&planned, &[("ready", 50)]);
    let again = number(&planned);
    fleet.all[7].meddle(&[]);
    let stopped = fleet.bulk(&["run", &again, "--yes"], NOT_WELL);
    counts(&stopped, &[("failed", 1), ("ready", 49)]);
    assert_eq!(stopped["stopped"], "canary");
    again
}

/// The program is killed on the way, and goes on where it was.
fn killed_and_gone_on_with(fleet: &Fleet, again: &str) {
    let log = fleet.folder.path().join("run.log");
    let retry = ["bulk", "run", again, "--yes", "--retry"];
    let mut running = Process::start(&mut fleet.command(&retry), log);
    until("some have it", || {
        let told = fleet.bulk(&["show", again], 0);
        (told["counts"]["done"].as_u64()? >= 5).then_some(())
    });
    running.kill();
    let left = fleet.bulk(&["show", again], 0);
    assert!(left["counts"]["ready"].as_u64().unwrap() > 0, "{left}");
    counts(&fleet.bulk(&["run", again, "--yes"], 0), &[("done", 50)]);
}

/// All have it, and who differs otherwise is told.
fn found(fleet: &Fleet) {
    let found = fleet.tell(
        &["search", "setting:connector.description", "value:again"],
        0,
    );
    assert_eq!(found["agents"].as_array().unwrap().len(), AGENTS);
    let drift = [
        "drift",
        "--baseline",
        "plant-03",
        "--group",
        "plants",
        "--any-location",
    ];
    let drift = fleet.tell(&drift, NOT_WELL);
    let drift = drift.as_array().unwrap();
    assert_eq!(drift.len(), AGENTS - 1);
    let differs = |one: &&Value| one["report"]["differences"] != json!([]);
    let differing = drift.iter().filter(differs).map(|one| &one["label"]);
    let differing: Vec<&Value> = differing.collect();
    assert_eq!(differing, ["plant-07", "plant-44", "plant-45"]);
}
