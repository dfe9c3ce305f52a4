//! Copies of an agent's data directory that run beside it.

use std::process::Command;

use serde_json::Value;
use underpass_runtime::clock;

use crate::agent::Agent;
use crate::http::HELLO;
use crate::process::{json, refuse, run, until};
use crate::restore::{back_up, key, restore};
use crate::world::World;

/// How soon a successor serves: that the old one is silent is noticed after 3 s.
const SUCCEEDED_SECS: f64 = 8.0;
/// How soon operators hear of a copy, on both ends.
const TOLD_SECS: f64 = 10.0;

fn copy_of(world: &World, first: &Agent) -> Agent {
    let copy = Agent::new(world.path("copy"), "site", &[]);
    run(Command::new("cp").arg("-r").args([&first.dir, &copy.dir]));
    copy
}

fn alerts_of(agent: &Agent) -> String {
    agent.tell(&["alert", "list"]).to_string()
}

fn connected_since(agent: &Agent) -> Value {
    let status = std::fs::read_to_string(agent.dir.join("status.json")).unwrap();
    json(&status)["links"][0]["connectedSinceMs"].clone()
}

fn quarantined(world: &World) -> usize {
    let told = run(world.command(&["agents", "--json"]));
    told.matches(r#""waits":"copy""#).count()
}

#[test]
fn a_copy_is_in_quarantine_until_the_first_is_gone_and_then_serves_by_itself() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut first = world.agent("site", &address);
    let since = connected_since(&first);
    let mut copy = copy_of(&world, &first);
    let began = clock::monotonic();
    copy.run();
    until("the gateway's operators hear of it", || {
        let alerts = run(world.command(&["alerts", "list", "--json"]));
        alerts.contains("LocationTaken").then_some(())
    });
    until("the agent's operators hear of it", || {
        alerts_of(&copy).contains("LocationTaken").then_some(())
    });
    let told = (clock::monotonic() - began).as_secs_f64();
    println!("told after {told:.1} s");
    assert!(told < TOLD_SECS, "{told} s");
    assert_eq!(quarantined(&world), 2);
    let shown = run(world.command(&["agents"]));
    assert!(shown.contains("in quarantine"), "{shown}");

    assert_eq!(connected_since(&first), since, "the first never noticed");

    // A restart of the first is no chance for the copy.
    first.process().terminate();
    assert!(first.process().wait().success());
    first.run();
    first.until_up();
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    assert_eq!((quarantined(&world), copy.up()), (2, 0));

    first.process().kill();
    copy.until_up();
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    assert_eq!(quarantined(&world), 0);
    let status = std::fs::read_to_string(copy.dir.join("status.json")).unwrap();
    assert!(!status.contains("LOCATION_TAKEN"), "{status}");
}

/// What a backup makes is a copy like any other, and is told of as soon.
#[test]
fn a_restored_copy_of_a_running_agent_waits_and_carries_nothing() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut first = world.agent("site", &address);
    let since = connected_since(&first);
    let (recipient, key) = key(&world);
    let archive = back_up(&world, &first, "site.zip", &recipient);
    let mut copy = Agent::new(world.path("copy"), "site", &[]);
    run(restore(&copy, &archive, &key, &["--yes"]));
    let began = clock::monotonic();
    copy.run();
    until("both ends tell of it", || {
        let alerts = run(world.command(&["alerts", "list", "--json"]));
        let told = alerts.contains("LocationTaken");
        (told && alerts_of(&copy).contains("LocationTaken")).then_some(())
    });
    let told = (clock::monotonic() - began).as_secs_f64();
    println!("told after {told:.1} s");
    assert!(told < TOLD_SECS, "{told} s");
    assert_eq!((quarantined(&world), copy.up()), (2, 0));
    assert_eq!(connected_since(&first), since, "the first never noticed");
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    // The way on: once the first is gone, the copy serves.
    first.process().kill();
    copy.until_up();
    assert_eq!(world.get_at(HELLO, "site").status, 200);
}

#[test]
fn an_operator_gives_the_place_to_the_copy_and_back() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let first = world.agent("site", &address);
    let mut copy = copy_of(&world, &first);
    copy.run();
    until("the copy waits", || {
        (quarantined(&world) == 2).then_some(())
    });
    let told = json(&run(world.command(&["agents", "--json"])));
    let instance = told["agents"][0]["instance"].as_str().unwrap().to_owned();
    run(world.command(&["replace", "--instance", &instance]));
    until("they have changed places", || {
        ((first.up(), copy.up()) == (0, 2)).then_some(())
    });
    assert_eq!(world.get_at(HELLO, "site").status, 200);

    // The gateway remembers who it was, also after a restart.
    world.gateway.terminate();
    assert!(world.gateway.wait().success());
    world.restart_gateway();
    until("both are back", || (quarantined(&world) == 2).then_some(()));
    copy.until_up();
    assert_eq!(first.up(), 0);
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    run(world.command(&["replace", "--instance", &instance]));
    until("they are back in their places", || {
        ((first.up(), copy.up()) == (2, 0)).then_some(())
    });
}

/// As after the sudden end of a host: the old connections still stand, and nobody is behind them.
#[test]
fn a_successor_of_one_that_fell_silent_serves_at_once() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut first = world.agent("site", &address);
    let mut next = copy_of(&world, &first);
    first.process().signal("STOP");
    let began = clock::monotonic();
    next.run();
    next.until_up();
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    let served = (clock::monotonic() - began).as_secs_f64();
    println!("served after {served:.1} s");
    assert!(served < SUCCEEDED_SECS, "{served} s");
    // Whoever comes back too late is the copy now.
    first.process().signal("CONT");
    until("the first waits", || {
        (quarantined(&world) == 2).then_some(())
    });
    assert_eq!(world.get_at(HELLO, "site").status, 200);
}

#[test]
fn nobody_loses_his_place_to_a_copy_that_does_not_answer() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let first = world.agent("site", &address);
    let mut copy = copy_of(&world, &first);
    copy.run();
    until("the copy waits", || {
        (quarantined(&world) == 2).then_some(())
    });
    let told = json(&run(world.command(&["agents", "--json"])));
    let instance = told["agents"][0]["instance"].as_str().unwrap().to_owned();
    copy.process().signal("STOP");
    let refused = refuse(world.command(&["replace", "--instance", &instance]));
    assert!(
        refused.contains("does not answer; nothing was changed"),
        "{refused}"
    );
    assert_eq!((world.get_at(HELLO, "site").status, first.up()), (200, 2));
    copy.process().signal("CONT");
}
