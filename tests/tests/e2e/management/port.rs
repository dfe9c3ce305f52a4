//! A port that cannot be used is no reason not to forward.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use serde_json::json;

use super::Managed;
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

#[test]
fn both_families_of_addresses_are_listened_on() {
    let both = [
        "--management-listen",
        "127.0.0.1:0",
        "--management-listen",
        "[::1]:0",
    ];
    let managed = Managed::start_with(&both);
    let bound: Vec<SocketAddr> = until("both addresses are bound", || {
        let all = managed.addresses()["management"].as_array()?.clone();
        let all = all.iter().map(|one| one.as_str().unwrap().parse().unwrap());
        let all: Vec<SocketAddr> = all.collect();
        (all.len() == 2).then_some(all)
    });
    assert_eq!(bound.iter().filter(|one| one.is_ipv6()).count(), 1);
    for address in bound {
        let url = format!("https://{address}/exposed?action=hasMasterRole");
        let mut curl = Command::new("curl");
        assert_eq!(run(curl.args(["-sSkf", &url])), "true", "{address}");
    }
}
