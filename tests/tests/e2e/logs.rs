//! What operators read of refused requests, and what they must not read.

use serde_json::Value;

use crate::process::{json, until};
use crate::world::World;

/// Denied paths with what is nobody's business.
const DENIED: &str = "http://backend.virtual/customer-zwirn/data?key=s3cr3t";

/// The lines that hold a text, as soon as there is one.
fn lines(log: impl Fn() -> String, text: &str) -> Vec<String> {
    until(text, || {
        let log = log();
        let found = log.lines().filter(|line| line.contains(text));
        let found: Vec<String> = found.map(str::to_owned).collect();
        (!found.is_empty()).then_some(found)
    })
}

fn is_discreet(log: &str) {
    for word in ["zwirn", "s3cr3t", "Bearer"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
}

#[test]
fn a_denied_request_is_one_line_with_the_reason() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    assert_eq!(world.get(DENIED).status, 403);
    let human = agent.process().output();
    let found = lines(|| human.clone(), "request denied");
    assert_eq!(found.len(), 1, "{found:?}");
    let told = found[0].contains("INFO") && found[0].contains("resource is not accessible");
    assert!(told, "{found:?}");
    is_discreet(&human);

    // The same as JSON, where every line is one object.
    agent.process().terminate();
    assert!(agent.process().wait().success());
    agent.run_with(&["run", "--log-json"]);
    agent.until_up();
    assert_eq!(world.get(DENIED).status, 403);
    let log = agent.process().output();
    let objects: Vec<Value> = log.lines().map(json).collect();
    let denied = |object: &&Value| object["fields"]["message"] == "request denied";
    let found: Vec<&Value> = objects.iter().filter(denied).collect();
    assert_eq!(found.len(), 1, "{log}");
    let fields = &found[0]["fields"];
    assert_eq!(found[0]["level"], "INFO");
    assert_eq!(fields["reason"], "resource is not accessible");
    assert_eq!(fields["host"], "backend.virtual");
    assert_eq!(fields["method"], "GET");
    is_discreet(&log);
}

#[test]
fn a_request_that_the_gateway_refuses_is_one_line_with_the_reason() {
    let world = World::start();
    assert_eq!(world.curl(&[DENIED]).status, 407);
    assert_eq!(world.get(DENIED).status, 503);
    let found = lines(|| world.gateway.output(), "request refused");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("no valid token"), "{found:?}");
    assert!(found[1].contains("no agent serves subaccount"), "{found:?}");
    is_discreet(&world.gateway.output());
}
