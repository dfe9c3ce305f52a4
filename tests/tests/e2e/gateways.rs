//! One agent at several gateways at once: each has its own tunnels, tokens and rules.

use serde_json::{Value, json};

use crate::http::{BACKEND, HELLO};
use crate::process::{run, until};
use crate::world::World;

#[test]
fn each_gateway_of_an_agent_has_its_own_tunnels_and_rules() {
    let mut world = World::start();
    let mut other = world.beside();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    run(agent.command(&["enrol", &other.enrol_token(&["--location-id", "b"])]));
    let mapping = |paths: &[&str]| {
        let open = |path: &&str| json!({"path": path, "enabled": true, "exactMatchOnly": false});
        let resources: Vec<Value> = paths.iter().map(open).collect();
        json!([{"virtualAddress": "backend.virtual:80", "internalAddress": address,
                "protocol": "HTTP", "backendType": "nonSAPsys", "resources": resources}])
    };
    let mut document = agent.document();
    document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
    for one in document["subaccounts"].as_array_mut().unwrap() {
        // The other gateway's applications may call less.
        let first = one["subaccount"] == world.tenant.subaccount;
        one["mappings"] = mapping(if first {
            &["/hello", "/bytes"]
        } else {
            &["/hello"]
        });
    }
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    agent.run();
    until("all tunnels are up", || (agent.up() == 4).then_some(()));
    let bytes = format!("{BACKEND}/bytes/5");
    assert_eq!(world.get(HELLO).status, 200);
    assert_eq!(world.get(&bytes).status, 200);
    assert_eq!(other.get_at(HELLO, "b").status, 200);
    assert_eq!(other.get_at(&bytes, "b").status, 403);
    // Each gateway knows the place that it gave, and no other; neither takes the other's token.
    assert_eq!(world.get_at(HELLO, "b").status, 503);
    assert_eq!(other.get(HELLO).status, 503);
    let foreign = other.tenant.authorization();
    assert_eq!(world.curl(&["-H", &foreign, HELLO]).status, 407);

    // One goes away; what the other carries does not notice.
    let lost = world.logged("tunnel down");
    other.gateway.kill();
    until("its tunnels are gone", || (agent.up() == 2).then_some(()));
    for _ in 0..20 {
        assert_eq!(world.get(HELLO).status, 200);
    }
    other.restart_gateway();
    until("all tunnels are up again", || {
        (agent.up() == 4).then_some(())
    });
    assert_eq!(other.get_at(HELLO, "b").status, 200);
    // One is let go by the operator.
    let disconnect = ["subaccount", "disconnect", "--subaccount"];
    run(agent.command(&[disconnect.as_slice(), &[&world.tenant.subaccount]].concat()));
    until("its tunnels are closed", || (agent.up() == 2).then_some(()));
    assert_eq!(world.logged("tunnel down"), lost + 2);
    assert_eq!(other.get_at(HELLO, "b").status, 200);
    until("the gateway knows", || {
        (world.get(HELLO).status == 503).then_some(())
    });
    world.gateway.kill();
    assert_eq!(other.get_at(HELLO, "b").status, 200);
}
