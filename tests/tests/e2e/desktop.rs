//! The desktop app: its commands, and its window as an operator uses it.

#[cfg(target_os = "linux")]
mod keyring;
#[cfg(target_os = "linux")]
mod menu;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
mod window;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use underpass_runtime::file;

use crate::agent::Agent;
use crate::process::{json as parse, program, refuse, run};
use crate::world::World;

/// The app with a profile of its own.
struct Desk {
    profile: PathBuf,
    passphrase: PathBuf,
}

impl Desk {
    fn new(world: &World) -> Self {
        let passphrase = world.path("passphrase");
        file::replace(&passphrase, b"correct horse\n").unwrap();
        Self {
            profile: world.path("profile"),
            passphrase,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("underpass"));
        command
            .args(arguments)
            .arg("--profile")
            .arg(&self.profile)
            .arg("--passphrase-file")
            .arg(&self.passphrase);
        command
    }

    fn tell(&self, arguments: &[&str]) -> Value {
        parse(&run(self.command(&[arguments, &["--json"]].concat())))
    }
}

/// A string for one more operator.
fn invite(agent: &Agent) -> String {
    let arguments = ["pair", "--host", "127.0.0.1", "--role", "Administrator"];
    let told = agent.tell(&[&arguments[..], &["--name", "desk"]].concat());
    told["pairing"].as_str().unwrap().to_owned()
}

#[test]
fn scripts_pair_watch_and_configure_agents() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    agent.until_up();
    let desk = Desk::new(&world);
    let string = invite(&agent);
    let pair = ["fleet", "pair", &string, "--yes", "--label", "plant"];
    let paired = desk.tell(&pair);
    assert_eq!(
        (&paired["operator"], &paired["role"]),
        (&"desk".into(), &"Administrator".into())
    );
    let words: Vec<&str> = paired["words"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        agent.process().output().contains(&words.join(" ")),
        "the agent shows other words"
    );
    let told = refuse(desk.command(&pair));
    assert!(told.contains("was used already"), "{told}");

    let shown = desk.tell(&["fleet", "status"]);
    assert_eq!(
        (&shown[0]["label"], &shown[0]["health"]),
        (&"plant".into(), &"online".into()),
        "{shown}"
    );
    assert_eq!(shown[0]["tunnelsUp"], 2);
    let exported = world.path("export.json");
    let path = exported.to_str().unwrap();
    run(desk.command(&["fleet", "export", "plant", "--out", path]));
    let mut document = parse(&std::fs::read_to_string(&exported).unwrap());
    let write =
        |document: &Value| file::replace(&exported, document.to_string().as_bytes()).unwrap();
    document["connector"]["description"] = "by a script".into();
    write(&document);
    let before = desk.tell(&["fleet", "apply", "plant", path, "--dry-run"]);
    assert_eq!(
        before["changes"][0]["part"], "connector.description",
        "{before}"
    );
    let applied = desk.tell(&["fleet", "apply", "plant", path, "--confirm-within", "60"]);
    assert_eq!(agent.document()["connector"]["description"], "by a script");
    desk.tell(&["fleet", "confirm", "plant"]);
    // Who decided on what was there before is told so.
    let stale = before["revision"].to_string();
    document["connector"]["description"] = "too late".into();
    write(&document);
    let told = refuse(desk.command(&["fleet", "apply", "plant", path, "--revision", &stale]));
    assert!(told.contains("revision"), "{told}");
    assert_ne!(applied["revision"], before["revision"]);

    agent.process().kill();
    let away = desk
        .command(&["fleet", "status", "--json"])
        .output()
        .unwrap();
    assert_eq!(away.status.code(), Some(3));
    let away = parse(&String::from_utf8(away.stdout).unwrap());
    assert_eq!(away[0]["health"], "offline");
    assert!(
        away[0]["problem"]
            .as_str()
            .unwrap()
            .contains("cannot reach"),
        "{away}"
    );
    desk.tell(&["fleet", "remove", "plant", "--yes"]);
    assert_eq!(desk.tell(&["fleet", "list"]), serde_json::json!([]));
}
