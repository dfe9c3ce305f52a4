//! What an agent writes.

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn lines_are_followed_filtered_and_looked_into() {
    let id = Stage::agent(Health::Online).id;
    for mut stage in Stage::both() {
        stage.go(Route::Agent {
            id,
            tab: AgentTab::Logs,
        });
        assert!(stage.mentions("Following"));
        stage.shot("logs");
        stage.letters("/");
        stage.letters("denied");
        assert!(stage.mentions("INFO request denied") && !stage.mentions("INFO request done"));
        stage.shot("logs-filter");
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Logs,
    });
    stage.key(egui::Modifiers::NONE, egui::Key::End);
    assert!(stage.mentions("Paused"));
    assert!(stage.shows("Close the line") && stage.shows("Copy line"));
    stage.shot("logs-small");
    stage.key(egui::Modifiers::NONE, egui::Key::Escape);
    assert!(!stage.shows("Close the line"));
}

#[test]
fn levels_are_set_at_once() {
    let id = Stage::agent(Health::Online).id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Logs,
    });
    let before = stage.revision(id);
    stage.press("Levels…");
    stage.press("The agent's own parts");
    stage.press("Debug: how it happens");
    assert!(stage.mentions("write much"));
    stage.shot("logs-levels");
    stage.press("Set levels");
    assert_eq!(stage.revision(id), before + 1);
}
