//! Whom the agent trusts, and how it goes out: by commands on a running agent.

use serde_json::json;

use super::socket::CONFIGURATION;
use crate::process::{refuse, run, until};
use crate::world::World;

#[test]
fn certificates_are_trusted_and_no_longer() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let ca = world.path("gateway/tls/ca.pem").display().to_string();
    run(agent.command(&["trust", "add", &ca, "--alias", "corp-ca"]));
    let list = agent.tell(&["trust", "list"]);
    assert_eq!(list["trustAllBackends"], false);
    assert_eq!(list["trustedBackends"][0]["alias"], "corp-ca");
    assert_eq!(list["trustedBackends"][0]["ca"], true);
    let twice = refuse(agent.command(&["trust", "add", &ca]));
    assert!(twice.contains("are the same certificate"), "{twice}");
    let taken = refuse(agent.command(&["trust", "add", &ca, "--alias", "corp-ca"]));
    assert!(
        taken.contains("there is a trusted certificate corp-ca already"),
        "{taken}"
    );
    let key = world.path("gateway/tls/ca-key.pem").display().to_string();
    let no_certificate = refuse(agent.command(&["trust", "add", &key]));
    assert!(
        no_certificate.contains("of the kind CERTIFICATE"),
        "{no_certificate}"
    );
    let store = format!("{CONFIGURATION}/connector/onPremises/truststore");
    let one = agent.ask("GET", &format!("{store}/certificates/corp-ca"), &[]);
    assert_eq!(one.json()["alias"], "corp-ca");
    let all = agent.send("PATCH", &store, &[], r#"{"trustAllBackends":true}"#);
    assert_eq!(all.status, 204);
    let status = run(agent.command(&["status"]));
    assert!(
        status.contains("WARNING: the certificates of back ends are not checked"),
        "{status}"
    );
    run(agent.command(&["trust", "remove", "corp-ca"]));
    assert_eq!(agent.tell(&["trust", "list"])["trustedBackends"], json!([]));
    let gone = refuse(agent.command(&["trust", "remove", "corp-ca"]));
    assert!(
        gone.contains("there is no trusted certificate corp-ca"),
        "{gone}"
    );
}

#[test]
fn the_proxy_is_set_and_its_password_goes_with_it() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let none = refuse(agent.command(&["proxy", "show"]));
    assert!(none.contains("no proxy is set"), "{none}");
    let passwords = || {
        let entries = std::fs::read_dir(agent.dir.join("secrets")).unwrap();
        let names = entries.map(|one| one.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".password")).count()
    };
    let set = |url: &str, more: &[&str]| {
        let mut command = agent.command(&[&["proxy", "set", url], more].concat());
        command.env("UNDERPASS_PROXY_PASSWORD", "s3cret");
        command
    };
    let url = "http://agent@127.0.0.1:1";
    run(set(url, &["--dry-run"]));
    assert_eq!(passwords(), 0);
    run(set(url, &[]));
    assert_eq!(passwords(), 1);
    let shown = agent.tell(&["proxy", "show"]);
    let masked = json!({"host": "127.0.0.1", "port": "1", "user": "agent", "password": "***"});
    assert_eq!(shown, masked);
    assert!(!agent.document().to_string().contains("s3cret"));
    let proxy = format!("{CONFIGURATION}/connector/proxy");
    // What was read can be written back, and keeps the password.
    let same = agent.send("PUT", &proxy, &[], &shown.to_string());
    assert_eq!(same.status, 204, "{same:?}");
    let new = agent.tell(&["revision", "list"])[0]["number"].clone();
    assert_eq!(same.header("etag"), format!("\"{new}\""));
    for (body, field) in [
        (r#"{"host":"p","port":1,"user":"other"}"#, "credential"),
        (r#"{"host":"p","port":1,"password":"x"}"#, "user"),
        (
            r#"{"host":"p","port":1,"user":"u","password":""}"#,
            "password",
        ),
        (r#"{"host":"p","port":0}"#, "port"),
    ] {
        let wrong = agent.send("PUT", &proxy, &[], body);
        assert_eq!(wrong.status, 400, "{body}: {wrong:?}");
        assert_eq!(wrong.json()["field"], field, "{body}: {wrong:?}");
    }
    assert_eq!(passwords(), 1);
    run(set("http://agent@127.0.0.1:2", &[]));
    assert_eq!(passwords(), 1);
    run(agent.command(&["proxy", "remove"]));
    assert_eq!(passwords(), 0);
    until("the tunnels are up without it", || {
        (agent.up() == 2).then_some(())
    });
}

#[test]
fn lists_are_given_in_pages_where_that_is_asked_for() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    for host in ["a", "b", "c", "d"] {
        run(agent.command(&["mapping", "add", &format!("{host}:1"), "10.0.0.1:1"]));
    }
    let path = format!("{}/systemMappings", agent.subaccount_path());
    let hosts = |query: &str| -> Vec<String> {
        let list = agent.ask("GET", &format!("{path}{query}"), &[]).json();
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["virtualHost"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(hosts(""), ["a", "b", "c", "d"]);
    assert_eq!(hosts("?limit=2"), ["a", "b"]);
    assert_eq!(hosts("?limit=2&offset=1"), ["b", "c"]);
    assert_eq!(hosts("?offset=3"), ["d"]);
    assert_eq!(hosts("?offset=4"), [""; 0]);
    let page = agent.ask("GET", &format!("{path}?limit=1"), &[]);
    assert_eq!(page.header("Underpass-Total-Count"), "4");
    let wrong = agent.ask("GET", &format!("{path}?limit=0"), &[]);
    assert_eq!(
        (wrong.status, &wrong.json()["field"]),
        (400, &json!("limit"))
    );
    let revisions = agent.ask(
        "GET",
        &format!("{CONFIGURATION}/revisions?limit=2&before=4"),
        &[],
    );
    let revisions = revisions.json();
    assert_eq!(
        (&revisions[0]["number"], &revisions[1]["number"]),
        (&json!(3), &json!(2))
    );
}

#[test]
fn an_organisations_ca_is_trusted_by_command() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let ca = world.path("gateway/tls/ca.pem").display().to_string();
    let add = [
        "operator",
        "trust",
        "add",
        "corp",
        &ca,
        "--match",
        "OU=Operations",
    ];
    run(agent.command(&[add.as_slice(), &["--role", "Support"]].concat()));
    let rule = [
        "operator",
        "trust",
        "rule",
        "corp",
        "--match",
        "subject=CN=anna,O=Corp",
    ];
    run(agent.command(&[rule.as_slice(), &["--role", "Display", "--first"]].concat()));
    let shown = agent.tell(&["operator", "trust", "show"]);
    assert_eq!(shown["authorities"][0]["alias"], "corp");
    let rule = |subject: serde_json::Value, role: &str| json!({"authority": "corp", "match": subject, "role": role});
    let rules = [
        rule(json!({"subject": "CN=anna,O=Corp"}), "Display"),
        rule(json!({"OU": "Operations"}), "Support"),
    ];
    assert_eq!(shown["rules"], json!(rules));
    let table = run(agent.command(&["operator", "trust", "show"]));
    assert!(table.contains("corp  OU=Operations"), "{table}");
    let none = refuse(agent.command(&["operator", "trust", "remove", "other"]));
    assert!(none.contains("there is no CA other"), "{none}");
    run(agent.command(&["operator", "trust", "remove", "corp"]));
    let shown = agent.tell(&["operator", "trust", "show"]);
    assert_eq!(
        (&shown["authorities"], &shown["rules"]),
        (&json!([]), &json!([]))
    );
}
