//! The commands of the binary, over made-up agents and an empty profile.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn underpass(profile: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_underpass"));
    command.args(arguments).arg("--profile").arg(profile);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a command says that must fail with this code.
fn refused(profile: &Path, arguments: &[&str], code: i32) -> String {
    let output = underpass(profile, arguments);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    told
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)))
}

#[test]
fn made_up_agents_are_listed_asked_and_changed_by_the_same_commands() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| underpass(dir.path(), arguments);
    let listed = json(&run(&["fleet", "list", "--demo", "--json"]));
    let agents = listed.as_array().unwrap();
    assert!(agents.len() > 40, "{}", agents.len());
    // Some of them are in trouble, which scripts learn by the exit code.
    let status = run(&["fleet", "status", "--demo", "--json"]);
    assert_eq!(status.status.code(), Some(3), "{}", text(&status.stderr));
    let shown = json(&status);
    let well = shown
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["health"] == "online")
        .unwrap();
    let id = well["id"].as_str().unwrap();
    assert!(
        well["revision"].is_u64() && well["version"].is_string(),
        "{well}"
    );
    let one = run(&["fleet", "status", "--demo", id]);
    assert_eq!(one.status.code(), Some(0));
    assert!(
        text(&one.stdout).starts_with("AGENT"),
        "{}",
        text(&one.stdout)
    );

    let exported = run(&["fleet", "export", "--demo", id]);
    let mut document: Value = json(&exported);
    let path = dir.path().join("document.json");
    let file = path.to_str().unwrap();
    let apply = |document: &Value, more: &[&str]| {
        underpass_runtime::file::replace(&path, document.to_string().as_bytes()).unwrap();
        run(&[&["fleet", "apply", "--demo", id, file], more].concat())
    };
    // Each start makes them up anew, so their certificates differ; nothing else does.
    let preview = |document: &Value| {
        let previewed = apply(document, &["--dry-run"]);
        assert_eq!(
            previewed.status.code(),
            Some(0),
            "{}",
            text(&previewed.stderr)
        );
        text(&previewed.stdout).contains("  ~ connector.description\n")
    };
    assert!(!preview(&document));
    document["connector"]["description"] = "by a script".into();
    assert!(preview(&document));
    let applied = json(&apply(&document, &["--json"]));
    assert_eq!(applied["changed"], true);
    document["connector"]["description"] = Value::from("x".repeat(10_000));
    let wrong = apply(&document, &[]);
    let told = text(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        told.contains("is not valid") && told.contains("description"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_done_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path();
    let passphrase = profile.join("passphrase");
    underpass_runtime::file::replace(&passphrase, "correct horse\n".as_bytes()).unwrap();
    let file = passphrase.to_str().unwrap();
    for (arguments, code, words) in [
        (&["fleet"][..], 2, "Usage"),
        (&["fleet", "status", "--timeout", "0"], 2, "timeout"),
        (
            &["fleet", "export", "nobody", "--passphrase-file", file],
            1,
            "no agent is called \"nobody\"",
        ),
        (
            &["fleet", "pair", "--demo", "underpass://a:1#b.c"],
            1,
            "made-up agents",
        ),
        (&["fleet", "pair", "underpass://a:1#b.c"], 1, "--yes"),
        (
            &[
                "fleet",
                "pair",
                "underpass://a:1#b.c",
                "--yes",
                "--passphrase-file",
                file,
            ],
            1,
            "damaged or was cut",
        ),
        (
            &[
                "fleet",
                "pair",
                "x",
                "--yes",
                "--label",
                "a\u{7}",
                "--passphrase-file",
                file,
            ],
            1,
            "the label must not have control characters",
        ),
        (
            &["fleet", "status", "--passphrase-file", "/nowhere"],
            1,
            "cannot read the passphrase",
        ),
        // By now the keys are sealed by the passphrase, and nobody is there to be asked.
        (&["fleet", "status"], 1, "--passphrase-file"),
        (&["--passphrase-file", file], 1, "there is no display"),
    ] {
        let told = refused(profile, arguments, code);
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
    underpass_runtime::file::replace(&passphrase, "wrong horses\n".as_bytes()).unwrap();
    let told = refused(profile, &["fleet", "status", "--passphrase-file", file], 1);
    assert!(told.contains("cannot be opened"), "{told}");
    let empty = underpass(profile, &["fleet", "list"]);
    assert!(text(&empty.stdout).contains("no agents are known"));
}

#[test]
fn a_fleet_is_searched_compared_and_planned_for() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        underpass(
            dir.path(),
            &[&["fleet"], arguments, &["--demo", "--json"]].concat(),
        )
    };
    let found = json(&run(&["search", "internal:mes.plant.example"]));
    let agents = found["agents"].as_array().unwrap();
    assert!(!agents.is_empty() && agents.len() < 50, "{}", agents.len());
    for hit in agents
        .iter()
        .flat_map(|agent| agent["hits"].as_array().unwrap())
    {
        assert_eq!(hit["internalAddress"], "mes.plant.example:9443", "{hit}");
    }
    let listed = json(&run(&["list"]));
    let labels: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["label"].as_str())
        .filter(|label| label.starts_with("dev"))
        .collect();
    let path = dir.path().join("template.json");
    let file = path.to_str().unwrap();
    let made = run(&["template", "of", labels[0], "--out", file]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let same = run(&["drift", "--template", file, labels[0]]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    let compared = run(&["drift", "--baseline", labels[0], "--group", "Development"]);
    assert_eq!(compared.status.code(), Some(3));
    assert_eq!(json(&compared).as_array().unwrap().len(), labels.len() - 1);

    let template = r#"{"format":1,"variables":{"x":{}},"settings":{"description":"${x}"}}"#;
    underpass_runtime::file::replace(&path, template.as_bytes()).unwrap();
    let told = run(&["bulk", "plan", file, labels[0], labels[1]]);
    assert_eq!(told.status.code(), Some(3), "{}", text(&told.stderr));
    let fault = &json(&told)["agents"][0]["fault"];
    assert_eq!(
        (&fault["kind"], &fault["field"]),
        (&"invalid".into(), &"variables.x".into())
    );
    let lacks = format!("has no value for {}", labels[1]);
    let own = format!("{}:x=y", labels[0]);
    let drift = ["drift", "--template", file, labels[0], labels[1]];
    for (values, words) in [
        (&[][..], format!("has no value for {}", labels[0])),
        (&[], lacks.clone()),
        (&["--set-for", &own], lacks),
    ] {
        let told = text(&run(&[&drift[..], values].concat()).stdout);
        assert!(told.contains(&words), "{told}");
    }
    let told = text(&run(&[&drift[..], &["--set-for", &own]].concat()).stdout);
    assert!(
        !told.contains(&format!("has no value for {}", labels[0])),
        "{told}"
    );
    let told = text(&run(&[&drift[..], &["--set", "x=z"]].concat()).stdout);
    assert!(!told.contains("has no value"), "{told}");
    let planned = json(&run(&[
        "bulk", "plan", file, labels[0], labels[1], "--set", "x=y",
    ]));
    assert_eq!(planned["number"], Value::Null);
    assert_eq!(planned["agents"].as_array().unwrap().len(), 2);
    refuses_what_is_not_there(dir.path(), file, labels[0]);
}

fn refuses_what_is_not_there(profile: &Path, file: &str, baseline: &str) {
    for (arguments, words) in [
        (&["bulk", "plan", file][..], "name the agents"),
        (
            &["bulk", "plan", file, "--all", "--set", "y=1"],
            "variables.y: is unknown",
        ),
        (
            &["bulk", "plan", file, "--group", "none"],
            "there is no group",
        ),
        (&["bulk", "run", "1"], "made-up agents"),
        (&["search", "nothing:x"], "there is no field"),
        (
            &["drift", "--all", "--baseline", baseline, "--ignore", "x"],
            "is no rule",
        ),
    ] {
        let arguments = [&["fleet"], arguments, &["--demo"]].concat();
        let told = refused(profile, &arguments, 1);
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
    let none = refused(profile, &["fleet", "bulk", "show", "7"], 1);
    assert!(none.contains("there is no bulk change 7"), "{none}");
}
