//! Who did what, on all agents.

use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage, WINDOW};

/// The names of the rows that are drawn.
fn rows(stage: &Stage) -> Vec<String> {
    let all = stage.harness.query_all_by_role(egui::accesskit::Role::Row);
    let name = |node: egui_kittest::Node<'_>| node.accesskit_node().label();
    all.filter_map(name).collect()
}

#[test]
fn records_of_all_agents_stand_in_one_list() {
    for mut stage in Stage::both() {
        stage.go(Route::Audit);
        stage.wait();
        let rows = rows(&stage);
        let agents: std::collections::BTreeSet<_> = rows
            .iter()
            .filter_map(|row| row.split(" of ").nth(1)?.split(',').next())
            .collect();
        assert!(agents.len() > 5, "{rows:?}");
        assert!(stage.mentions("4 agents without records"));
        stage.shot("fleet-audit");
        stage.key(Modifiers::NONE, Key::ArrowDown);
        assert!(stage.shows("Close the record"));
        stage.shot("fleet-audit-record");
        stage.click("Open its audit log");
        let route = stage.harness.state().route();
        assert!(matches!(
            route,
            Route::Agent {
                tab: AgentTab::Audit,
                ..
            }
        ));
    }
}

#[test]
fn agents_and_records_are_found_by_words() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let known = Stage::agent(Health::Online);
    stage.go(Route::Audit);
    stage.field("Name, group or tag", &known.label);
    stage.wait();
    let of = format!(" of {},", known.label);
    let shown = rows(&stage);
    assert!(
        !shown.is_empty() && shown.iter().all(|row| row.contains(&of)),
        "{shown:?}"
    );
    stage.letters("nobody is called so");
    stage.wait();
    assert!(stage.shows("No agent matches"));
    stage.click("Clear the filter");
    // The key of the filter leads to the one of this page.
    stage.letters("/");
    stage.letters("webgui");
    stage.wait();
    let shown = rows(&stage);
    assert!(
        shown.iter().all(|row| row.contains("not accessible")),
        "{shown:?}"
    );
    assert_eq!(stage.harness.state().route(), Route::Audit);
}

#[test]
fn a_small_window_shows_the_record_below_the_list() {
    let mut stage = Stage::new(Theme::Light, SMALL);
    stage.go(Route::Audit);
    stage.wait();
    stage.key(Modifiers::NONE, Key::End);
    stage.wait();
    assert!(stage.shows("Close the record"));
    assert!(!rows(&stage).is_empty());
    stage.shot("fleet-audit-small");
}

#[test]
fn agents_that_give_no_records_are_named_with_the_reason() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let away = Stage::agent(Health::Offline);
    stage.go(Route::Audit);
    stage.wait();
    stage.click("4 agents without records");
    assert!(stage.mentions(&format!("{}: not connected", away.label)));
    stage.shot("fleet-audit-missing");
    stage.click("Ask them again");
    assert!(stage.mentions("4 agents without records"));
}
