//! The running process: its log, its drain, its start anew.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::http::{HELLO, connections_to};
use crate::process::{json as parse, refuse, run, until};
use crate::world::World;

/// How an agent ends that is to be started again.
const RESTART_CODE: i32 = 75;

#[test]
fn the_log_is_read_page_by_page_and_followed() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let all = agent.ask("GET", "/api/v1/logs", &[]).json();
    let lines = all["lines"].as_array().unwrap();
    let numbers: Vec<u64> = lines
        .iter()
        .map(|one| one["number"].as_u64().unwrap())
        .collect();
    assert!(
        numbers.len() > 3 && numbers.is_sorted_by(|a, b| a > b),
        "{numbers:?}"
    );
    let up = lines
        .iter()
        .find(|one| one["message"] == "tunnel up")
        .unwrap();
    assert_eq!(
        (&up["level"], &up["fields"]["index"].is_string()),
        (&json!("INFO"), &true)
    );
    assert!(
        up["target"]
            .as_str()
            .unwrap()
            .starts_with("underpass_agent::tunnel")
    );
    // Page by page it is the same.
    let mut paged: Vec<Value> = vec![];
    let mut before = String::new();
    loop {
        let page = agent
            .ask("GET", &format!("/api/v1/logs?limit=2{before}"), &[])
            .json();
        paged.extend(page["lines"].as_array().unwrap().iter().cloned());
        let Some(next) = page["before"].as_u64() else {
            break;
        };
        before = format!("&before={next}");
    }
    // Meanwhile further ones may have been written.
    assert!(paged.ends_with(lines), "{paged:?}");
    let wrong = agent.ask("GET", "/api/v1/logs?level=info", &[]);
    assert_eq!(
        (wrong.status, &wrong.json()["field"]),
        (400, &json!("level"))
    );
    is_found_and_followed(&mut agent);
}

/// The command shows what is looked for, and what comes.
fn is_found_and_followed(agent: &mut Agent) {
    let found = run(agent.command(&["logs", "--text", "tunnel up", "--level", "INFO"]));
    assert_eq!(found.lines().count(), 2, "{found}");
    let mut follow = agent.command(&[
        "logs",
        "--follow",
        "--json",
        "--text",
        "configuration changed",
    ]);
    let mut following = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(following.stdout.take().unwrap());
    let mut line = String::new();
    for name in ["a", "b"] {
        run(agent.command(&["mapping", "add", &format!("{name}:1"), "10.0.0.1:1"]));
        line.clear();
        output.read_line(&mut line).unwrap();
        let line = parse(&line);
        let reason = line["fields"]["reason"].as_str().unwrap();
        assert_eq!(
            reason,
            format!("added system mapping {name}:1 to 10.0.0.1:1")
        );
    }
    agent.process().terminate();
    line.clear();
    output.read_line(&mut line).unwrap();
    assert_eq!(parse(&line)["type"], "end", "{line}");
    assert!(following.wait().unwrap().success());
}

#[test]
fn a_drained_agent_finishes_its_requests_and_takes_no_new_ones() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    assert_eq!(
        agent.ask("GET", "/api/v1/drain", &[]).json()["state"],
        "active"
    );
    let requests = world.many(5, "/slow/1500");
    until("all requests run", || {
        (connections_to(&address, &[]) == 5).then_some(())
    });
    let drained = agent.tell(&["drain", "--wait"]);
    assert_eq!(
        (&drained["state"], &drained["connections"]),
        (&json!("drained"), &json!(0))
    );
    assert!(
        drained["author"].as_str().unwrap().starts_with("os:"),
        "{drained}"
    );
    let codes = until("all requests ended", || {
        let codes = requests.output();
        (codes.lines().count() == 5).then_some(codes)
    });
    assert!(codes.lines().all(|code| code == "200"), "{codes}");
    assert_eq!(world.get(HELLO).status, 503);
    // A change of the configuration opens nothing.
    run(agent.command(&["mapping", "add", "a:1", "10.0.0.1:1"]));
    let status = agent.tell(&["status"]);
    assert_eq!(
        (&status["links"], &status["drain"]["author"]),
        (&json!([]), &drained["author"])
    );
    assert_eq!(world.get(HELLO).status, 503);
    run(agent.command(&["undrain"]));
    until("requests pass again", || {
        (world.get(HELLO).status == 200).then_some(())
    });
    let recorded = agent.tell(&["audit", "list", "--category", "ServiceControl"]);
    // Two intents and what became of them.
    assert_eq!(
        recorded["records"]
            .as_array()
            .or(recorded.as_array())
            .unwrap()
            .len(),
        4,
        "{recorded}"
    );
}

#[test]
fn a_restart_is_for_agents_that_somebody_starts_again() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let refused = agent.ask("POST", "/api/v1/restart", &[]);
    assert_eq!(refused.status, 409);
    let told = refuse(agent.command(&["restart"]));
    assert!(
        told.contains("nobody would start this agent again"),
        "{told}"
    );
    agent.process().terminate();
    assert!(agent.process().wait().success());
    agent.run_with(&["run", "--restarted"]);
    agent.until_up();
    run(agent.command(&["restart"]));
    assert_eq!(agent.process().wait().code(), Some(RESTART_CODE));
    let log = agent.process().output();
    assert!(log.contains("stopped"), "{log}");
}
