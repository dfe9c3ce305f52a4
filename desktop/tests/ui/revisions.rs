//! The history of an agent's configuration.

use egui::{Key, Modifiers, Theme};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn what_changed_when_is_shown_and_compared() {
    let agent = Stage::agent(Health::Online);
    let (id, newest) = (agent.id, agent.configuration.value().unwrap().revision);
    for mut stage in Stage::both() {
        stage.go(Route::Agent {
            id,
            tab: AgentTab::Revisions,
        });
        assert!(stage.shows(&format!("Revision {newest}")));
        assert!(stage.mentions("Added virtualAddress") || stage.mentions("Added"));
        stage.shot("revisions");
        stage.key(Modifiers::NONE, Key::ArrowDown);
        stage.key(Modifiers::NONE, Key::ArrowDown);
        assert!(stage.shows(&format!("Revision {}", newest - 1)));
    }
    let mut stage = Stage::new(Theme::Light, SMALL);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Revisions,
    });
    stage.shot("revisions-small");
}

#[test]
fn an_undo_is_seen_before_it_is_done() {
    let agent = Stage::agent(Health::Online);
    let (id, newest) = (agent.id, agent.configuration.value().unwrap().revision);
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Revisions,
    });
    stage.press("Undo…");
    assert!(stage.mentions("would change"));
    stage.shot("revisions-undo");
    stage.press(&format!("Undo revision {newest}"));
    assert_eq!(stage.revision(id), newest + 1);
}

#[test]
fn a_restore_needs_the_number_and_is_on_trial_if_wanted() {
    let agent = Stage::agent(Health::Online);
    let (id, newest) = (agent.id, agent.configuration.value().unwrap().revision);
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Revisions,
    });
    stage.key(Modifiers::NONE, Key::End);
    stage.press("Restore…");
    stage.shot("revisions-restore");
    let action = format!("Restore revision {}", stage.chosen_revision());
    stage.press(&action);
    assert_eq!(
        stage.revision(id),
        newest,
        "nothing is done before the number is typed"
    );
    stage.field(
        &format!("Type {} to confirm", stage.chosen_revision()),
        &stage.chosen_revision().to_string(),
    );
    stage.press(&action);
    assert_eq!(stage.revision(id), newest + 1);
}
