//! Several agents from the list of the fleet: connected, called otherwise, backed up, and one
//! operator on all of them.

use std::path::PathBuf;
use std::process::Command;

use egui::accesskit::Role;
use serde_json::Value;
use underpass_desktop::nav::{AgentTab, Route};

use crate::agent::Agent;
use crate::desk::Desk;
use crate::process::{json, run, until};
use crate::world::World;

const PASSPHRASE: &str = "correct horse battery";

/// The role of an operator as an agent tells it.
fn role(agent: &Agent, name: &str) -> Option<Value> {
    let all = json(&run(agent.command(&["operator", "list", "--json"])));
    let mut all = all.as_array()?.iter();
    let found = all.find(|one| one["name"] == name);
    found.map(|one| one["role"].clone())
}

impl Desk {
    fn organise(&mut self, entry: &str, field: &str, text: &str) {
        self.menu("Organise", entry);
        self.fill(field, text);
        self.button("Save");
    }

    /// Does something about an operator on all agents.
    fn on_all(&mut self, what: &str, name: &str, then: impl FnOnce(&mut Self), action: &str) {
        self.button("On many agents…");
        self.press(Role::RadioButton, what);
        self.fill("Operator", name);
        then(self);
        self.press(Role::CheckBox, "Choose all agents");
        self.button(action);
        self.sees("Done on 2 agents");
        self.button("Close");
    }
}

#[test]
fn chosen_agents_are_connected_called_otherwise_and_backed_up() {
    let world = World::start();
    let mut first = world.enrol("", &[]);
    let mut second = world.enrol("b", &[]);
    let mut desk = Desk::new(&mut first);
    desk.also(&mut second, "works");
    first.until_up();
    second.until_up();
    desk.go(Route::Fleet);
    desk.press(Role::CheckBox, "Select all");
    desk.menu("Subaccounts", "Disconnect all subaccounts…");
    desk.fill("Type 2 agents to confirm", "2 agents");
    desk.button("Disconnect");
    let connected = |agent: &Agent| agent.document()["subaccounts"][0]["connected"].clone();
    until("both are disconnected", || {
        desk.frames();
        (first.up() + second.up() == 0).then_some(())
    });
    assert_eq!(
        (connected(&first), connected(&second)),
        (false.into(), false.into())
    );
    // What the app takes for connected it does not connect.
    until("both are known to be disconnected", || {
        desk.frames();
        let fleet = desk.fleet();
        let off = fleet.agents.iter().all(|one| {
            let known = one.configuration.value().unwrap();
            let mut subaccounts = known.document.subaccounts().iter();
            subaccounts.all(|one| !one.own().connected)
        });
        off.then_some(())
    });
    desk.menu("Subaccounts", "Connect all subaccounts");
    until("both are connected", || {
        desk.frames();
        (first.up() == 2 && second.up() == 2).then_some(())
    });
    // Each takes what is known of the agents, and changes one part of it.
    for (entry, field, text, tags) in [
        ("Set group…", "Group", "north", 0),
        ("Add tag…", "Tag", "sap", 1),
    ] {
        desk.organise(entry, field, text);
        until(entry, || {
            desk.frames();
            let fleet = desk.fleet();
            let mut all = fleet.agents.iter();
            let so = all.all(|one| one.group.as_deref() == Some("north") && one.tags.len() == tags);
            so.then_some(())
        });
    }
    let folder = world.path("backups");
    std::fs::create_dir(&folder).unwrap();
    desk.menu("Organise", "Back up into a folder…");
    desk.fill("Folder", &folder.display().to_string());
    desk.fill("Passphrase", PASSPHRASE);
    desk.fill("Passphrase again", PASSPHRASE);
    desk.button("Back up");
    let secret = world.path("passphrase");
    underpass_runtime::file::replace(&secret, PASSPHRASE.as_bytes()).unwrap();
    let files = until("both backups", || {
        desk.frames();
        let files = std::fs::read_dir(&folder).unwrap();
        let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        let is_zip = |file: &&PathBuf| file.extension().is_some_and(|end| end == "zip");
        (files.iter().filter(is_zip).count() == 2).then_some(files)
    });
    for file in files {
        let (file, secret) = (file.display().to_string(), secret.display().to_string());
        run(first.command(&["backup", "verify", &file, "--passphrase-file", &secret]));
    }
}

#[test]
fn one_operator_comes_and_goes_on_many_agents() {
    let world = World::start();
    let mut first = world.enrol("", &[]);
    let mut second = world.enrol("b", &[]);
    let mut desk = Desk::new(&mut first);
    desk.also(&mut second, "works");
    let request = run(Command::new("openssl").args([
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-subj",
        "/CN=carl",
    ]));
    desk.tab(AgentTab::Operators);
    let add = |desk: &mut Desk| {
        desk.choose("Role", "Support");
        desk.fill("Signing request", &request);
    };
    desk.on_all("Add", "carl", add, "Add on 2 agents");
    for agent in [&first, &second] {
        assert_eq!(role(agent, "carl").unwrap(), "Support");
    }
    let other = |desk: &mut Desk| desk.choose("Role", "Display");
    desk.becomes("the operator is known", |agent| {
        let known = agent.configuration.value().unwrap();
        known.document.connector().operators().as_slice().len() == 2
    });
    desk.on_all("Change the role", "carl", other, "Set the role on 2 agents");
    for agent in [&first, &second] {
        assert_eq!(role(agent, "carl").unwrap(), "Display");
    }
    let sure = |desk: &mut Desk| desk.fill("Type carl to confirm", "carl");
    desk.on_all("Revoke", "carl", sure, "Revoke on 2 agents");
    for agent in [&first, &second] {
        assert_eq!(role(agent, "carl"), None);
    }
}
