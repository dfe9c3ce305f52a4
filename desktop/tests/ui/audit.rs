//! Who did what on an agent.

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn records_are_found_and_shown_with_before_and_after() {
    let id = Stage::agent(Health::Online).id;
    for mut stage in Stage::both() {
        stage.go(Route::Agent {
            id,
            tab: AgentTab::Audit,
        });
        assert!(stage.mentions("records"));
        stage.key(egui::Modifiers::NONE, egui::Key::End);
        assert!(stage.mentions("Close the record"));
        stage.shot("audit");
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Audit,
    });
    stage.shot("audit-small");
    stage.focus("Search the records");
    stage.letters("no-such-text");
    stage.wait();
    assert!(stage.shows("No record matches"));
    stage.press("Clear the filter");
    stage.wait();
    assert!(stage.mentions("records"));
}

#[test]
fn the_log_is_verified_and_a_wrong_note_is_told() {
    let id = Stage::agent(Health::Online).id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Audit,
    });
    stage.press("Verify…");
    stage.field("A record that was noted down before", "17:zz");
    assert!(stage.mentions("must be the number of a record and its hash"));
    stage.shot("audit-verify-wrong");
    stage.clear("A record that was noted down before");
    stage.press("Verify");
    assert!(stage.mentions("The log is as it was written"));
    assert!(stage.shows("Copy what to note down"));
    stage.shot("audit-verified");
}

#[test]
fn records_are_exported_to_a_file_that_is_not_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.csv");
    let id = Stage::agent(Health::Online).id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Audit,
    });
    stage.press("Export…");
    stage.field("File", &path.display().to_string());
    stage.shot("audit-export");
    stage.press("Export");
    stage.until(|_| path.exists());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().count() > 10, "{text}");
}
