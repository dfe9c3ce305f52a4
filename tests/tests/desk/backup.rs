//! A backup by the page of an agent: made, verified, restored and taken back, while requests go on.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use underpass_desktop::nav::{AgentTab, Route};

use crate::desk::Desk;
use crate::http::HELLO;
use crate::process::{json, run, until};
use crate::world::World;

pub(crate) const PASSPHRASE: &str = "correct horse battery";

impl Desk {
    /// Makes a backup into a file.
    fn back_up(&mut self, file: &str) {
        self.sees("Nothing was restored on this agent yet");
        self.button("Back up now…");
        self.fill("File", file);
        self.fill("Passphrase", PASSPHRASE);
        self.fill("Passphrase again", PASSPHRASE);
        self.button("Back up");
        self.sees("Backed up and verified");
    }

    /// Names a backup and what opens it.
    pub(crate) fn open(&mut self, file: &str, passphrase: &str) {
        self.fill("Backup file", file);
        self.key(Modifiers::NONE, Key::Tab);
        self.sees("Written by");
        self.fill("Passphrase of the backup", passphrase);
    }
}

fn answers(world: &World, status: u16) {
    until(&format!("the answer {status}"), || {
        (world.get(HELLO).status == status).then_some(())
    });
}

#[test]
fn a_backup_from_the_page_to_a_restored_agent_and_back() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", &internal)]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    answers(&world, 200);
    let (id, tab) = (desk.agent, AgentTab::Backup);
    desk.go(Route::Agent { id, tab });
    let file = agent.dir.join("plant.zip").display().to_string();
    desk.back_up(&file);
    let backed_up = agent.document();
    // The command opens what the page wrote.
    let secret = agent.dir.join("passphrase");
    underpass_runtime::file::replace(&secret, PASSPHRASE.as_bytes()).unwrap();
    let secret = secret.display().to_string();
    let verify = ["backup", "verify", &file, "--passphrase-file", &secret];
    let told = json(&run(agent.command(&[&verify[..], &["--json"]].concat())));
    assert_eq!(told["own"], true);
    // Somebody opens another system in the place of the one before.
    agent.expose(&[("other.virtual:80", &internal)]);
    answers(&world, 403);
    let changed = agent.document();
    desk.becomes("the change is known", |agent| {
        let known = agent.configuration.value().unwrap();
        let mapping = &known.document.subaccounts()[0].mappings()[0];
        mapping.virtual_address.to_string() == "other.virtual:80"
    });
    desk.button("Verify a file…");
    desk.open(&file, "something else");
    desk.button("Verify");
    desk.sees("It could not be verified");
    desk.fill("Passphrase of the backup", PASSPHRASE);
    desk.button("Verify");
    desk.sees("A restore here would change 2 parts");
    desk.button("Restore from it…");
    desk.button("Show the plan");
    desk.sees("Mapping backend.virtual:80");
    desk.sees("Mapping other.virtual:80");
    assert_eq!(agent.document(), changed);
    desk.button("Restore…");
    desk.fill("Type plant to confirm", "plant");
    desk.button("Restore");
    desk.sees("Restored as revision");
    answers(&world, 200);
    assert_eq!(agent.document(), backed_up);
    desk.sees("Restored a backup of");
    desk.button("Roll back…");
    desk.button("Roll back");
    desk.sees("Taken back as revision");
    answers(&world, 403);
    assert_eq!(agent.document(), changed);
    let shown = json(&run(agent.command(&["restore", "show", "--json"])));
    assert_eq!(shown["last"]["reason"], "took the last restore back");
    assert!(shown["last"]["author"].as_str().unwrap().contains("anna"));
    desk.sees("Took the last restore back");
}

#[test]
fn a_single_mapping_comes_back_from_the_page_and_others_stay() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    let address = &*internal;
    agent.expose(&[
        ("backend.virtual:80", address),
        ("second.virtual:80", address),
    ]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    let (id, tab) = (desk.agent, AgentTab::Backup);
    desk.go(Route::Agent { id, tab });
    let file = agent.dir.join("plant.zip").display().to_string();
    desk.back_up(&file);
    agent.expose(&[("other.virtual:80", address)]);
    answers(&world, 403);
    desk.becomes("the change is known", |agent| {
        let known = agent.configuration.value().unwrap();
        known.document.subaccounts()[0].mappings().len() == 1
    });
    desk.button("Restore from a file…");
    desk.press(Role::RadioButton, "Choose…");
    desk.open(&file, PASSPHRASE);
    desk.button("Read what is in it");
    desk.sees("2 of 2 mappings");
    desk.button("Show the mappings of test");
    desk.press(Role::CheckBox, "Mapping second.virtual:80");
    desk.sees("1 of 2 mappings");
    desk.button("Show the plan");
    desk.sees("Mapping backend.virtual:80");
    desk.button("Restore…");
    desk.button("Restore");
    desk.sees("Restored as revision");
    answers(&world, 200);
    let document = agent.document();
    let mappings = document["subaccounts"][0]["mappings"].as_array().unwrap();
    let names = mappings
        .iter()
        .map(|one| one["virtualAddress"].as_str().unwrap());
    let names: Vec<&str> = names.collect();
    assert_eq!(names, ["backend.virtual:80", "other.virtual:80"]);
}
