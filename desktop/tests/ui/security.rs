//! What weakens an agent.

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};

use crate::hands::weak;
use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn the_score_the_meaning_and_the_way_to_the_screen_that_fixes_it() {
    let id = weak();
    for mut stage in Stage::both() {
        stage.go(Route::Agent {
            id,
            tab: AgentTab::Security,
        });
        assert!(stage.mentions("Security score"));
        assert!(stage.shows("Audit of denied requests"));
        assert!(stage.mentions("What to do"));
        stage.shot("security");
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Security,
    });
    stage.shot("security-small");
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Security,
    });
    stage.press("Open trust & certificates");
    assert_eq!(
        stage.harness.state().route(),
        Route::Agent {
            id,
            tab: AgentTab::Trust
        }
    );
}
