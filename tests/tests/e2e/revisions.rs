//! The configuration document through the command line.

use serde_json::{Value, json};

use crate::http::HELLO;
use crate::process::{refuse, run};
use crate::world::World;

#[test]
fn a_document_is_applied_whole_or_not_at_all() {
    let world = World::start();
    let agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", "127.0.0.1:1")]);
    let before = agent.document();
    let apply = |document: &Value| agent.command(&["document", "apply", &agent.write(document)]);
    let same = run(apply(&before));
    assert!(same.contains("nothing changed"), "{same}");
    // Field, value, and what the rule says.
    let mapping = "/subaccounts/0/mappings/0";
    for (field, value, rule) in [
        ("virtualAddress", json!("backend.virtual"), "port"),
        ("virtualAddress", json!("a/b:80"), "labels"),
        ("internalAddress", json!("127.0.0.1:0"), "port"),
        ("protocol", json!("GOPHER"), "HTTP"),
        ("unknownField", json!(1), "unknown field"),
        ("resources", json!("all"), "sequence"),
    ] {
        let mut document = before.clone();
        document.pointer_mut(mapping).unwrap()[field] = value;
        let refused = refuse(apply(&document));
        let told = refused.contains(field) && refused.contains(rule);
        assert!(told, "{field}: {refused}");
    }
    let mut document = before.clone();
    document.pointer_mut(mapping).unwrap()["resources"] = json!([{"path": "no-slash"}]);
    let refused = refuse(apply(&document));
    assert!(refused.contains("path"), "{refused}");
    let mut newer = before.clone();
    newer["schema"] = json!(999);
    let refused = refuse(apply(&newer));
    assert!(refused.contains("schema"), "{refused}");
    refuse(agent.command(&["document", "apply", "/nonexistent"]));
    assert_eq!(agent.document(), before);
    let same = run(apply(&before));
    assert!(same.contains("nothing changed"), "{same}");
}

#[test]
fn a_killed_agent_starts_again_and_a_second_one_is_kept_away() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    for _ in 0..3 {
        let second = refuse(agent.command(&["run"]));
        assert!(second.contains("in use by another process"), "{second}");
        assert!(run(agent.command(&["status"])).contains("up"));
        assert_eq!(world.get(HELLO).status, 200);
        agent.process().kill();
        let gone = refuse(agent.command(&["status"]));
        assert!(gone.contains("does not run"), "{gone}");
        agent.run();
        agent.until_up();
    }
    agent.process().kill();
    let mapping = &agent.document()["subaccounts"][0]["mappings"][0];
    assert_eq!(mapping["internalAddress"], address.as_str());
}
