//! An agent that moves to another host and back, and a configuration that comes from an SAP Cloud
//! Connector, by the wizards of the page.

use egui::accesskit::Role;
use serde_json::{Value, json};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::migrate::report::Outcome;

use crate::agent::Agent;
use crate::backup::PASSPHRASE;
use crate::connector::{Connector, USER};
use crate::desk::{Desk, migrations};
use crate::http::HELLO;
use crate::process::{run, until};
use crate::world::World;

/// What the stand-in has, but for the subaccount that stays where it is.
const SUBACCOUNTS: usize = 3;
const MAPPINGS: usize = 95;

fn answers(world: &World) {
    until("the application is answered", || {
        (world.get(HELLO).status == 200).then_some(())
    });
}

fn subaccounts(agent: &Agent) -> Vec<Value> {
    let document = agent.document();
    document["subaccounts"].as_array().unwrap().clone()
}

/// Back ends at loopback addresses must be allowed at a target too.
fn allow(agent: &Agent) {
    let mut document = agent.document();
    document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
}

impl Desk {
    /// Opens the wizard for the first agent, from its page.
    fn migrate(&mut self) {
        let (id, tab) = (self.agent, AgentTab::Overview);
        self.go(Route::Agent { id, tab });
        self.button("More actions");
        self.press(Role::MenuItem, "Migrate…");
    }

    /// Waits until the newest migration stands so.
    fn stands(&mut self, outcome: Outcome) {
        until(outcome.word(), || {
            self.frames();
            let fleet = self.fleet();
            let newest = fleet.moves.first()?;
            (newest.job.is_none() && newest.outcome() == Some(outcome)).then_some(())
        });
    }
}

#[test]
fn an_agent_moves_to_another_and_back_by_the_wizard() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut source = world.enrol("", &[]);
    source.expose(&[("backend.virtual:80", &internal)]);
    let mut target = Agent::new(world.path("target"), "", &[]);
    let mut desk = Desk::new(&mut source);
    source.until_up();
    answers(&world);
    desk.also(&mut target, "works");
    allow(&target);
    desk.migrate();
    desk.press(Role::CheckBox, "To works");
    desk.button("Continue");
    desk.sees("Internal hosts");
    desk.button("Continue");
    desk.sees("The targets find what they need");
    desk.sees(&internal);
    desk.button("Continue");
    desk.fill("Type plant to confirm", "plant");
    desk.button("Move now");
    desk.stands(Outcome::Done);
    desk.sees("Release the source");
    desk.sees("1 of 1 passed");
    answers(&world);
    until("the target alone has tunnels", || {
        (source.up() == 0 && target.up() == 2).then_some(())
    });
    let moved = subaccounts(&target);
    assert_eq!(moved.len(), 1);
    assert_eq!(
        moved[0]["mappings"][0]["internalAddress"],
        internal.as_str()
    );

    desk.button("Roll back…");
    desk.button("Roll back");
    desk.stands(Outcome::TakenBack);
    answers(&world);
    until("the source has its tunnels again", || {
        (source.up() == 2 && target.up() == 0).then_some(())
    });
    assert!(subaccounts(&target).is_empty());

    // Another start of the app finds it in the journals of the profile.
    drop(desk);
    assert_eq!(migrations(&source), [Outcome::TakenBack]);
}

#[test]
fn a_dead_agent_comes_back_from_its_backup_by_the_wizard() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut source = world.enrol("", &[]);
    source.expose(&[("backend.virtual:80", &internal)]);
    let mut target = Agent::new(world.path("target"), "", &[]);
    let mut desk = Desk::new(&mut source);
    source.until_up();
    desk.also(&mut target, "works");
    allow(&target);
    let file = world.path("plant.zip").display().to_string();
    let secret = world.path("backup-passphrase");
    underpass_runtime::file::replace(&secret, PASSPHRASE.as_bytes()).unwrap();
    let secret = secret.display().to_string();
    run(source.command(&["backup", "--out", &file, "--passphrase-file", &secret]));
    source.process().kill();
    desk.go(Route::Moves);
    desk.button("Migrate an agent…");
    desk.press(Role::RadioButton, "A backup file");
    desk.press(Role::CheckBox, "To works");
    desk.open(&file, "something else");
    desk.button("Continue");
    desk.sees("The target could not read it");
    desk.fill("Passphrase of the backup", PASSPHRASE);
    desk.button("Continue");
    desk.sees("Internal hosts");
    desk.button("Continue");
    desk.sees("The targets find what they need");
    desk.sees(&internal);
    desk.button("Continue");
    desk.sees("1, after the cut-over");
    desk.button("Bring back now");
    desk.stands(Outcome::Done);
    desk.sees("1 of 1 passed");
    answers(&world);
    target.until_up();
    desk.button("Roll back…");
    desk.button("Roll back");
    desk.stands(Outcome::TakenBack);
    assert!(subaccounts(&target).is_empty());
}

#[test]
fn an_agent_is_copied_to_two_others_at_once() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut source = world.enrol("", &[]);
    source.expose(&[("backend.virtual:80", &internal)]);
    let mut desk = Desk::new(&mut source);
    source.until_up();
    let copies = ["north", "south"].map(|label| {
        let mut agent = Agent::new(world.path(label), "", &[]);
        desk.also(&mut agent, label);
        allow(&agent);
        agent
    });
    desk.migrate();
    desk.press(Role::RadioButton, "Copy");
    desk.press(Role::CheckBox, "To north");
    desk.press(Role::CheckBox, "To south");
    desk.button("Continue");
    desk.fill("Location ID of the copy", "north");
    desk.press(Role::ComboBox, "Target");
    desk.press(Role::MenuItem, "south · 1 subaccount");
    desk.fill("Location ID of the copy", "south");
    desk.button("Continue");
    desk.sees("The targets find what they need");
    desk.button("Continue");
    desk.button("Copy now");
    desk.stands(Outcome::Done);
    answers(&world);
    for (copy, location) in copies.iter().zip(["north", "south"]) {
        until("the copy answers", || {
            let answer = world.get_at(HELLO, location);
            (answer.status == 200).then_some(())
        });
        copy.until_up();
    }
    source.until_up();
    desk.button("Roll back…");
    desk.button("Roll back");
    desk.stands(Outcome::TakenBack);
    answers(&world);
    assert!(copies.iter().all(|copy| subaccounts(copy).is_empty()));
}

#[test]
fn a_connector_is_imported_as_one_revision_by_the_wizard() {
    let folder = tempfile::tempdir().unwrap();
    let connector = Connector::start(&[]);
    let mut agent = Agent::new(folder.path().join("agent"), "", &[]);
    let mut desk = Desk::new(&mut agent);
    let before = desk.snapshot().configuration.value().unwrap().revision;
    desk.go(Route::Moves);
    desk.button("Import from SAP Cloud Connector…");
    desk.fill("Administration address", &connector.url());
    desk.button("Fetch its certificate");
    // The app shows what people compare: pairs of capital digits.
    let shown = connector.fingerprint.to_uppercase();
    let pairs: Vec<&str> = (0..shown.len())
        .step_by(2)
        .map(|at| &shown[at..at + 2])
        .collect();
    desk.sees(&pairs.join(":"));
    desk.press(Role::Switch, "It is the same fingerprint");
    desk.fill("User", USER);
    let password = std::fs::read_to_string(connector.file("password")).unwrap();
    desk.fill("Password", password.trim_end());
    desk.button("Read");
    let gateway = "gateway.example.com";
    for region in [
        "cf.eu10.hana.ondemand.com",
        "cf.us10.hana.ondemand.com",
        "hana.ondemand.com",
    ] {
        desk.fill(&format!("Gateway in place of {region}"), gateway);
    }
    desk.press(Role::Switch, "Leave p1234567trial where it is");
    desk.button("Continue");
    desk.press(Role::ComboBox, "Into");
    desk.press(Role::MenuItem, "plant");
    desk.sees("would change");
    desk.button("Apply to plant");
    desk.sees(&format!("plant has it as revision {}", before + 1));
    let known = subaccounts(&agent);
    assert_eq!(known.len(), SUBACCOUNTS);
    let mappings = known
        .iter()
        .map(|one| one["mappings"].as_array().unwrap().len());
    assert_eq!(mappings.sum::<usize>(), MAPPINGS);
    let report = folder.path().join("import.md");
    desk.button("Save the report…");
    desk.fill("File", &report.display().to_string());
    desk.button("Save");
    until("the report", || {
        desk.frames();
        let text = std::fs::read_to_string(&report).ok()?;
        text.contains("## What is left to do").then_some(())
    });
    assert_eq!(connector.stats("writes"), 0);
    assert_eq!(connector.stats("refusedLogins"), 0);
}
