//! Guarded addresses, and the command by which mappings may lead to them.

use serde_json::json;

use crate::http::HELLO;
use crate::process::{refuse, run};
use crate::world::World;

#[test]
fn a_guarded_back_end_is_reached_while_its_address_is_allowed() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    let system = ["backend.virtual:80", &*address];
    run(agent.command(&[&["mapping", "add"], &system[..]].concat()));
    run(agent.command(&["resource", "add", "backend.virtual:80", "/hello"]));
    agent.run();
    agent.until_up();
    let target = |arguments: &[&str]| agent.command(&[&["target"], arguments].concat());
    assert_eq!(world.get(HELLO).status, 502);
    assert_eq!(
        run(target(&["list"])),
        "none: all guarded addresses are refused\n"
    );
    for (wrong, rule) in [
        ("localhost", "must be an IP address, a network"),
        ("", "must be an IP address, a network"),
        ("127.0.0.1:99999", "must be an IP address, a network"),
        ("127.0.0.0/33", "must be an IP address, a network"),
        ("127.0.0.1/8", "no bits set behind its prefix"),
    ] {
        let refused = refuse(target(&["add", wrong]));
        assert!(refused.contains(rule), "{wrong}: {refused}");
    }
    let preview = run(target(&["add", &address, "--dry-run"]));
    let values = format!("      [] -> [\"{address}\"]\n");
    assert_eq!(
        preview,
        format!("would change:\n  ~ connector.allowedTargets\n{values}")
    );
    assert_eq!(world.get(HELLO).status, 502);

    run(target(&["add", &address]));
    assert_eq!(world.get(HELLO).status, 200);
    assert_eq!(agent.tell(&["target", "list"]), json!([address]));
    let twice = refuse(target(&["add", &address]));
    assert!(twice.contains("is allowed already"), "{twice}");

    run(target(&["remove", &address]));
    // Connections that are open already are of no use either.
    assert_eq!(world.get(HELLO).status, 502);
    let twice = refuse(target(&["remove", &address]));
    assert!(
        twice.contains("is not among the allowed targets"),
        "{twice}"
    );
}
