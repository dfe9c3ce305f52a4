//! The log in files: rolled over, read in pages, taken away, deleted.

use std::process::Command;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::process::{refuse, run, until};
use crate::world::World;

/// The settings of the log.
const SETTINGS: &str = "/api/v1/configuration/connector/logAndTrace";

fn list(agent: &Agent) -> Value {
    agent.tell(&["log-file", "list"])
}

fn names(list: &Value) -> Vec<String> {
    let files = list["files"].as_array().unwrap().iter();
    files
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

fn print(agent: &Agent, name: &str) -> String {
    run(agent.command(&["log-file", "print", name]))
}

#[test]
fn the_log_is_in_files_that_are_listed_read_and_deleted() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    until("the log is written", || {
        print(&agent, "agent.log")
            .contains("tunnel up")
            .then_some(())
    });
    assert!(!print(&agent, "agent.log").contains("request denied"));
    modules_have_levels(&world, &agent);
    let old = rolled_over(&world, &mut agent);
    is_archived(&agent, &["agent.log", &old]);
    others_are_out_of_reach(&agent);
    is_deleted(&agent, &old);
}

/// Levels of single modules, at once; a wrong one changes nothing.
fn modules_have_levels(world: &World, agent: &Agent) {
    let set = |levels: &Value| {
        let body = json!({ "levels": levels }).to_string();
        agent.send("PATCH", SETTINGS, &[], &body)
    };
    assert_eq!(
        world.get("http://backend.virtual/customer-4711").status,
        403
    );
    until("the denial is written", || {
        print(agent, "agent.log")
            .contains("request denied")
            .then_some(())
    });
    assert!(!print(agent, "agent.log").contains("customer-4711"));
    assert_eq!(
        set(&json!({"underpass_agent::forward": "DEBUG"})).status,
        204
    );
    until("the level is followed", || {
        assert_eq!(
            world.get("http://backend.virtual/customer-4711").status,
            403
        );
        print(agent, "agent.log")
            .contains("customer-4711")
            .then_some(())
    });
    let wrong = set(&json!({"a=debug": "DEBUG"}));
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.json()["message"]
            .as_str()
            .unwrap()
            .contains("path of a module"),
        "{wrong:?}"
    );
    assert_eq!(set(&json!({"h2": "LOUD"})).status, 400);
    let shown = agent.ask("GET", SETTINGS, &[]).json();
    assert_eq!(
        shown["levels"],
        json!({"underpass_agent::forward": "DEBUG"})
    );
}

/// The name of the old file. One megabyte and more begins another file; it is there before the agent
/// runs, so that it need not be logged line by line.
fn rolled_over(world: &World, agent: &mut Agent) -> String {
    agent.process().terminate();
    assert!(agent.process().wait().success());
    let file = agent.dir.join("log/agent.log");
    let large = format!("{}\n", "x".repeat(999)).repeat(1_001);
    underpass_runtime::file::replace(&file, large.as_bytes()).unwrap();
    let small = json!({"rolloverThreshold": "1 MB"}).to_string();
    agent.run();
    agent.until_up();
    assert_eq!(agent.send("PATCH", SETTINGS, &[], &small).status, 204);
    until("the next file begins", || {
        world.get("http://backend.virtual/closed");
        (names(&list(agent)).len() == 2).then_some(())
    });
    let all = list(agent);
    let [present, old] = <[String; 2]>::try_from(names(&all)).unwrap();
    assert_eq!(
        (present.as_str(), &all["files"][0]["inUse"]),
        ("agent.log", &json!(true))
    );
    assert!(print(agent, &old).starts_with("xxx") && print(agent, &old).len() > 1_000_000);
    let page = |page: &str| agent.tell(&["log-file", "show", &old, "--page", page]);
    assert!(page("0")["pages"].as_u64().unwrap() > 10);
    assert_eq!(page("0")["lines"].as_array().unwrap().len(), 66);
    assert!(refuse(agent.command(&["log-file", "show", &old, "--page", "999"])).contains("pages"));
    old
}

/// Nothing else is reached by any name.
fn others_are_out_of_reach(agent: &Agent) {
    for name in [
        "..%2fstate.db",
        "%2e%2e%2fstate.db",
        "..",
        "agent.log%00",
        "..%5cstate.db",
        "state.db",
    ] {
        for verb in ["GET", "DELETE"] {
            let answer = agent.ask(verb, &format!("/api/v1/logs/files/{name}"), &["X-A: b"]);
            assert!(matches!(answer.status, 400 | 404), "{name}: {answer:?}");
        }
    }
    assert!(agent.dir.join("state.db").exists());
}

/// An old file is; the one in use stays.
fn is_deleted(agent: &Agent, old: &str) {
    let used = refuse(agent.command(&["log-file", "delete", "agent.log"]));
    assert!(used.contains("is written"), "{used}");
    run(agent.command(&["log-file", "delete", old]));
    assert_eq!(names(&list(agent)), ["agent.log"]);
    assert!(refuse(agent.command(&["log-file", "delete", old])).contains("there is no file"));
    let audit = run(agent.command(&["audit", "list", "--json"]));
    assert!(
        audit.contains(&format!("deleted the file {old} of the log")),
        "{audit}"
    );
}

/// A zip that Python opens, with the files as they are.
fn is_archived(agent: &Agent, names: &[&str]) {
    let output = agent.command(&["log-file", "archive"]).output().unwrap();
    assert!(output.status.success());
    let path = agent.dir.join("log.zip");
    underpass_runtime::file::replace(&path, &output.stdout).unwrap();
    let script = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; \
                  print(' '.join(z.namelist())); print(max(i.file_size for i in z.infolist()))";
    let mut python = Command::new("python3");
    let told = run(python.args(["-c", script]).arg(&path));
    let (listed, size) = told.trim().split_once('\n').unwrap();
    assert_eq!(listed, names.join(" "));
    assert!(size.parse::<u64>().unwrap() > 1_000_000, "{told}");
}
