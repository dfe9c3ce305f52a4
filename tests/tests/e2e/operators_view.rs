//! What operators ask of a running gateway by commands: agents, traffic, what it logs.

use serde_json::Value;

use crate::http::HELLO;
use crate::process::{json, refuse, run, until};
use crate::world::World;

impl World {
    /// What a command of the gateway answers.
    pub(crate) fn told(&self, arguments: &[&str]) -> Value {
        json(&run(self.command(&[arguments, &["--json"]].concat())))
    }
}

#[test]
fn agents_and_traffic_are_shown_as_the_running_gateway_sees_them() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("site", &address);
    let _never_started = world.enrol("spare", &[]);
    for _ in 0..3 {
        assert_eq!(world.get_at(HELLO, "site").status, 200);
    }
    assert_eq!(world.get_at(HELLO, "nowhere").status, 503);
    let site = || world.told(&["agents"])["agents"][0].clone();
    let shown = site();
    assert_eq!(shown["locationId"], "site");
    assert_eq!(shown["subaccountName"], "test");
    assert_eq!(shown["state"], "connected");
    assert_eq!(shown["version"], env!("CARGO_PKG_VERSION"));
    let connections = shown["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 2);
    let address = connections[0]["address"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let opened: u64 = connections
        .iter()
        .map(|one| one["opened"].as_u64().unwrap())
        .sum();
    assert_eq!(opened, 3);
    let text = run(world.command(&["agents"]));
    assert!(
        text.contains("connected") && text.contains("absent"),
        "{text}"
    );

    let traffic = world.told(&["traffic"])["subaccounts"][0].clone();
    assert_eq!(traffic["subaccount"], world.tenant.subaccount);
    assert_eq!(traffic["requests"], 4);
    assert_eq!(traffic["succeeded"], 3);
    assert_eq!(traffic["serverErrors"], 1);
    assert!(
        traffic["receivedBytes"].as_u64().unwrap() > 400,
        "{traffic}"
    );
    assert!(run(world.command(&["traffic"])).contains("test"));

    agent.process().kill();
    until("the agent is shown as absent", || {
        let now = site();
        let absent = now["state"] == "absent" && now["connections"] == Value::Array(vec![]);
        assert!(!absent || now["sinceMs"].as_i64() > shown["sinceMs"].as_i64());
        absent.then_some(())
    });
    world.gateway.kill();
    let refused = refuse(world.command(&["agents"]));
    assert!(refused.contains("no running gateway answered"), "{refused}");
}

#[test]
fn what_is_logged_changes_at_once_and_for_a_time() {
    let world = World::start();
    let refused = refuse(world.command(&["log-level", "set", "loud=very"]));
    assert!(refused.contains("FILTER"), "{refused}");
    let wrong = || world.curl(&["-H", "Proxy-Authorization: Bearer x", HELLO]);
    let changed = |times| {
        until("what is logged was changed", || {
            (world.logged("what is logged was changed") == times).then_some(())
        });
    };
    wrong();
    assert_eq!(world.logged("token refused"), 0);
    let filter = "info,underpass_gateway::proxy=debug";
    let set = world.told(&["log-level", "set", filter, "--for", "4s"]);
    assert_eq!(set["filter"], filter);
    assert!(set["untilMs"].is_i64(), "{set}");
    changed(1);
    wrong();
    assert_eq!(world.logged("token refused"), 1);
    // The time is over.
    changed(2);
    wrong();
    assert_eq!(world.logged("token refused"), 1);
    assert_eq!(world.told(&["log-level", "show"])["filter"], Value::Null);
    world.told(&["log-level", "set", filter]);
    changed(3);
    world.told(&["log-level", "reset"]);
    changed(4);
}
