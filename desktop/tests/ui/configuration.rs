//! The configurations of all agents: drift, templates, search and rollouts.

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::nav::{AgentTab, ConfigurationTab, Route};
use underpass_fleet::bulk::State;
use underpass_fleet::snapshot::RolloutSnapshot;

use crate::stage::{SMALL, Stage, WINDOW};

const QUALITY: &str = "Quality · 9";

fn at(stage: &mut Stage, tab: ConfigurationTab) {
    stage.go(Route::Configuration { tab });
    stage.run();
}

/// Takes a choice of a list.
fn choose(stage: &mut Stage, list: &str, choice: &str) {
    stage.press(list);
    stage.press(choice);
}

fn rows(stage: &Stage) -> Vec<String> {
    let all = stage.harness.query_all_by_role(Role::Row);
    let name = |node: egui_kittest::Node<'_>| node.accesskit_node().label();
    all.filter_map(name).collect()
}

fn newest(stage: &Stage) -> std::sync::Arc<RolloutSnapshot> {
    stage.harness.state().fleet().rollouts[0].clone()
}

/// Compares the group that shall be the same with its first agent.
fn compared(theme: Theme, size: [f32; 2]) -> Stage {
    let mut stage = Stage::new(theme, size);
    at(&mut stage, ConfigurationTab::Drift);
    choose(&mut stage, "Agents", QUALITY);
    choose(&mut stage, "Baseline", "qas-agent01");
    stage.press("Compare now");
    stage.run();
    stage
}

#[test]
fn drift_is_found_shown_and_brought_in_line() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::new(theme, WINDOW);
        at(&mut stage, ConfigurationTab::Drift);
        stage.shot("configuration-drift-empty");
        let mut stage = compared(theme, WINDOW);
        stage.shot("configuration-drift");
        let found = rows(&stage);
        assert!(
            found
                .iter()
                .any(|row| row.starts_with("qas-agent02, 2 differences")),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|row| row.starts_with("qas-agent05") || row.contains("Not compared")),
            "{found:?}"
        );
        let row = found
            .iter()
            .find(|row| row.starts_with("qas-agent02"))
            .unwrap()
            .clone();
        stage.harness.get_by_role_and_label(Role::Row, &row).click();
        stage.run();
        assert!(stage.mentions("proxy-old.corp.example"));
        stage.shot("configuration-drift-agent");
        stage.press("Take the baseline's values…");
        // The agents and the change are known: only the course is asked for.
        stage.shot("configuration-drift-settle");
        stage.press("Plan it");
        let planned = newest(&stage);
        assert_eq!(planned.counts().ready, 1, "{:?}", planned.parts);
        stage.press("Start…");
        stage.press("Change them");
        assert_eq!(
            newest(&stage).counts().done,
            1,
            "{:?}",
            newest(&stage).parts
        );
        at(&mut stage, ConfigurationTab::Drift);
        stage.key(Modifiers::NONE, Key::F5);
        let found = rows(&stage);
        assert!(
            found.iter().any(|row| row.starts_with("qas-agent02, Same")),
            "{found:?}"
        );
    }
}

#[test]
fn values_that_a_template_leaves_open_are_given_for_all_or_for_one() {
    for mut stage in Stage::both() {
        at(&mut stage, ConfigurationTab::Drift);
        choose(&mut stage, "Agents", QUALITY);
        choose(&mut stage, "Baseline", "Template Central syslog");
        // Who lacks what is told before anything is compared.
        assert!(stage.mentions("Without a value: siem for all agents"));
        stage.shot("configuration-drift-values-missing");
        stage.press("Give values…");
        stage.shot("configuration-drift-values");
        choose(&mut stage, "Values for", "qas-agent01");
        stage.field("siem", "siem.plant.example");
        stage.press("Close");
        assert!(stage.mentions("Without a value: siem for 8 agents"));
        stage.press("Compare");
        stage.run();
        let found = rows(&stage);
        let unknown = |row: &&String| row.contains("Not compared");
        assert!(found.iter().filter(unknown).count() >= 7, "{found:?}");
        stage.press("Values…");
        choose(&mut stage, "Values for", "All agents");
        stage.field("port", "many");
        assert!(stage.mentions("Must be a whole number"));
        stage.clear("port");
        stage.field("siem", "siem.qas.example");
        stage
            .harness
            .get_all_by_role_and_label(Role::Button, "Compare")
            .last()
            .unwrap()
            .click();
        stage.run();
        assert!(!stage.mentions("Without a value"));
        let compared = |row: &&String| row.contains("difference");
        let found = rows(&stage);
        assert!(found.iter().filter(compared).count() >= 6, "{found:?}");
        stage.shot("configuration-drift-template");
    }
}

#[test]
fn what_is_ignored_is_kept_and_hides_differences() {
    let mut stage = compared(Theme::Dark, WINDOW);
    let differing = |stage: &Stage| {
        let all = rows(stage);
        all.iter().filter(|row| row.contains("difference")).count()
    };
    let before = differing(&stage);
    stage.press("Ignore…");
    stage.field("Rules", "nonsense");
    assert!(stage.mentions("paths begin with connector or subaccounts"));
    stage.shot("configuration-drift-rules");
    stage.clear("Rules");
    stage.field("Rules", "connector.proxy");
    stage.press("Save");
    assert_eq!(differing(&stage), before - 1);
    assert_eq!(stage.harness.state().prefs.drift.rules, "connector.proxy");
    assert!(stage.shows("Ignore 1 rule…"));
}

#[test]
fn a_drift_report_is_saved_for_people_and_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = compared(Theme::Light, SMALL);
    stage.shot("configuration-drift-small");
    for (item, name, words) in [
        ("As Markdown…", "report.md", "# Drift report"),
        ("As JSON…", "report.json", "\"differences\""),
    ] {
        let path = folder.path().join(name);
        stage.press("Save");
        stage.press(item);
        stage.field("File", &path.display().to_string());
        stage.key(Modifiers::NONE, Key::Enter);
        stage.until(|_| path.exists());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains(words) && text.contains("qas-agent02"),
            "{text}"
        );
        stage.until(|stage| !stage.shows("Browse…"));
    }
}

#[test]
fn a_search_leads_to_the_mapping_and_to_a_rollout() {
    for mut stage in Stage::both() {
        at(&mut stage, ConfigurationTab::Search);
        stage.shot("configuration-search-empty");
        stage.letters("/");
        stage.letters("colour:blue");
        stage.key(Modifiers::NONE, Key::Enter);
        assert!(stage.mentions("There is no field"));
        stage.clear("Search all configurations");
        stage.letters("internal:s4h-app01*");
        stage.key(Modifiers::NONE, Key::Enter);
        stage.run();
        stage.shot("configuration-search");
        let found = rows(&stage);
        assert!(
            found.iter().all(|row| row.contains("s4h-app01")),
            "{found:?}"
        );
        stage
            .harness
            .get_by_role_and_label(Role::Row, &found[0])
            .click();
        stage.run();
        let route = stage.harness.state().route();
        assert!(matches!(
            route,
            Route::Agent {
                tab: AgentTab::AccessControl,
                ..
            }
        ));
        // What was found is still there.
        at(&mut stage, ConfigurationTab::Search);
        stage.press("Change these agents…");
        assert!(stage.shows("A template"), "agents are chosen already");
        stage.shot("configuration-rollout-change");
    }
}

#[test]
fn what_a_search_found_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("found.csv");
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    at(&mut stage, ConfigurationTab::Search);
    stage.press("protocol:rfc");
    let found = rows(&stage).len();
    assert!(found > 0);
    stage.press("Save as CSV…");
    stage.field("File", &path.display().to_string());
    stage.key(Modifiers::NONE, Key::Enter);
    stage.until(|_| path.exists());
    let text = std::fs::read_to_string(&path).unwrap();
    let columns = text.lines().next().unwrap().split(',').count();
    assert!(text.lines().count() > found, "{text}");
    assert!(
        text.lines().all(|line| line.split(',').count() == columns),
        "{text}"
    );
}

#[test]
fn a_template_is_made_of_an_agent_edited_previewed_and_deleted() {
    for mut stage in Stage::both() {
        at(&mut stage, ConfigurationTab::Templates);
        stage.shot("configuration-templates");
        stage.press("New template");
        stage.press("Of an agent…");
        choose(&mut stage, "Agent", "qas-agent01");
        stage.field("Name of the template", "Quality as it is");
        stage.shot("configuration-template-make");
        stage.press("Make it");
        stage.run();
        let count = stage.harness.state().fleet().templates.len();
        assert_eq!(count, 4);
        stage.press("Contents");
        stage.shot("configuration-template-contents");
        stage.press("Make proxy.host a variable");
        stage.shot("configuration-template-variable");
        stage.press("Take it");
        assert!(stage.shows("CHANGED, NOT SAVED"));
        stage.press("Save");
        let kept = stage.harness.state().fleet().templates.clone();
        let made = kept
            .iter()
            .find(|one| one.template.name == "Quality as it is")
            .unwrap();
        assert_eq!(made.template.settings["proxy"]["host"], "${host}");
        assert_eq!(
            made.template.variables["host"].default,
            Some("proxy.corp.example".into())
        );
        stage.press("Variables");
        stage.shot("configuration-template-variables");
        stage.press("Preview");
        choose(&mut stage, "On agent", "qas-agent02");
        assert!(stage.mentions("proxy-old.corp.example"));
        stage.shot("configuration-template-preview");
        stage.press("As text");
        stage.shot("configuration-template-text");
        stage.press("More");
        stage.press("Delete the template");
        assert_eq!(stage.harness.state().fleet().templates.len(), count - 1);
        stage.press("Undo");
        assert_eq!(stage.harness.state().fleet().templates.len(), count);
    }
}

#[test]
fn a_template_with_values_is_rolled_out_and_taken_back() {
    for mut stage in Stage::both() {
        at(&mut stage, ConfigurationTab::Rollouts);
        stage.shot("configuration-rollouts");
        stage.press("Change many agents…");
        stage.press("Group");
        stage.press("Quality");
        stage.shot("configuration-rollout-agents");
        stage.press("Continue");
        choose(&mut stage, "Template", "Central syslog");
        stage.field("siem", "siem.qas.corp.example");
        stage.field("port", "many");
        assert!(stage.mentions("must be a whole number"));
        stage.clear("port");
        stage.shot("configuration-rollout-values");
        stage.press("Continue");
        stage.shot("configuration-rollout-course");
        stage.press("Plan it");
        let planned = newest(&stage);
        let counts = planned.counts();
        assert_eq!(planned.parts.len(), 9);
        assert!(counts.ready >= 6 && counts.refused >= 1, "{counts:?}");
        stage.shot("configuration-rollout-planned");
        let before = revisions(&stage);
        stage.press("Start…");
        stage.press("Change them");
        assert_eq!(
            newest(&stage).counts().done,
            0,
            "some are refused, so it is asked again"
        );
        stage.harness.get_by_label_contains("Leave out").click();
        stage.run();
        stage.shot("configuration-rollout-start");
        stage.press("Change them");
        let done = newest(&stage);
        assert_eq!(done.counts().done, counts.ready, "{:?}", done.parts);
        stage.shot("configuration-rollout-done");
        assert_ne!(revisions(&stage), before);
        stage.press("Undo all…");
        stage.press("Undo all");
        let undone = newest(&stage);
        assert_eq!(undone.counts().undone, counts.ready, "{:?}", undone.parts);
        stage.shot("configuration-rollout-undone");
        stage.press("More");
        stage.press("Forget this rollout…");
        stage.press("Forget");
        assert_eq!(stage.harness.state().fleet().rollouts.len(), 2);
    }
}

fn revisions(stage: &Stage) -> Vec<u64> {
    let agents = &stage.harness.state().fleet().agents;
    let known = agents.iter().filter_map(|one| one.configuration.value());
    known.map(|known| known.revision).collect()
}

#[test]
fn a_rollout_that_went_wrong_says_where_and_why() {
    let mut stage = Stage::new(Theme::Light, SMALL);
    at(&mut stage, ConfigurationTab::Rollouts);
    let fleet = stage.harness.state().fleet().clone();
    let stopped = &fleet.rollouts[0];
    let State::Failed { fault } = &stopped.parts[0].state else {
        panic!("{:?}", stopped.parts[0]);
    };
    assert!(stage.mentions(&fault.message[..40]));
    stage.shot("configuration-rollout-failed-small");
}

#[test]
fn ticked_agents_of_the_fleet_are_changed() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let fleet = stage.harness.state().fleet().clone();
    let ids: BTreeSet<_> = fleet.agents.iter().take(3).map(|agent| agent.id).collect();
    stage.harness.state_mut().screens.fleet.selected = ids;
    stage.run();
    stage.shot("fleet-bulk-roll-out");
    stage.press("Roll out…");
    assert!(stage.shows("What a draft changes"));
    stage.press("Back");
    assert!(stage.shows("3 chosen"));
}
