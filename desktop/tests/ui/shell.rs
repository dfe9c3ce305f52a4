//! Rail, bars, palette, and the page of an agent.

use egui::{Key, Modifiers, Theme};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn the_palette_finds_pages_agents_and_commands() {
    for mut stage in Stage::both() {
        stage.key(Modifiers::COMMAND, Key::K);
        stage.shot("palette-empty");
        stage.letters("aud");
        stage.shot("palette");
        stage.key(Modifiers::NONE, Key::Enter);
        assert_eq!(stage.harness.state().route(), Route::Audit);
        stage.key(Modifiers::ALT, Key::ArrowLeft);
        assert_eq!(stage.harness.state().route(), Route::Fleet);
    }
}

#[test]
fn the_sheet_lists_the_keys() {
    for mut stage in Stage::both() {
        stage.letters("?");
        assert!(stage.mentions("Toggle light / dark theme"));
        stage.shot("shortcuts");
        stage.key(Modifiers::NONE, Key::Escape);
        assert!(!stage.mentions("Toggle light / dark theme"));
    }
}

#[test]
fn every_tab_of_an_agent_opens() {
    for mut stage in Stage::both() {
        for health in [Health::Online, Health::Offline] {
            let id = Stage::agent(health).id;
            stage.go(Route::Agent {
                id,
                tab: AgentTab::Overview,
            });
            stage.shot(&format!(
                "agent-{}",
                if health == Health::Online {
                    "online"
                } else {
                    "offline"
                }
            ));
        }
        let id = Stage::agent(Health::Online).id;
        for tab in AgentTab::ALL {
            stage.go(Route::Agent { id, tab });
            assert!(stage.shows(tab.title()), "{tab:?}");
        }
        stage.shot("agent-security");
    }
}

#[test]
fn every_page_fits_the_smallest_window() {
    let mut stage = Stage::new(Theme::Light, SMALL);
    let pages = [Route::Alerts, Route::Audit, Route::Settings];
    for page in pages {
        stage.go(page);
        assert!(stage.shows(page.title()), "{page:?}");
    }
    let id = Stage::agent(Health::Online).id;
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Overview,
    });
    stage.shot("agent-small");
}

#[test]
fn the_theme_changes_by_its_button() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.click("Light theme");
    assert_eq!(stage.harness.ctx.theme(), Theme::Light);
    stage.go(Route::Alerts);
    stage.shot("alerts-turned");
    stage.go(Route::Settings);
    stage.shot("settings-turned");
}
