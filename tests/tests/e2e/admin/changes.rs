//! What changes takes effect at once, is in the history, and can be taken back.

use std::process::Command;

use serde_json::json;
use underpass_runtime::pki::PrivateKey;

use super::socket::CONFIGURATION;
use crate::http::{BACKEND, HELLO};
use crate::process::{program, refuse, run, until};
use crate::world::World;

const ADDRESS: &str = "backend.virtual:80";

#[test]
fn a_mapping_and_a_resource_take_effect_while_the_agent_runs() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.allow_loopback();
    agent.run();
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 403);
    run(agent.command(&["mapping", "add", ADDRESS, &backend]));
    assert_eq!(world.get(HELLO).status, 403);
    run(agent.command(&["resource", "add", ADDRESS, "/hello"]));
    assert_eq!(world.get(HELLO).status, 200);
    let below = format!("{BACKEND}/headers");
    assert_eq!(world.get(&below).status, 403);

    let mappings = agent.tell(&["mapping", "list"]);
    assert_eq!(mappings[0]["virtualHost"], "backend.virtual");
    assert_eq!(mappings[0]["virtualPort"], "80");
    assert_eq!(mappings[0]["protocol"], "HTTP");
    assert_eq!(mappings[0]["hostInHeader"], "VIRTUAL");
    assert_eq!(mappings[0]["enabledResourcesCount"], 1);
    assert_eq!(mappings[0]["effective"], true);
    let table = run(agent.command(&["mapping", "list"]));
    assert!(
        table.contains(ADDRESS) && table.contains(&backend),
        "{table}"
    );

    run(agent.command(&["resource", "remove", ADDRESS, "/hello"]));
    assert_eq!(world.get(HELLO).status, 403);
    assert_eq!(agent.tell(&["resource", "list", ADDRESS]), json!([]));
    run(agent.command(&["mapping", "remove", ADDRESS]));
    let denied = world.get(HELLO);
    assert_eq!(denied.status, 403);
    let again = refuse(agent.command(&["mapping", "remove", ADDRESS]));
    assert!(again.contains("there is no system mapping"), "{again}");
    // The tunnel did not notice any of it.
    assert_eq!(agent.up(), 2);
}

#[test]
fn every_change_names_its_author_and_can_be_undone() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.allow_loopback();
    agent.run();
    agent.until_up();
    run(agent.command(&["mapping", "add", ADDRESS, &backend]));
    let opened = agent.tell(&["resource", "add", ADDRESS, "/hello"]);
    let opened = opened["revision"].to_string();
    let user = run(Command::new("id").arg("-un"));
    let newest = &agent.tell(&["revision", "list", "--limit", "1"])[0];
    assert_eq!(newest["author"], format!("os:{}", user.trim()));
    let reason = "added resource /hello to system mapping backend.virtual:80";
    assert_eq!(newest["reason"], reason);
    let shown = agent.tell(&["revision", "show", &opened]);
    assert_eq!(shown["changes"][0]["change"], "changed");
    assert_eq!(shown["changes"][0]["before"]["resources"], json!([]));
    assert_eq!(
        shown["changes"][0]["after"]["resources"][0]["path"],
        "/hello"
    );

    // A dry run tells the same as the act, and does not do it.
    let before = agent.document();
    let dry = run(agent.command(&["revision", "undo", &opened, "--dry-run"]));
    assert!(
        dry.contains("would change:") && dry.contains("~ mapping"),
        "{dry}"
    );
    assert_eq!(agent.document(), before);
    assert_eq!(world.get(HELLO).status, 200);
    run(agent.command(&["mapping", "add", "other.virtual:80", &backend]));
    run(agent.command(&["revision", "undo", &opened]));
    assert_eq!(world.get(HELLO).status, 403);
    assert_eq!(
        agent.tell(&["mapping", "list"]).as_array().unwrap().len(),
        2
    );
    // It was undone, so it no longer stands.
    let unfit = refuse(agent.command(&["revision", "undo", &opened]));
    assert!(
        unfit.contains("changed again since: mapping backend.virtual:80"),
        "{unfit}"
    );
    let unknown = refuse(agent.command(&["revision", "undo", "999"]));
    assert!(unknown.contains("no revision 999"), "{unknown}");
}

#[test]
fn a_dry_run_of_every_write_changes_nothing() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    run(agent.command(&["mapping", "add", ADDRESS, "10.0.0.1:80"]));
    run(agent.command(&["resource", "add", ADDRESS, "/a"]));
    let before = agent.document();
    let mut other = before.clone();
    other["subaccounts"][0]["mappings"] = json!([]);
    let file = agent.write(&other);
    for running in [false, true] {
        if running {
            agent.run();
            agent.until_up();
        }
        for (arguments, change) in [
            (&["mapping", "add", "b:1", "10.0.0.1:1"][..], "added"),
            (&["mapping", "remove", ADDRESS], "removed"),
            (&["resource", "add", ADDRESS, "/b"], "changed"),
            (&["resource", "remove", ADDRESS, "/a"], "changed"),
            (&["subaccount", "disconnect"], "changed"),
            (&["document", "apply", &file], "removed"),
        ] {
            let dry = agent.tell(&[arguments, &["--dry-run"]].concat());
            assert_eq!(dry["changes"][0]["change"], change, "{arguments:?}: {dry}");
        }
        let dry = agent.tell(&["subaccount", "remove", "--dry-run"]);
        assert_eq!(dry["changes"].as_array().unwrap().len(), 2, "{dry}");
        assert_eq!(agent.document(), before);
        let list = agent.tell(&["revision", "list"]);
        assert_eq!(list.as_array().unwrap().len(), 3);
    }
    assert_eq!(agent.up(), 2);
}

#[test]
fn a_running_agent_enrols_and_forgets_without_a_restart() {
    let world = World::start();
    let mut agent = world.enrol("first", &[]);
    agent.run();
    agent.until_up();
    let pid = agent.process().pid();
    let token = world.enrol_token(&["--location-id", "second"]);
    let told = run(agent.command(&["enrol", &token]));
    assert!(told.contains("is being opened"), "{told}");
    until("both tunnels are up", || (agent.up() == 4).then_some(()));
    let several = refuse(agent.command(&["mapping", "list"]));
    assert!(several.contains("--location-id \"second\""), "{several}");
    let credentials = || {
        let files = std::fs::read_dir(agent.dir.join("secrets")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let of_enrolments = |name: &String| name.ends_with(".json") && name != "identity.json";
        names.filter(of_enrolments).count()
    };
    assert_eq!(credentials(), 2);

    let second = ["--location-id", "second"];
    run(agent.command(&[&["subaccount", "disconnect"][..], &second].concat()));
    until("one tunnel is left", || (agent.up() == 2).then_some(()));
    assert_eq!(credentials(), 2);
    run(agent.command(&[&["subaccount", "connect"][..], &second].concat()));
    until("both tunnels are up", || (agent.up() == 4).then_some(()));
    run(agent.command(&[&["subaccount", "remove"][..], &second].concat()));
    until("one tunnel is left", || (agent.up() == 2).then_some(()));
    assert_eq!(credentials(), 1);
    let list = agent.tell(&["subaccount", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["locationID"], "first");
    assert_eq!(list[0]["tunnel"]["state"], "Connected");
    assert_eq!(list[0]["tunnel"]["connections"], 2);
    let certificate = &list[0]["tunnel"]["subaccountCertificate"];
    assert!(
        certificate["notAfterTimeStamp"].as_i64().unwrap() > 0,
        "{list}"
    );
    let status = agent.tell(&["status"]);
    assert_eq!(status["pid"], pid);
    assert_eq!(status["links"][0]["connections"][0]["state"], "up");
}

#[test]
fn commands_do_the_same_while_the_agent_is_stopped() {
    let world = World::start();
    let agent = world.enrol("", &[]);
    run(agent.command(&["mapping", "add", ADDRESS, "10.0.0.1:80"]));
    run(agent.command(&["resource", "add", ADDRESS, "/a-b+c", "--exact"]));
    let resources = agent.tell(&["resource", "list", ADDRESS]);
    assert_eq!(resources[0]["id"], "/a-b+c");
    assert_eq!(resources[0]["exactMatchOnly"], true);
    run(agent.command(&["resource", "remove", ADDRESS, "/a-b+c"]));
    let list = agent.tell(&["subaccount", "list"]);
    assert_eq!(list[0]["tunnel"]["state"], "Disconnected");
    // Revision 1 enrolled, 2 added the mapping; what came after is undone first.
    run(agent.command(&["revision", "undo", "2"]));
    assert_eq!(agent.tell(&["mapping", "list"]), json!([]));
    let gone = refuse(agent.command(&["status"]));
    assert!(gone.contains("does not run"), "{gone}");
    // A mistyped directory is not made an agent.
    let nowhere = world.path("nowhere");
    let mut elsewhere = Command::new(program("underpass-agent"));
    elsewhere
        .args(["mapping", "list", "--data-dir"])
        .arg(&nowhere);
    let refused = refuse(elsewhere);
    assert!(refused.contains("there is no agent in"), "{refused}");
    assert!(!nowhere.exists());
}

#[test]
fn one_of_two_racing_writers_wins() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let path = format!("{}/systemMappings", agent.subaccount_path());
    let body = |port: usize| {
        format!(
            r#"{{"virtualHost":"a","virtualPort":"{port}","localHost":"b","localPort":"1","protocol":"HTTP","backendType":"nonSAPsys"}}"#
        )
    };
    for round in 1..=10 {
        let tag = agent.ask("GET", &path, &[]).header("etag");
        assert_eq!(tag, format!("\"{round}\""));
        let condition = format!("If-Match: {tag}");
        let write = |port| agent.send("POST", &path, &[&condition], &body(port)).status;
        let mut both = std::thread::scope(|scope| {
            let other = scope.spawn(|| write(round * 2));
            [write(round * 2 + 1), other.join().unwrap()]
        });
        both.sort_unstable();
        assert_eq!(both, [201, 412], "round {round}");
    }
    let all = agent.ask("GET", &path, &[]).json();
    assert_eq!(all.as_array().unwrap().len(), 10);
    let lost = agent.send("POST", &path, &["If-Match: \"1\""], &body(1));
    let told = lost.json()["message"].as_str().unwrap().to_owned();
    assert!(told.contains("current revision is 11"), "{told}");
    let csr = PrivateKey::generate().unwrap().request().unwrap();
    let operator = json!({"name": "anna", "role": "Display", "csr": csr}).to_string();
    let operators = "/api/v1/configuration/connector/operators";
    let lost = agent.send("POST", operators, &["If-Match: \"10\""], &operator);
    assert_eq!(lost.status, 412);
    let added = agent.ask("GET", operators, &[]).json();
    assert_eq!(added.as_array().unwrap().len(), 0, "{added}");
    let document = format!("{CONFIGURATION}/document");
    let old = agent.ask("GET", &document, &[]);
    let lost = agent.send("PUT", &document, &["If-Match: \"10\""], &old.body);
    assert_eq!(lost.status, 412);
    let same = agent.send("PUT", &document, &["If-Match: \"11\""], &old.body);
    assert_eq!(
        (same.status, same.header("etag")),
        (204, "\"11\"".to_owned())
    );
}
