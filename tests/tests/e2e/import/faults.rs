//! Connectors that are slow, answer in pages, break, or are not the one that was meant.

use std::process::Command;

use serde_json::Value;
use underpass_shared::config::Document;

use super::connector::{Connector, USER, dump};
use super::{Desk, decided, words};
use crate::process::{json as parse, program, refuse, run};

/// A reading without any agent, kept in a file; what it holds.
fn saved(connector: &Connector) -> Value {
    let path = connector.file("reading.json");
    let mut command = Command::new(program("underpass"));
    command.args(["import", "scc", "--json", "--url", &connector.url()]);
    command.args(["--fingerprint", &connector.fingerprint, "--user", USER]);
    command
        .arg("--password-file")
        .arg(connector.file("password"));
    command.arg("--save").arg(&path);
    let told = parse(&run(command));
    assert_eq!(told["report"]["counts"]["resources"]["found"], 1_000);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains("manage me"), "the password is in the file");
    parse(&text)
}

#[test]
fn slow_paged_and_broken_answers_lead_to_the_same_reading() {
    let plain = Connector::start(&[]);
    let hard = Connector::start(&[
        "--fault", "slow", "--fault", "paged", "--fault", "broken", "--tls12",
    ]);
    let (one, other) = (saved(&plain), saved(&hard));
    // Each made trust stores and a certificate of its own.
    let certificates = |path: &str| path.contains("/truststore/certificates/");
    let answers = |reading: &Value| {
        let all = reading["answers"].as_object().unwrap().iter();
        let all = all.filter(|(path, _)| !certificates(path));
        all.map(|(path, value)| (path.clone(), value.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(answers(&one), answers(&other));
    assert_eq!(one["refused"], other["refused"]);
    assert!(hard.stats("requests") > plain.stats("requests") + 100);
    // Of an older version the folders have other names.
    let old = Connector::start(&["--old"]);
    let old = saved(&old);
    let old = old["answers"].as_object().unwrap();
    assert!(old.contains_key("/api/v1/configuration/connector/onPremise/subjectPatternRules"));
    assert_eq!(old.keys().filter(|path| certificates(path)).count(), 3);
}

#[test]
fn what_cannot_be_read_whole_changes_nothing_and_says_why() {
    let desk = Desk::start();
    let before = desk.document();
    let decided = decided("gateway.example.com");
    let apply = [&words(&decided)[..], &["--into", "plant", "--yes"]].concat();
    let id = "0190a5a2-6d0e-7cc0-8000-0000000000a2";
    let mappings = format!("{id}/systemMappings");
    let connector = Connector::start(&[]);
    for (kind, said) in [
        ("500", "status 500: the configuration is locked"),
        ("403", "status 403"),
        ("html", "does not know this user"),
        ("garbage", "is wrong: "),
        ("truncate", "the connection broke"),
        ("close", "the connection broke"),
        ("huge", "more than can be read"),
        ("endless", "its pages do not end"),
    ] {
        connector.always(&mappings, kind);
        let told = refuse(desk.import(&connector, &apply));
        assert!(
            told.contains(said) && told.contains("nothing was changed"),
            "{kind}: {told}"
        );
        assert!(
            told.contains("systemMappings") || !said.contains("status"),
            "{told}"
        );
    }
    // What nothing hangs on is told in the report instead.
    let connector = Connector::start(&["--always", "email=403", "--always", "alerting=500"]);
    let told = parse(&run(desk.import(
        &connector,
        &[&words(&decided)[..], &["--into", "plant", "--dry-run"]].concat(),
    )));
    let findings = told["report"]["findings"].as_array().unwrap();
    let unread: Vec<&str> = findings
        .iter()
        .filter(|one| one["kind"] == "notRead")
        .flat_map(|one| one["places"].as_array().unwrap())
        .map(|at| at["place"].as_str().unwrap())
        .collect();
    for end in ["/email", "/alerting"] {
        assert!(unread.iter().any(|path| path.ends_with(end)), "{unread:?}");
    }
    assert_eq!(desk.document(), before);
}

#[test]
fn only_the_connector_that_was_named_gets_the_password_and_a_wrong_one_only_once() {
    let connector = Connector::start(&[]);
    let scc = |fingerprint: &str, more: &[&str]| {
        let mut command = Command::new(program("underpass"));
        command.args(["import", "scc", "--json", "--url", &connector.url()]);
        command.args(["--fingerprint", fingerprint]).args(more);
        command
    };
    let password = connector.file("password").display().to_string();
    let login = ["--user", USER, "--password-file", &password];
    let told = refuse(scc(&"00".repeat(32), &login));
    let plain = told.replace(':', "").to_lowercase();
    assert!(plain.contains(&connector.fingerprint), "{told}");
    assert_eq!(connector.stats("requests"), 0);
    let wrong = connector.file("cert.pem").display().to_string();
    let told = refuse(scc(
        &connector.fingerprint,
        &["--user", USER, "--password-file", &wrong],
    ));
    assert!(told.contains("does not know this user"), "{told}");
    assert_eq!(connector.stats("refusedLogins"), 1);
    let told = refuse(scc(&connector.fingerprint, &[]));
    assert!(told.contains("--client-cert"), "{told}");
    let (client, key) = (
        connector.file("client.pem"),
        connector.file("client-key.pem"),
    );
    let certificate = [
        "--client-cert",
        client.to_str().unwrap(),
        "--client-key",
        key.to_str().unwrap(),
    ];
    let told = parse(&run(scc(&connector.fingerprint, &certificate)));
    assert_eq!(told["report"]["counts"]["systemMappings"]["found"], 100);
    assert_eq!(connector.stats("refusedLogins"), 1);
}

#[test]
fn files_are_enough_where_no_connector_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let write = |name: &str, bytes: &[u8]| {
        underpass_runtime::file::replace(&folder.path().join(name), bytes).unwrap();
        file(name)
    };
    let import = |from: &str, more: &[&str]| {
        let mut command = Command::new(program("underpass"));
        command
            .args(["import", "scc", "--json", "--file", from])
            .args(more);
        command
    };
    // As the connector answers them one by one, put into one list.
    let (region, id) = (
        "cf.us10.hana.ondemand.com",
        "0190a5a2-6d0e-7cc0-8000-0000000000a3",
    );
    let path = format!("/api/v1/configuration/subaccounts/{region}/{id}/systemMappings");
    let dump = dump(&[]);
    let mut list = dump[&path].clone();
    for one in list.as_array_mut().unwrap() {
        let part = |name: &str| one[name].as_str().unwrap().to_owned();
        let address = format!("{}:{}", part("virtualHost"), part("virtualPort"));
        one["resources"] = dump[format!("{path}/{address}/resources")].clone();
    }
    let list = write("list.json", list.to_string().as_bytes());
    let (whose, gateway) = (
        format!("{id}@{region}"),
        format!("{region}=gateway.example.com"),
    );
    let planned = file("document.json");
    let told = parse(&run(import(
        &list,
        &[
            "--list-of",
            &whose,
            "--region",
            &gateway,
            "--document",
            &planned,
        ],
    )));
    assert_eq!(told["report"]["counts"]["systemMappings"]["carried"], 15);
    let document = Document::from_json(&std::fs::read_to_string(planned).unwrap()).unwrap();
    assert_eq!(document.subaccounts()[0].mappings().len(), 15);
    let told = refuse(import(&write("scc.zip", b"PK\x03\x04"), &[]));
    assert!(told.contains("is an archive"), "{told}");
    let told = refuse(import(&write("other.json", b"{}"), &[]));
    assert!(
        told.contains("neither a saved reading nor a list"),
        "{told}"
    );
}
