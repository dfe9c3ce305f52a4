//! The configuration document through the command line.

use serde_json::json;

use crate::process::{refuse, run};
use crate::world::World;

#[test]
fn a_document_is_applied_whole_or_not_at_all() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", "127.0.0.1:1")]);
    let before = agent.document();
    let apply = |document: &serde_json::Value| {
        let path = agent.write(document);
        agent.command(&["document", "apply", &path])
    };
    assert!(run(apply(&before)).contains("nothing changed"));
    let mapping = "/subaccounts/0/mappings/0";
    for (field, value, told) in [
        ("virtualAddress", json!("backend.virtual"), "virtualAddress"),
        ("virtualAddress", json!("a/b:80"), "virtualAddress"),
        ("internalAddress", json!("127.0.0.1:0"), "internalAddress"),
        ("protocol", json!("GOPHER"), "protocol"),
        ("unknownField", json!(1), "unknownField"),
        (
            "resources",
            json!([{"path": "no-slash", "enabled": true}]),
            "path",
        ),
        ("resources", json!("all"), "resources"),
    ] {
        let mut document = before.clone();
        document.pointer_mut(mapping).unwrap()[field] = value;
        let refused = refuse(apply(&document));
        assert!(refused.contains(told), "{field}: {refused}");
    }
    let mut newer = before.clone();
    newer["schema"] = json!(999);
    refuse(apply(&newer));
    refuse(agent.command(&["document", "apply", "/nonexistent"]));
    assert_eq!(agent.document(), before);

    // A crash keeps it, and a second agent is kept away.
    agent.run();
    agent.until_up();
    let second = refuse(agent.command(&["run"]));
    assert!(second.contains("in use by another process"), "{second}");
    assert!(run(agent.command(&["status"])).contains("up"));
    agent.process().kill();
    let gone = refuse(agent.command(&["status"]));
    assert!(gone.contains("does not run"), "{gone}");
    assert_eq!(agent.document(), before);
}
