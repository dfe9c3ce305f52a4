//! Changes that are taken back unless they are confirmed, and states of the past.

use std::time::Duration;

use serde_json::{Value, json};
use underpass_agent::store::Store;
use underpass_runtime::{clock, file};
use underpass_shared::config::Document;

use super::socket::CONFIGURATION;
use crate::agent::Agent;
use crate::http::HELLO;
use crate::process::{refuse, run, until};
use crate::world::World;

const ADDRESS: &str = "backend.virtual:80";

fn pending(agent: &Agent) -> Option<Value> {
    let answer = agent.ask("GET", &format!("{CONFIGURATION}/pendingConfirm"), &[]);
    match answer.status {
        200 => Some(answer.json()),
        404 => None,
        _ => panic!("{answer:?}"),
    }
}

/// A trial of another author in the state of a stopped agent, as it is after a kill.
fn tried_by_another(agent: &Agent, within: Duration) {
    let store = Store::open(&agent.dir, clock::wall_ms).unwrap();
    let edit = |document: &Document| {
        let subaccount = document.subaccounts()[0].key().clone();
        document.without_subaccount(subaccount)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let tried = store.try_out("operator:ann", "test", None, Some(within), edit);
    runtime.unwrap().block_on(tried).unwrap();
}

#[test]
fn a_change_that_nobody_confirms_takes_itself_back() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[(ADDRESS, &backend)]);
    agent.run();
    agent.until_up();
    let before = agent.document();
    assert_eq!(world.get(HELLO).status, 200);
    let tried = agent.tell(&["mapping", "remove", ADDRESS, "--confirm-within", "10"]);
    assert_eq!(world.get(HELLO).status, 403);
    let shown = pending(&agent).unwrap();
    assert_eq!(shown["firstRevision"], tried["revision"]);
    assert_eq!(shown["untilMs"], tried["revertsAtMs"]);
    assert!(shown["secondsLeft"].as_u64().unwrap() <= 10, "{shown}");
    // The deadline counts on while the agent is dead.
    agent.process().kill();
    agent.run();
    agent.until_up();
    until("it is taken back", || {
        pending(&agent).is_none().then_some(())
    });
    assert_eq!(agent.document(), before);
    assert_eq!(world.get(HELLO).status, 200);
    let newest = &agent.tell(&["revision", "list"])[0];
    assert_eq!(newest["author"], "agent");
    let reason = newest["reason"].as_str().unwrap();
    assert!(reason.contains("not confirmed in time"), "{newest}");
}

#[test]
fn the_author_confirms_or_reverts_and_others_wait() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let nothing = refuse(agent.command(&["confirm"]));
    assert!(nothing.contains("no change waits"), "{nothing}");
    let before = agent.document();
    let add = ["mapping", "add", "a:1", "10.0.0.1:1"];
    let tried = || agent.command(&[&add[..], &["--confirm-within", "60"]].concat());
    let told = run(tried());
    assert!(
        told.contains("unless you run `underpass-agent confirm`"),
        "{told}"
    );
    // A change without a time of its own joins.
    run(agent.command(&["mapping", "add", "b:1", "10.0.0.1:1"]));
    let shown = pending(&agent).unwrap();
    assert_eq!(
        (&shown["firstRevision"], &shown["lastRevision"]),
        (&json!(2), &json!(3))
    );
    // Whoever means what he has seen does not end what joined it since.
    let path = format!("{CONFIGURATION}/pendingConfirm");
    for method in ["POST", "DELETE"] {
        let lost = agent.ask(method, &path, &["If-Match: \"2\""]);
        assert_eq!(
            (lost.status, lost.header("etag")),
            (412, "\"3\"".to_owned())
        );
    }
    assert_eq!(pending(&agent).unwrap()["lastRevision"], 3);
    let preview = agent.tell(&["revision", "diff", "3", "1"]);
    assert_eq!(preview["changes"].as_array().unwrap().len(), 2, "{preview}");
    run(agent.command(&["revert"]));
    assert_eq!((agent.document(), pending(&agent)), (before, None));
    run(tried());
    run(agent.command(&["confirm"]));
    assert_eq!(pending(&agent), None);
    assert_eq!(
        agent.tell(&["mapping", "list"]).as_array().unwrap().len(),
        1
    );
    // An enrolment cannot be taken back, and a time has limits.
    let path = format!("{CONFIGURATION}/document?confirmWithin=3601");
    let refused = agent.send("PUT", &path, &[], "{}");
    assert_eq!(
        (refused.status, &refused.json()["field"]),
        (400, &json!("confirmWithin"))
    );

    agent.process().kill();
    tried_by_another(&agent, Duration::from_mins(10));
    agent.run();
    until("it runs", || {
        agent.dir.join("status.json").exists().then_some(())
    });
    let held = refuse(agent.command(&["document", "apply", &agent.write(&json!({"schema": 1}))]));
    assert!(
        held.contains("changes of operator:ann wait for their confirmation until"),
        "{held}"
    );
    // Whoever is an Administrator ends it.
    run(agent.command(&["revert"]));
    run(agent.command(&["mapping", "remove", "a:1"]));
}

/// Each kind of command that changes something can be tried, those that answer with more than a
/// revision too.
#[test]
fn whatever_changes_something_can_be_tried() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let csr = ["certificate", "csr", "system", "--subject", "CN=a"];
    let request = run(agent.command(&csr));
    let before = agent.document();
    let request_file = world.path("request.pem");
    file::replace(&request_file, request.as_bytes()).unwrap();
    let request_file = request_file.to_str().unwrap();
    let own = ["certificate", "self-signed", "system", "--subject", "CN=a"];
    let subaccount = world.tenant.subaccount.as_str();
    for command in [
        &csr[..],
        &own,
        &["subaccount", "manage", "on", "--subaccount", subaccount],
        &["subaccount", "disconnect", "--subaccount", subaccount],
        &["subaccount", "remove", "--subaccount", subaccount],
        &["target", "add", "10.0.0.0/8"],
    ] {
        let output = agent
            .command(&[command, &["--confirm-within", "60"]].concat())
            .output()
            .unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        assert!(output.status.success(), "{command:?}: {told}");
        assert!(
            told.contains("`underpass-agent confirm`"),
            "{command:?}: {told}"
        );
        assert!(pending(&agent).is_some(), "{command:?}");
        run(agent.command(&["revert"]));
        assert_eq!(agent.document(), before, "{command:?}");
    }
    until("the tunnel is back, with its key", || {
        (agent.up() == 2).then_some(())
    });
    // What cannot be taken back is not tried.
    let issue = ["operator", "issue", "--csr", request_file, "--name", "eve"];
    let lasting = ["--role", "Display", "--confirm-within", "60"];
    let refused = refuse(agent.command(&[&issue[..], &lasting].concat()));
    assert!(
        refused.contains("unexpected argument '--confirm-within'"),
        "{refused}"
    );
    let (host, path) = (&before["subaccounts"][0]["regionHost"], CONFIGURATION);
    let host = host.as_str().unwrap();
    let validity = format!("{path}/subaccounts/{host}/{subaccount}/validity?confirmWithin=60");
    let refused = agent.send("POST", &validity, &[], "");
    assert_eq!(
        (refused.status, &refused.json()["field"]),
        (400, &json!("confirmWithin"))
    );
}

/// The gateway holds still between the look at what is on trial and the revision.
#[test]
fn an_enrolment_never_joins_a_trial_that_began_meanwhile() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let kept = || {
        let files = std::fs::read_dir(agent.dir.join("secrets")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
        names.sort();
        names
    };
    let before = (agent.document(), kept());
    let token = world.enrol_token(&["--location-id", "second"]);
    let body = json!({"authenticationData": token, "locationID": "second"}).to_string();
    world.gateway.signal("STOP");
    let refused = std::thread::scope(|scope| {
        let enrolling =
            scope.spawn(|| agent.send("POST", &format!("{CONFIGURATION}/subaccounts"), &[], &body));
        until("the enrolment is on its way", || {
            let audit = agent.tell(&["audit", "list"]).to_string();
            audit.contains("enrolment for subaccount").then_some(())
        });
        let add = ["mapping", "add", "a:1", "10.0.0.1:1"];
        run(agent.command(&[&add[..], &["--confirm-within", "60"]].concat()));
        world.gateway.signal("CONT");
        enrolling.join().unwrap()
    });
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body.contains("on trial"), "{refused:?}");
    run(agent.command(&["revert"]));
    assert_eq!((agent.document(), kept()), before);
}

#[test]
fn states_of_the_past_are_shown_compared_and_restored() {
    let world = World::start();
    let agent = world.enrol("", &[]);
    run(agent.command(&["mapping", "add", "a:1", "10.0.0.1:1"]));
    let second = agent.document();
    run(agent.command(&["mapping", "add", "b:1", "10.0.0.1:1"]));
    run(agent.command(&["mapping", "remove", "a:1"]));
    let fourth = agent.document();
    assert_eq!(agent.tell(&["revision", "show", "2", "--document"]), second);
    let diff = agent.tell(&["revision", "diff", "2", "4"]);
    let parts = |diff: &Value| -> Vec<String> {
        let changes = diff["changes"].as_array().unwrap().iter();
        changes
            .map(|one| one["change"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(parts(&diff), ["removed", "added"]);
    assert_eq!(
        parts(&agent.tell(&["revision", "diff", "4", "2"])),
        ["added", "removed"]
    );
    assert_eq!(agent.tell(&["revision", "diff", "2"])["to"], 4);
    assert_eq!(parts(&agent.tell(&["revision", "diff", "4", "4"])).len(), 0);
    let dry = agent.tell(&["revision", "restore", "2", "--dry-run"]);
    assert_eq!(parts(&dry), ["added", "removed"]);
    assert_eq!(agent.document(), fourth);
    run(agent.command(&["revision", "restore", "2"]));
    assert_eq!(agent.document(), second);
    let newest = &agent.tell(&["revision", "list"])[0];
    assert_eq!(
        (&newest["number"], &newest["reason"]),
        (&json!(5), &json!("restored revision 2"))
    );
    run(agent.command(&["revision", "restore", "4"]));
    assert_eq!(agent.document(), fourth);
    let unknown = refuse(agent.command(&["revision", "restore", "7"]));
    assert!(unknown.contains("no revision 7"), "{unknown}");
}

#[test]
fn what_is_known_is_not_sent_again() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let document = format!("{CONFIGURATION}/document");
    let tag = agent.ask("GET", &document, &[]).header("etag");
    let known = format!("If-None-Match: \"0\", {tag}");
    let same = agent.ask("GET", &document, &[&known]);
    assert_eq!((same.status, same.body.as_str()), (304, ""));
    assert_eq!(same.header("etag"), tag);
    run(agent.command(&["mapping", "add", "a:1", "10.0.0.1:1"]));
    assert_eq!(agent.ask("GET", &document, &[&known]).status, 200);
    // What changes without a revision is always sent.
    let status = agent.ask("GET", "/api/v1/status", &["If-None-Match: *"]);
    assert_eq!(status.status, 200);
    let mapping = format!("{}/systemMappings/a:1", agent.subaccount_path());
    let lost = agent.ask("DELETE", &mapping, &["If-Match: \"1\""]);
    assert_eq!(
        (lost.status, lost.header("etag")),
        (412, "\"2\"".to_owned())
    );
}
