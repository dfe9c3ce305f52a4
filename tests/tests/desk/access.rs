//! Access control: from the wizard to a request through the tunnel, and back.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use underpass_desktop::nav::{AgentTab, Route};

use crate::desk::Desk;
use crate::http::HELLO;
use crate::process::until;
use crate::world::World;

const MAPPING: &str = "backend.virtual:80";

impl Desk {
    /// Waits until the app knows that `/hello` is open, or not.
    fn is_open(&mut self, open: bool) {
        self.becomes("the configuration is known", |agent| {
            let known = agent.configuration.value().unwrap();
            let mapping = &known.document.subaccounts()[0].mappings()[0];
            mapping.resources[1].path.as_str() == "/hello" && mapping.resources[1].enabled == open
        });
    }

    /// Adds the mapping with two resources, by the wizard and the dialog.
    pub(crate) fn add_mapping(&mut self, internal: &str) {
        let (host, port) = internal.rsplit_once(':').unwrap();
        self.sees("Nothing is open");
        self.button("Add mapping…");
        self.press(Role::RadioButton, "Non-SAP system");
        self.press(Role::RadioButton, "HTTP");
        self.button("Continue");
        self.fill("Internal host", host);
        self.fill("Internal port", port);
        self.fill("Virtual host", "backend.virtual");
        self.fill("Virtual port", "80");
        self.button("Continue");
        self.fill("Path", "/hello");
        self.button("Continue");
        self.button("Add to the draft");
        self.button("Add resource…");
        self.fill("Path", "/bytes");
        self.press(Role::RadioButton, "Path and all sub-paths");
        self.button("Add");
        self.sees("2 of 2 enabled");
    }
}

pub(crate) fn answers(world: &World, status: u16) {
    until(&format!("the answer {status}"), || {
        (world.get(HELLO).status == status).then_some(())
    });
}

#[test]
fn a_mapping_from_the_wizard_to_a_request_and_back() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    let (id, tab) = (desk.agent, AgentTab::AccessControl);
    desk.go(Route::Agent { id, tab });
    desk.add_mapping(&internal);
    // On trial: it works at once, and stays when it is kept.
    desk.key(Modifiers::COMMAND, Key::S);
    desk.sees("Added Mapping backend.virtual:80");
    let trial = "Revert by itself unless confirmed within";
    desk.press(Role::Switch, trial);
    desk.press(Role::RadioButton, "5 min");
    desk.button("Apply on trial");
    desk.becomes("it is on trial", |agent| agent.pending.is_some());
    answers(&world, 200);
    desk.button("Keep");
    desk.becomes("it is kept", |agent| agent.pending.is_none());
    // The agent checks the way, and tells by which rule a request passes.
    desk.button("Check");
    desk.sees("Reachable");
    desk.button("More for this mapping");
    desk.press(Role::MenuItem, "Test access…");
    desk.button("Ask the agent");
    desk.sees("Passes");
    desk.button("Close");
    // A resource is closed, and the toast takes that back.
    desk.press(Role::Tab, "Resources");
    desk.press(Role::CheckBox, "Enable /hello");
    desk.apply("Resource /hello, enabled");
    answers(&world, 403);
    desk.is_open(false);
    let revision = desk.snapshot().configuration.value().unwrap().revision;
    desk.button(&format!("Undo revision {revision}"));
    answers(&world, 200);
    desk.is_open(true);
    // Out as a file, away, and in again.
    let file = agent.dir.join("mappings.json").display().to_string();
    desk.button("More for all mappings");
    desk.press(Role::MenuItem, "Export…");
    desk.fill("File", &file);
    desk.button("Export");
    until("the file", || {
        desk.frames();
        std::fs::metadata(&file)
            .ok()
            .filter(|found| found.len() > 0)
    });
    desk.button("Close the mapping");
    desk.row(MAPPING);
    desk.key(Modifiers::NONE, Key::Delete);
    desk.apply("Removed Mapping backend.virtual:80");
    answers(&world, 403);
    assert_eq!(
        agent.document()["subaccounts"][0]["mappings"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    desk.button("More for all mappings");
    desk.press(Role::MenuItem, "Import…");
    desk.fill("File", &file);
    desk.key(Modifiers::NONE, Key::Tab);
    desk.sees("1 added");
    desk.button("Add to the draft");
    desk.apply("Added Mapping backend.virtual:80");
    answers(&world, 200);
    let mapping = &agent.document()["subaccounts"][0]["mappings"][0];
    assert_eq!(mapping["resources"].as_array().unwrap().len(), 2);
}
