//! What an operator of the gateway does with tenants: try them out, remove them.

use serde_json::Value;

use crate::http::HELLO;
use crate::process::{json, refuse, run, until};
use crate::world::World;

/// `test` for a URL; its exit code and its report.
fn test(world: &World, more: &[&str]) -> (bool, Value) {
    let arguments = ["test", "--json", "--subaccount", "test"];
    let mut command = world.command(&[&arguments, more].concat());
    let output = command.output().unwrap();
    let report = json(&String::from_utf8(output.stdout).unwrap());
    (output.status.success(), report)
}

fn last_step(report: &Value) -> &Value {
    report["steps"].as_array().unwrap().last().unwrap()
}

#[test]
fn a_test_tells_which_step_fails_and_what_to_do() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let (passed, report) = test(&world, &[HELLO]);
    assert!(!passed);
    assert_eq!(last_step(&report)["step"], "tunnel");
    let agent = world.agent("b", &address);
    until("the gateway shows the tunnel", || {
        let (_, report) = test(&world, &[HELLO]);
        let remedy = last_step(&report)["remedy"].as_str().unwrap();
        remedy
            .ends_with("connected location IDs: \"b\"")
            .then_some(())
    });

    let (passed, report) = test(&world, &["--location-id", "b", HELLO]);
    assert!(passed, "{report}");
    assert_eq!(report["answer"]["status"], 200);
    assert!(report["answer"]["body"].as_str().unwrap().contains("Hello"));
    let long = format!("http://backend.virtual/{}", "a".repeat(9000));
    for (url, words) in [
        ("http://backend.virtual/secret", "expose the path"),
        ("http://other.virtual/", "expose the virtual host"),
        ("http://backend.virtual:0/", "the virtual URL"),
        (long.as_str(), "the virtual URL"),
    ] {
        let (passed, report) = test(&world, &["--location-id", "b", url]);
        assert!(!passed);
        let remedy = last_step(&report)["remedy"].as_str().unwrap();
        assert!(remedy.contains(words), "{remedy}");
    }
    // A back end's own 404 is an answer.
    let (passed, report) = test(
        &world,
        &["--location-id", "b", "http://backend.virtual/bytes/x"],
    );
    assert!(passed, "{report}");
    drop(agent);
}

#[test]
fn a_removed_subaccount_loses_its_tunnels_and_tokens() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    assert_eq!(world.get(HELLO).status, 200);
    let asked = run(world.command(&["subaccount", "remove", "test"]));
    assert!(asked.contains("with 1 agents and 1 bindings"), "{asked}");
    assert!(asked.contains("Nothing was changed"), "{asked}");
    assert_eq!(world.get(HELLO).status, 200);

    let remove = ["subaccount", "remove", "test", "--yes", "--json"];
    let removed = json(&run(world.command(&remove)));
    assert_eq!(removed["subaccount"], world.tenant.subaccount.as_str());
    until("the token is dead and the tunnels are gone", || {
        (world.get(HELLO).status == 407 && agent.up() == 0).then_some(())
    });
    let again = refuse(world.command(&remove));
    assert!(again.contains("there is no subaccount"), "{again}");
}

#[test]
fn a_removed_binding_gets_no_token_and_its_tokens_die_alone() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    assert_eq!(world.get(HELLO).status, 200);
    let create = ["binding", "create", "--json", "--subaccount", "test"];
    let other = json(&run(world.command(&create)));
    let first = world.tenant.binding["clientid"].as_str().unwrap();

    let removed = run(world.command(&["binding", "remove", first]));
    assert!(removed.contains("of test is removed"), "{removed}");
    until("the token is dead", || {
        (world.get(HELLO).status == 407).then_some(())
    });
    let token = |binding: &Value| {
        let text = |name: &str| binding[name].as_str().unwrap().to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text("clientid"),
            text("clientsecret")
        );
        world.token_endpoint("/oauth/token", &["-d", &form])
    };
    assert_eq!(token(&world.tenant.binding)["error"], "invalid_client");
    assert!(token(&other)["access_token"].is_string());
    assert!(agent.up() > 0);
    let listed = json(&run(world.command(&["binding", "list", "--json"])));
    let listed = listed["bindings"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["clientId"], other["clientid"]);
    let again = refuse(world.command(&["binding", "remove", first]));
    assert!(again.contains("no such binding"), "{again}");
}
