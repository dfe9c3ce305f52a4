//! Migrations and imports: from the page's list through the wizards to what came of them.

use egui::{Key, Modifiers, Theme};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::migrate::report::Outcome;
use underpass_fleet::snapshot::{AgentSnapshot, Health, MoveSnapshot};
use underpass_shared::config::{Document, Protocol};
use underpass_shared::id::AgentId;

use crate::backup;
use crate::stage::{SMALL, Stage, WINDOW};

/// The domain whose hosts the made-up targets do not resolve.
const FAR: &str = ".plant.example";

fn moves(stage: &Stage) -> Vec<MoveSnapshot> {
    stage.harness.state().fleet().moves.to_vec()
}

fn outcomes(stage: &Stage) -> Vec<Outcome> {
    let moves = moves(stage);
    moves.iter().filter_map(MoveSnapshot::outcome).collect()
}

fn has_far_hosts(agent: &AgentSnapshot) -> bool {
    let Some(known) = agent.configuration.value() else {
        return false;
    };
    let mut mappings = known
        .document
        .subaccounts()
        .iter()
        .flat_map(|one| one.mappings());
    mappings.any(|one| {
        let address = &one.internal_address;
        one.protocol == Protocol::Https && address.host.as_str().ends_with(FAR)
    })
}

/// An agent that serves hosts which targets do not resolve, and two that can take it.
fn agents(stage: &Stage) -> [String; 3] {
    let fleet = stage.harness.state().fleet();
    let online = |agent: &&std::sync::Arc<AgentSnapshot>| agent.health == Health::Online;
    let all: Vec<_> = fleet.agents.iter().filter(online).collect();
    let source = all.iter().find(|agent| has_far_hosts(agent)).unwrap();
    let mut others = all.iter().filter(|agent| agent.id != source.id);
    let mut next = || others.next().unwrap().label.to_string();
    [source.label.to_string(), next(), next()]
}

/// Opens the wizard from the page of an agent.
fn begin(stage: &mut Stage, label: &str) {
    let fleet = stage.harness.state().fleet();
    let id = fleet
        .agents
        .iter()
        .find(|one| &*one.label == label)
        .unwrap()
        .id;
    let tab = AgentTab::Overview;
    stage.go(Route::Agent { id, tab });
    stage.click("More actions");
    stage.click("Migrate…");
    assert_eq!(stage.harness.state().route(), Route::Moves);
}

#[test]
fn an_agent_is_moved_to_two_targets_from_its_menu() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::new(theme, WINDOW);
        let [source, first, second] = agents(&stage);
        begin(&mut stage, &source);
        stage.press(&format!("To {first}"));
        stage.press(&format!("To {second}"));
        stage.shot("moves-agents");
        stage.press("Continue");
        // The first has got all of them, and the second nothing yet.
        assert!(stage.mentions("Internal hosts"));
        stage.shot("moves-differences");
        stage.press("Back");
        stage.press(&format!("To {second}"));
        stage.press("Continue");
        stage.press("Continue");
        // A host of the plant is not known to the target, and the remedy is told.
        assert!(stage.mentions("It would fail at"));
        assert!(stage.mentions("Add the name to the DNS"));
        stage.shot("moves-check-fails");
        stage.press("Back");
        stage.press("Add a replacement of a host");
        stage.field("Find host 1", FAR);
        stage.field("Replace host 1 with", ".works.example");
        stage.shot("moves-replace");
        stage.press("Continue");
        assert!(stage.shows("The targets find what they need"));
        stage.shot("moves-check");
        stage.press("Continue");
        stage.shot("moves-confirm");
        // Without its name nothing begins.
        let before = moves(&stage).len();
        stage.key(Modifiers::NONE, Key::Enter);
        assert_eq!(moves(&stage).len(), before);
        stage.field(&format!("Type {source} to confirm"), &source);
        stage.press("Move now");
        assert_eq!(moves(&stage).len(), before + 1);
        assert!(stage.shows("Running"), "it is chosen and on its way");
        stage.shot("moves-running");
        stage.press("Cancel migration");
        assert!(stage.shows("It was stopped in the middle"));
        stage.press("Resume…");
        stage.press("Resume");
        assert_eq!(outcomes(&stage)[0], Outcome::Done);
        assert!(stage.shows("Test requests"));
        assert!(stage.mentions(" passed"));
        stage.shot("moves-done");
        stage.press("Roll back…");
        stage.shot("moves-roll-back");
        stage.press("Roll back");
        assert_eq!(outcomes(&stage)[0], Outcome::TakenBack);
    }
}

#[test]
fn systems_that_are_not_reached_can_be_tolerated_and_copies_need_a_location() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let [source, first, _] = agents(&stage);
    begin(&mut stage, &source);
    stage.press("Copy");
    stage.press(&format!("To {first}"));
    stage.press("Continue");
    stage.field("Location ID of the copy", "no space");
    stage.press("Continue");
    assert!(
        stage.shows("Location ID of the copy"),
        "it is wrong, and one stays"
    );
    stage.clear("Location ID of the copy");
    stage.field("Location ID of the copy", "standby");
    stage.press("Continue");
    assert!(stage.mentions("It would fail at"));
    stage.press("Go on although systems are not reached");
    stage.press("Continue");
    stage.press("Copy now");
    assert!(stage.shows("Running"));
}

#[test]
fn a_dead_agent_comes_back_from_its_backup_by_the_wizard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.zip");
    for mut stage in Stage::both() {
        drop(std::fs::remove_file(&path));
        let [source, target, _] = agents(&stage);
        let (from, document) = known(&stage, &source);
        backup::make(&mut stage, from, &path);
        stage.go(Route::Moves);
        stage.press("Migrate an agent…");
        stage.press("A backup file");
        stage.press(&format!("To {target}"));
        stage.press("Continue");
        assert!(stage.shows("Backup file"), "no file is named yet");
        backup::open(&mut stage, &path, "something else");
        stage.press("Continue");
        stage.until(|stage| stage.mentions("The target could not read it"));
        backup::open(&mut stage, &path, backup::PASSPHRASE);
        stage.shot("moves-backup");
        stage.press("Continue");
        stage.until(|stage| stage.shows("Gateways"));
        stage.shot("moves-backup-goals");
        // One test request in place of all.
        stage.press("Choose…");
        let address = &document.subaccounts()[0].mappings()[0].virtual_address;
        stage.press(&format!("Test {address}"));
        stage.shot("moves-tests");
        // A gateway by a name that is none is refused here.
        stage.press("Add a replacement of a region host");
        stage.field("Find region host 1", "no host");
        stage.press("Continue");
        assert!(stage.shows("Find region host 1"));
        stage.press("Remove replacement 1 of a region host");
        stage.press("Continue");
        assert!(stage.mentions("It would fail at"));
        stage.press("Go on although systems are not reached");
        assert!(stage.shows("The targets find what they need"));
        stage.press("Continue");
        assert!(stage.mentions("1, after the cut-over"));
        stage.shot("moves-backup-confirm");
        let before = moves(&stage).len();
        stage.press("Bring back now");
        assert_eq!(moves(&stage).len(), before + 1);
        assert!(stage.shows("Running"));
        stage.press("Cancel migration");
        // Its passphrase is kept nowhere, so it is asked for again.
        stage.press("Resume…");
        stage.shot("moves-backup-resume");
        stage.press("Resume");
        assert_ne!(outcomes(&stage)[0], Outcome::Done);
        stage.field("Passphrase of the backup", backup::PASSPHRASE);
        stage.press("Resume");
        assert_eq!(outcomes(&stage)[0], Outcome::Done);
        assert!(stage.mentions("1 of 1 passed"));
        stage.shot("moves-backup-done");
    }
}

/// An agent by its label, and its configuration.
fn known(stage: &Stage, label: &str) -> (AgentId, std::sync::Arc<Document>) {
    let fleet = stage.harness.state().fleet();
    let agent = fleet.agents.iter().find(|one| &*one.label == label);
    let agent = agent.unwrap();
    let known = agent.configuration.value().unwrap();
    (agent.id, std::sync::Arc::clone(&known.document))
}

#[test]
fn the_list_tells_what_was_moved_and_saves_reports() {
    let folder = tempfile::tempdir().unwrap();
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::new(theme, WINDOW);
        stage.key(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::M);
        assert_eq!(stage.harness.state().route(), Route::Moves);
        assert_eq!(
            outcomes(&stage),
            [Outcome::Unfinished, Outcome::TakenBack, Outcome::Done]
        );
        stage.shot("moves");
        assert!(stage.shows("It was stopped in the middle"));
        stage.press("Over, 2");
        stage.press("All, 3");
        for (form, ending, begins) in [("Markdown", "md", "# Migration"), ("JSON", "json", "{")] {
            let path = folder.path().join(format!("{theme:?}.{ending}"));
            stage.press("Save the report…");
            stage.press(form);
            stage.field("File", &path.display().to_string());
            stage.shot("moves-report");
            stage.press("Save");
            stage.until(|_| path.exists());
            stage.wait();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(begins), "{text}");
        }
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.go(Route::Moves);
    stage.shot("moves-small");
}

#[test]
fn a_connector_is_read_decided_about_and_applied_as_one_revision() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::new(theme, WINDOW);
        stage.go(Route::Moves);
        stage.press("Import from SAP Cloud Connector…");
        stage.field("Administration address", "https://scc.corp.example");
        stage.press("Fetch its certificate");
        assert!(stage.mentions("CN=scc.corp.example"));
        stage.field("User", "Administrator");
        stage.field("Password", "secret");
        stage.press("Read");
        assert!(
            stage.shows("Administration address"),
            "it was not compared yet"
        );
        stage.press("It is the same fingerprint");
        stage.shot("import-connector");
        stage.press("Read");
        stage.shot("import-open");
        stage.field(
            "Gateway in place of cf.eu10.hana.ondemand.com",
            "gateway.example.com",
        );
        stage.press("Leave p1234567trial where it is");
        stage.field("Location ID in place of plant south", "plant-south");
        stage.run();
        stage.shot("import-decided");
        stage.press("Stays behind");
        stage.shot("import-stays-behind");
        stage.press("Left to do");
        stage.shot("import-left-to-do");
        stage.press("Continue");
        let agent = Stage::agent(Health::Online);
        let before = stage.revision(agent.id);
        stage.press("Into");
        stage.shot("import-agent");
        stage.press(&agent.label);
        stage.run();
        assert!(stage.mentions("would change"));
        stage.press("Apply although decisions are open");
        stage.shot("import-changes");
        stage.press(&format!("Apply to {}", agent.label));
        stage.wait();
        assert_eq!(stage.revision(agent.id), before + 1);
        assert!(stage.shows("Left to do"));
        stage.shot("import-result");
        let fleet = stage.harness.state().fleet();
        let known = fleet
            .agent(agent.id)
            .unwrap()
            .configuration
            .value()
            .unwrap();
        let names = known.document.subaccounts().iter().map(|one| one.own());
        let names: Vec<String> = names.map(|own| own.display_name.to_string()).collect();
        assert!(names.contains(&"Supplier Portal".to_owned()), "{names:?}");
    }
}
