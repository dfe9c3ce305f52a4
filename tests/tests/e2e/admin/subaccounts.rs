//! Subaccounts as existing scripts add, change and renew them.

use serde_json::{Value, json};

use super::socket::CONFIGURATION;
use crate::process::{run, until};
use crate::world::World;

/// Type, field and message of a refusal.
fn refusal(error: &Value) -> (&str, &str, &str) {
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    (text("type"), text("field"), text("message"))
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_subaccount_is_added_managed_and_renewed_as_scripts_do() {
    let world = World::start();
    let mut agent = world.enrol("first", &[]);
    agent.run();
    agent.until_up();
    let (all, subaccount) = (
        format!("{CONFIGURATION}/subaccounts"),
        agent.subaccount_path(),
    );
    let shown = agent.ask("GET", &subaccount, &[]).json();
    let add = |token: &str| {
        let body = json!({"regionHost": shown["regionHost"], "subaccount": shown["subaccount"],
            "cloudUser": "somebody", "cloudPassword": token, "locationID": "second",
            "displayName": "Second", "isManaged": "true", "autoCertRenewal": "true"});
        agent.send("POST", &all, &[], &body.to_string())
    };
    let added = add(&world.enrol_token(&["--location-id", "second"]));
    assert_eq!(added.status, 201, "{added:?}");
    assert_eq!(added.header("location"), subaccount);
    let (added, second) = (added.json(), format!("{subaccount}?locationID=second"));
    assert_eq!(added["isManaged"], true);
    assert_eq!(added["autoCertRenewal"], true);
    until("both tunnels are up", || (agent.up() == 4).then_some(()));
    let one = agent.ask("GET", &second, &[]).json();
    assert_eq!(one["tunnel"]["state"], "Connected");
    assert_eq!(one["tunnel"]["applicationConnections"], json!([]));
    assert_eq!(one["tunnel"]["serviceChannels"], json!([]));
    let links: Vec<&String> = one["_links"].as_object().unwrap().keys().collect();
    let named = "ABAPCloud-channels HANA-channels K8S-channels VirtualMachine-channels \
                 domainMappings self state systemMappings validity";
    assert_eq!(links, named.split_whitespace().collect::<Vec<_>>());
    let listed = agent.ask("GET", &all, &[]).json();
    assert_eq!(listed.as_array().unwrap().len(), 2);

    // What is there already is not added again, and the token is not burnt for it.
    let token = world.enrol_token(&["--location-id", "second"]);
    let again = add(&token);
    assert_eq!(again.status, 409, "{again:?}");
    assert_eq!(refusal(&again.json()).0, "ILLEGAL_STATE");
    let validity = format!("{subaccount}/validity?locationID=second");
    let serial = |answer: &Value| answer["serialNumber"].as_str().unwrap().to_owned();
    let first = serial(&one["tunnel"]["subaccountCertificate"]);
    assert!(first.contains(':'), "{first}");
    // By proof of the present key: nothing else changes.
    let before = agent.document();
    let renewed = agent.ask("POST", &validity, &[]);
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let second_serial = serial(&renewed.json());
    assert_ne!(second_serial, first);
    assert_eq!(agent.document(), before);
    // By a token: the agent is a new instance then, once the gateway has no more use for the old.
    let taken = json!({"authenticationData": world.enrol_token(&["--location-id", "second"])});
    let taken = agent.send("POST", &validity, &[], &taken.to_string());
    assert_eq!(taken.status, 500, "{taken:?}");
    assert!(
        taken.body.contains("revoke that instance on the gateway"),
        "{taken:?}"
    );
    assert_eq!(agent.document(), before);
    let old = before["subaccounts"][1]["instance"].as_str().unwrap();
    run(world.command(&["revoke", "--instance", old]));
    let body = json!({"user": "somebody", "password": token}).to_string();
    let renewed = agent.send("POST", &validity, &[], &body);
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_ne!(serial(&renewed.json()), second_serial);
    let instance = |document: &Value| document["subaccounts"][1]["instance"].to_string();
    assert_ne!(instance(&agent.document()), instance(&before));
    until("both tunnels are up", || (agent.up() == 4).then_some(()));
    let shown = agent.ask("GET", &second, &[]).json();
    assert_eq!(shown["isManaged"], true);
    assert_eq!(
        serial(&shown["tunnel"]["subaccountCertificate"]),
        serial(&renewed.json())
    );

    // What was read can be written back, and is then nothing new.
    let same = agent.send("PUT", &second, &[], &shown.to_string());
    assert_eq!(
        (same.status, &same.json()["isManaged"]),
        (200, &true.into())
    );
    let free = agent.send("PUT", &second, &[], r#"{"isManaged":"false"}"#);
    assert_eq!(
        (free.status, &free.json()["isManaged"]),
        (200, &false.into())
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn wrong_requests_about_subaccounts_are_refused_by_name() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let (all, subaccount) = (
        format!("{CONFIGURATION}/subaccounts"),
        agent.subaccount_path(),
    );
    let validity = format!("{subaccount}/validity");
    let before = agent.document();
    for (path, body, kind, field, rule) in [
        (
            &all,
            "{}",
            "INVALID_REQUEST",
            "authenticationData",
            "is missing",
        ),
        (
            &all,
            r#"{"cloudUser":"u"}"#,
            "INVALID_REQUEST",
            "cloudPassword",
            "is missing beside cloudUser",
        ),
        (
            &all,
            r#"{"cloudUser":"u","cloudPassword":"x"}"#,
            "INVALID_REQUEST",
            "cloudPassword",
            "enrolment token",
        ),
        (
            &all,
            r#"{"authenticationData":"x","cloudPassword":"y"}"#,
            "INVALID_REQUEST",
            "cloudPassword",
            "must not stand beside",
        ),
        (
            &all,
            r#"{"isManaged":1}"#,
            "INVALID_REQUEST",
            "isManaged",
            "expected true or false",
        ),
        (
            &validity,
            r#"{"user":"u"}"#,
            "INVALID_REQUEST",
            "password",
            "is missing beside user",
        ),
        (
            &validity,
            r#"{"authenticationData":"x"}"#,
            "INVALID_REQUEST",
            "authenticationData",
            "starts with",
        ),
        (
            &validity,
            r#"{"cloudUser":"x"}"#,
            "INVALID_REQUEST",
            "cloudUser",
            "unknown field",
        ),
    ] {
        let refused = agent.send("POST", path, &[], body);
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
        let error = refused.json();
        let told = refusal(&error);
        assert_eq!((told.0, told.1), (kind, field), "{body}: {error}");
        assert!(told.2.contains(rule), "{body}: {error}");
    }
    // A token is not burnt where there is no such subaccount.
    let other = r#"{"authenticationData":"TOKEN"}"#.replace("TOKEN", &world.enrol_token(&[]));
    let nowhere = validity.replace("localhost", "elsewhere");
    assert_eq!(agent.send("POST", &nowhere, &[], &other).status, 404);
    let lost = agent.ask("POST", &validity, &["If-Match: \"99\""]);
    assert_eq!(lost.status, 412, "{lost:?}");
    let dry = agent.ask("POST", &format!("{validity}?dryRun=true"), &[]);
    assert_eq!(refusal(&dry.json()).1, "dryRun");
    for path in ["recovery", "recovery/state", "recoverySubaccount"] {
        let gone = agent.ask("GET", &format!("{subaccount}/{path}"), &[]);
        assert_eq!(gone.status, 410, "{gone:?}");
    }

    // What cannot be read is named.
    let corrupted = format!("{all}/corrupted");
    assert_eq!(agent.ask("GET", &corrupted, &[]).json(), json!([]));
    let instance = before["subaccounts"][0]["instance"].as_str().unwrap();
    let secret = agent.dir.join("secrets").join(format!("{instance}.json"));
    assert!(secret.exists());
    underpass_runtime::file::replace(&secret, b"{}").unwrap();
    let found = agent.ask("GET", &corrupted, &[]).json();
    assert_eq!(
        found[0]["subaccount"],
        before["subaccounts"][0]["subaccount"]
    );
    assert!(
        found[0]["message"].as_str().unwrap().contains(instance),
        "{found}"
    );
    let failed = agent.ask("POST", &validity, &[]);
    assert_eq!(
        (failed.status, refusal(&failed.json()).0),
        (500, "RUNTIME_FAILURE")
    );
    assert_eq!(agent.document(), before);
}
