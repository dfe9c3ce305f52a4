//! What is done with the list: views, words, many agents at once, rows by keyboard and by their menu.

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::nav::Route;
use underpass_desktop::prefs::Prefs;
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{FleetSnapshot, Health};

use crate::stage::{NOW_MS, Stage, WINDOW};

/// The names of the rows that are drawn.
fn rows(stage: &Stage) -> Vec<String> {
    let all = stage.harness.query_all_by_role(Role::Row);
    let name = |node: egui_kittest::Node<'_>| node.accesskit_node().label();
    all.filter_map(name).collect()
}

fn prefs(stage: &Stage) -> &Prefs {
    &stage.harness.state().prefs
}

/// Ticks these agents.
fn tick(
    stage: &mut Stage,
    is: impl Fn(&underpass_fleet::snapshot::AgentSnapshot) -> bool,
) -> usize {
    let fleet = stage.harness.state().fleet().clone();
    let ids: BTreeSet<_> = fleet
        .agents
        .iter()
        .filter(|agent| is(agent))
        .map(|agent| agent.id)
        .collect();
    let count = ids.len();
    stage.harness.state_mut().screens.fleet.selected = ids;
    stage.run();
    count
}

/// How many subaccounts are to be connected on all agents.
fn connected(fleet: &FleetSnapshot) -> usize {
    let documents = fleet
        .agents
        .iter()
        .filter_map(|agent| agent.configuration.value());
    let all = documents.flat_map(|known| known.document.subaccounts());
    all.filter(|one| one.own().connected).count()
}

#[test]
fn a_view_keeps_filter_order_columns_and_rows() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.letters("/");
    stage.letters("group:quality");
    stage.click("Compact rows");
    stage.click("AGENT");
    assert!(stage.shows("TUNNELS"));
    stage.click("Views");
    stage.click("Hide tunnels");
    assert!(!stage.shows("TUNNELS"));
    stage.click("Views");
    stage.shot("fleet-views");
    stage.click("Save this view…");
    stage.letters("Tests only");
    stage.shot("fleet-view-save");
    stage.click("Save");
    assert!(
        stage.shows("Tests only"),
        "the button is called as the view"
    );
    let kept = serde_json::to_string(prefs(&stage)).unwrap();

    // Another start of the app reads it and comes back to it.
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.harness.state_mut().prefs.views = serde_json::from_str::<Prefs>(&kept).unwrap().views;
    stage.run();
    assert!(stage.shows("TUNNELS"));
    stage.click("Views");
    stage.click("Tests only");
    assert!(!stage.shows("TUNNELS") && stage.shows("AGENT, sorted"));
    assert!(prefs(&stage).compact);
    assert!(
        rows(&stage).iter().all(|row| row.starts_with("qas")),
        "{:?}",
        rows(&stage)
    );
    stage.click("Tests only");
    stage.click("Remove the view Tests only");
    assert!(prefs(&stage).views.is_empty());
}

#[test]
fn all_subaccounts_are_disconnected_with_a_result_for_each_agent_and_taken_back() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let before = connected(stage.harness.state().fleet());
    let count = tick(&mut stage, |agent| agent.label.starts_with("qas"));
    stage.shot("fleet-bulk");
    stage.click("Subaccounts");
    stage.click("Disconnect all subaccounts…");
    stage.letters(&format!("{count} agents"));
    stage.shot("fleet-disconnect");
    stage.key(Modifiers::NONE, Key::Enter);
    let down = connected(stage.harness.state().fleet());
    assert!(down < before, "{down} of {before}");
    stage.shot("fleet-disconnected");
    stage.click("Details");
    assert!(stage.mentions("Done on"));
    assert!(stage.shows("Failed"), "the agent that is away is named");
    stage.shot("fleet-results");
    stage.click("Undo");
    assert_eq!(connected(stage.harness.state().fleet()), before);
}

#[test]
fn tags_and_groups_of_many_agents_are_set_and_taken_back() {
    let mut stage = Stage::new(Theme::Light, WINDOW);
    let tagged = |stage: &Stage| {
        let fleet = stage.harness.state().fleet();
        fleet
            .agents
            .iter()
            .filter(|agent| agent.tags.iter().any(|tag| &**tag == "wave-2"))
            .count()
    };
    let count = tick(&mut stage, |agent| agent.health == Health::Offline);
    stage.click("Organise");
    stage.shot("fleet-organise");
    stage.click("Add tag…");
    stage.letters("wave-2");
    stage.click("Save");
    assert_eq!(tagged(&stage), count);
    stage.letters("/");
    stage.letters("tag:wave-2");
    assert_eq!(rows(&stage).len(), count);
    stage.click("Undo");
    assert_eq!(tagged(&stage), 0);
}

#[test]
fn the_keyboard_walks_ticks_and_opens_rows() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let peek = |stage: &Stage| stage.harness.state().screens.fleet.peek;
    stage.key(Modifiers::NONE, Key::J);
    let first = peek(&stage);
    stage.key(Modifiers::NONE, Key::ArrowDown);
    let second = peek(&stage);
    assert!(first.is_some() && second.is_some() && first != second);
    stage.key(Modifiers::NONE, Key::K);
    assert_eq!(peek(&stage), first);
    stage.key(Modifiers::NONE, Key::Space);
    assert_eq!(
        stage
            .harness
            .state()
            .screens
            .fleet
            .selected
            .iter()
            .copied()
            .collect::<Vec<_>>(),
        [first.unwrap()]
    );
    stage.key(Modifiers::NONE, Key::Escape);
    assert_eq!(peek(&stage), None);
    stage.key(Modifiers::NONE, Key::Escape);
    assert!(stage.harness.state().screens.fleet.selected.is_empty());
    stage.key(Modifiers::NONE, Key::Enter);
    assert_eq!(stage.harness.state().route().agent(), first);
    stage.key(Modifiers::NONE, Key::Escape);
    assert_eq!(stage.harness.state().route(), Route::Fleet);
}

#[test]
fn a_right_click_opens_the_menu_of_a_row() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let agent = Stage::agent(Health::Offline);
    let row = format!("{}, Offline", agent.label);
    let ticked = tick(&mut stage, |one| one.health == Health::Online);
    stage
        .harness
        .get_by_role_and_label(Role::Row, &row)
        .click_secondary();
    stage.run();
    stage.shot("fleet-row-menu");
    stage.click("Remove from this app…");
    stage.letters("1 agent");
    stage.key(Modifiers::NONE, Key::Enter);
    assert!(stage.harness.state().fleet().agent(agent.id).is_some());
    assert!(stage.mentions(&format!("This app forgets {}", agent.label)));
    stage.key(Modifiers::COMMAND, Key::A);
    stage.letters(&agent.label);
    stage.shot("fleet-remove-one");
    stage.key(Modifiers::NONE, Key::Enter);
    assert!(stage.harness.state().fleet().agent(agent.id).is_none());
    assert_eq!(stage.harness.state().screens.fleet.selected.len(), ticked);
}

#[test]
fn what_the_filter_shows_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet.csv");
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.letters("/");
    stage.letters("is:offline");
    stage.click("Export the list…");
    stage
        .harness
        .get_by_role_and_label(Role::TextInput, "File")
        .focus();
    stage.run();
    stage.letters(&path.display().to_string());
    stage.shot("fleet-export");
    stage.key(Modifiers::NONE, Key::Enter);
    stage.until(|_| path.exists());
    let text = std::fs::read_to_string(&path).unwrap();
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let offline = fleet
        .agents
        .iter()
        .filter(|agent| agent.health == Health::Offline)
        .count();
    assert_eq!(text.lines().count(), offline + 1, "{text}");
    assert!(
        text.lines()
            .skip(1)
            .all(|line| line.starts_with("Offline,")),
        "{text}"
    );
}
