//! The list of all agents.

use egui::{Key, Modifiers, Theme};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn the_list_in_both_themes() {
    for mut stage in Stage::both() {
        assert!(stage.shows("Fleet"));
        stage.shot("fleet");
        let worst = Stage::agent(Health::Offline);
        stage.key(Modifiers::NONE, Key::ArrowDown);
        assert!(stage.shows("Open agent"));
        stage.key(Modifiers::NONE, Key::Space);
        assert!(stage.shows("1 selected"));
        stage.shot("fleet-peek");
        stage.key(Modifiers::NONE, Key::Escape);
        stage.key(Modifiers::NONE, Key::Escape);
        assert!(!stage.shows("1 selected"));
        drop(worst);
    }
}

#[test]
fn a_small_window_loses_columns_and_nothing_else() {
    let mut stage = Stage::new(Theme::Dark, SMALL);
    assert!(stage.shows("STATUS, sorted") || stage.shows("STATUS"));
    assert!(!stage.shows("GROUP"));
    stage.shot("fleet-small");
}

#[test]
fn letters_and_chips_narrow_the_list() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.letters("/");
    stage.letters("qas");
    let agents = stage.harness.state().screens.fleet.filter.clone();
    assert_eq!(agents, "qas");
    stage.shot("fleet-filter");
}
