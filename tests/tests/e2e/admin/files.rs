//! System mappings as files, and how safe the agent is set up.

use serde_json::{Value, json};

use crate::process::{refuse, run};
use crate::world::World;

#[test]
fn mappings_are_taken_from_one_subaccount_to_another() {
    let world = World::start();
    let mut agent = world.enrol("from", &[]);
    let token = world.enrol_token(&["--location-id", "to"]);
    run(agent.command(&["enrol", &token]));
    agent.run();
    let from = ["--location-id", "from"];
    let to = ["--location-id", "to"];
    let on = |words: &[&str], which: &[&str]| agent.tell(&[words, which].concat());
    for address in ["a:1", "b:2"] {
        on(&["mapping", "add", address, "10.0.0.1:1"], &from);
        on(&["resource", "add", address, "/x"], &from);
    }
    let whole = on(&["mapping", "export"], &from);
    assert_eq!(whole["format"], "underpass-mappings-1");
    assert_eq!(whole["mappings"].as_array().unwrap().len(), 2);
    let one = on(&["mapping", "export", "b:2"], &from);
    assert_eq!(one["mappings"], json!([whole["mappings"][1]]));
    let unknown = agent.command(&[&["mapping", "export", "c:3"][..], &from].concat());
    assert!(refuse(unknown).contains("no system mapping c:3"));

    let file = agent.write(&whole);
    let import = ["mapping", "import", &file];
    let dry = on(&[&import[..], &["--dry-run"]].concat(), &to);
    assert_eq!(dry["changes"].as_array().unwrap().len(), 2, "{dry}");
    assert_eq!(dry["added"], json!(["a:1", "b:2"]));
    assert_eq!(on(&["mapping", "list"], &to), json!([]));
    on(&import, &to);
    assert_eq!(on(&["mapping", "export"], &to), whole);
    // What is there stays, and is named; unless it shall be replaced.
    let mut other = whole.clone();
    other["mappings"][0]["internalAddress"] = json!("10.0.0.2:2");
    let file = agent.write(&other);
    let import = ["mapping", "import", &file];
    let merged = on(&import, &to);
    assert_eq!(merged["skipped"][0]["mapping"], "a:1", "{merged}");
    assert_eq!(merged["unchanged"], json!(["a:1", "b:2"]));
    assert_eq!(on(&["mapping", "export"], &to), whole);
    let written = on(&[&import[..], &["--mode", "overwrite"]].concat(), &to);
    assert_eq!(written["changed"], json!(["a:1"]));
    assert_eq!(on(&["mapping", "export"], &to), other);
    assert_eq!(on(&["mapping", "export"], &from), whole);
    // Nothing of a file that breaks a rule is taken.
    other["mappings"][1]["resources"][0]["path"] = json!("/a/../b");
    other["mappings"][0]["internalAddress"] = json!("10.0.0.3:3");
    let file = agent.write(&other);
    let wrong = ["mapping", "import", &file, "--mode", "overwrite"];
    let refused = refuse(agent.command(&[&wrong[..], &to].concat()));
    assert!(refused.contains("dot segments"), "{refused}");
    let shown = on(&["mapping", "list"], &to);
    assert_eq!(shown[0]["localHost"], "10.0.0.2");
}

#[test]
fn what_weakens_security_is_rated() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let rating = |id: &str| -> Value {
        let status = agent.tell(&["security-status"]);
        let entries = status["entries"].as_array().unwrap().iter();
        let found = entries.into_iter().find(|one| one["id"] == id);
        found.unwrap_or_else(|| panic!("no {id}: {status}"))["rating"].clone()
    };
    assert_eq!(rating("backendTrust"), "ok");
    assert_eq!(rating("dataKey"), "warning");
    assert_eq!(rating("plainBackends"), "ok");
    for (id, expected) in [
        ("managementTls12", "ok"),
        ("monitoringUsers", "ok"),
        ("organisation", "ok"),
        // The agent made it.
        ("serverCertificate", "warning"),
    ] {
        assert_eq!(rating(id), expected, "{id}");
    }
    run(agent.command(&["mapping", "add", "a:1", "10.0.0.1:1"]));
    assert_eq!(rating("plainBackends"), "warning");
    let mut document = agent.document();
    document["connector"]["backendTrust"] = json!({"trustAllBackends": true});
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    assert_eq!(rating("backendTrust"), "risk");
    let table = run(agent.command(&["security-status"]));
    assert!(
        table.starts_with("RISK  the certificates of back ends"),
        "{table}"
    );
}
