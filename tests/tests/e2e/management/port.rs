//! A port that cannot be used is no reason not to forward.

use std::net::TcpListener;

use serde_json::json;

use crate::http::HELLO;
use crate::process::{json as parse, run, until};
use crate::world::World;

#[test]
fn a_taken_port_is_told_and_tried_again_while_requests_are_forwarded() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", &address)]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let arguments = [
        "run",
        "--management-listen",
        &port,
        "--management-listen",
        "192.0.2.1:1",
    ];
    agent.run_with(&arguments);
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 200);
    let problems = agent.tell(&["status"])["management"]["problems"].clone();
    let problem = problems[&port].as_str().unwrap();
    assert!(problem.contains("another program uses it"), "{problem}");
    assert!(
        problems["192.0.2.1:1"]
            .as_str()
            .unwrap()
            .contains("no such address"),
        "{problems}"
    );
    assert!(run(agent.command(&["status"])).contains("PROBLEM, the management API"));
    drop(taken);
    let path = agent.dir.join("addresses.json");
    let told = until("the port is used now that it is free", || {
        std::fs::read_to_string(&path).ok()
    });
    assert_eq!(parse(&told)["management"], json!([port]));
    until("the status tells so", || {
        let management = agent.tell(&["status"])["management"].clone();
        (management["listening"] == json!([port])).then_some(())
    });
    assert_eq!(world.get(HELLO).status, 200);
}
