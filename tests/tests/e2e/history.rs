//! What is measured outlasts the agent, however it ends, and damage to its file.

use std::io::Read as _;

use serde_json::Value;

use crate::agent::Agent;
use crate::http::HELLO;
use crate::process::{json as parse, run, until};
use crate::world::World;

fn history(agent: &Agent, arguments: &[&str]) -> Value {
    let command = ["history", "requests", "--json", "--last", "2h"];
    parse(&run(agent.command(&[&command[..], arguments].concat())))
}

/// Requests that were kept, all steps together.
fn kept(agent: &Agent) -> u64 {
    let answer = history(agent, &[]);
    let points = answer["points"].as_array().unwrap();
    points
        .iter()
        .map(|point| {
            assert!(point["rate"].as_f64().unwrap() >= 0.0, "{point}");
            point["sum"].as_u64().unwrap()
        })
        .sum()
}

fn calls(agent: &Agent) -> u64 {
    let usage = parse(&run(agent.command(&["usage", "--json"])));
    usage["mappings"][0]["calls"].as_u64().unwrap()
}

#[test]
fn history_and_usage_outlast_a_kill_and_a_broken_file_ends_nothing() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    agent.until_up();
    for _ in 0..7 {
        assert_eq!(world.get(HELLO).status, 200);
    }
    until("a sample is kept", || (kept(&agent) == 7).then_some(()));
    let begun = calls(&agent);
    assert_eq!(begun, 7);
    agent.process().kill();
    agent.run();
    agent.until_up();
    assert_eq!((kept(&agent), calls(&agent)), (7, 7));
    assert_eq!(world.get(HELLO).status, 200);
    // At once, although no sample holds it yet.
    assert_eq!(calls(&agent), 8);
    let hours = history(&agent, &["--step", "1h"]);
    assert_eq!(hours["step"], 3_600_000);

    // Somebody's editor was in it.
    agent.process().kill();
    let path = agent.dir.join("history.db");
    underpass_runtime::file::replace(&path, b"not a database at all").unwrap();
    agent.run();
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 200);
    assert!(kept(&agent) <= 1, "what was in the broken file is gone");
    let mut aside = String::new();
    let file = std::fs::File::open(agent.dir.join("history.db.broken"));
    file.unwrap().read_to_string(&mut aside).unwrap();
    assert_eq!(aside, "not a database at all");
}
