//! The list of all agents.

use std::sync::Arc;

use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::kittest::Queryable as _;
use underpass_desktop::source::Frozen;
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot};
use underpass_shared::id::AgentId;

use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

#[test]
fn the_list_in_both_themes() {
    for mut stage in Stage::both() {
        assert!(stage.shows("Fleet"));
        stage.shot("fleet");
        stage.key(Modifiers::NONE, Key::ArrowDown);
        assert!(stage.shows("Open agent"));
        stage.key(Modifiers::NONE, Key::Space);
        assert!(stage.shows("1 selected"));
        stage.shot("fleet-peek");
        stage.key(Modifiers::NONE, Key::Escape);
        stage.key(Modifiers::NONE, Key::Escape);
        assert!(!stage.shows("1 selected"));
    }
}

#[test]
fn a_small_window_loses_columns_and_nothing_else() {
    let mut stage = Stage::new(Theme::Dark, SMALL);
    assert!(stage.shows("STATUS, sorted"));
    assert!(!stage.shows("GROUP"));
    stage.key(Modifiers::NONE, Key::ArrowDown);
    assert!(!stage.shows("Close the side panel"));
    stage.shot("fleet-small");
}

#[test]
fn letters_and_chips_narrow_the_list() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.letters("/");
    stage.letters("qas");
    assert!(!stage.mentions("dev-agent01,") && stage.mentions("qas-agent01,"));
    stage.shot("fleet-filter");
    stage.click("Offline, 4");
    assert!(!stage.mentions("qas-agent01,"));
    // The first Esc leaves the field, the second what was typed there.
    stage.key(Modifiers::NONE, Key::Escape);
    stage.key(Modifiers::NONE, Key::Escape);
    assert!(
        stage.mentions("dev-agent01,") || stage.harness.state().screens.fleet.filter.is_empty()
    );
}

/// So many agents: copies of the made-up ones.
pub(crate) fn many(count: usize) -> Arc<FleetSnapshot> {
    let still = Still::new(SEED, NOW_MS).snapshot();
    let agents = (0..count).map(|at| {
        let mut agent = AgentSnapshot::clone(&still.agents[at % still.agents.len()]);
        let mut key = [0; 32];
        key[..8].copy_from_slice(&at.to_le_bytes());
        agent.id = AgentId::of_authority(&key);
        agent.label = format!("{}-{at}", agent.label).into();
        Arc::new(agent)
    });
    Arc::new(FleetSnapshot {
        generation: 1,
        is_demo: true,
        agents: agents.collect(),
        ..FleetSnapshot::default()
    })
}

#[test]
fn ten_thousand_agents_draw_no_more_rows_than_fit() {
    let mut stage = Stage::over(Theme::Dark, WINDOW, Box::new(Frozen(many(10_000))));
    assert!(stage.mentions("10\u{2009}000 agents"));
    let rows = |stage: &Stage| stage.harness.query_all_by_role(Role::Row).count();
    assert!(rows(&stage) < 40, "{} rows are drawn", rows(&stage));
    stage.key(Modifiers::NONE, Key::End);
    assert!(rows(&stage) < 40, "{} rows are drawn", rows(&stage));
    assert!(stage.shows("Open agent"));
    stage.shot("fleet-10000");
    stage.key(Modifiers::COMMAND, Key::A);
    assert_eq!(stage.harness.state().screens.fleet.selected.len(), 10_000);
    assert!(stage.shows("10\u{2009}000 selected"));
    stage.shot("fleet-10000-selected");
}
