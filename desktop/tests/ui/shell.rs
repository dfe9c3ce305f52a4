//! Rail, bars, palette, and the page of an agent.

use std::sync::Arc;

use egui::{Key, Modifiers, Theme, ViewportCommand, ViewportEvent, ViewportId};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_desktop::source::Frozen;
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{
    AgentSnapshot, FleetSnapshot, Health, JobId, JobPart, JobSnapshot, JobState, PartState,
};

use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

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

/// The window is asked to close; whether it would.
fn close(stage: &mut Stage) -> bool {
    let window = stage
        .harness
        .input_mut()
        .viewports
        .get_mut(&ViewportId::ROOT);
    window.unwrap().events.push(ViewportEvent::Close);
    stage.harness.step();
    let output = &stage.harness.output().viewport_output[&ViewportId::ROOT];
    let closes = !output.commands.contains(&ViewportCommand::CancelClose);
    stage.run();
    closes
}

#[test]
fn work_under_way_is_not_ended_by_closing_the_window_unasked() {
    let mut fleet = FleetSnapshot::clone(&Still::new(SEED, NOW_MS).snapshot());
    fleet.is_demo = false;
    fleet.jobs = [].into();
    let frozen = |fleet: &FleetSnapshot| Box::new(Frozen(Arc::new(fleet.clone())));
    assert!(close(&mut Stage::over(Theme::Dark, WINDOW, frozen(&fleet))));

    let part = |agent: &Arc<AgentSnapshot>| JobPart {
        agent: agent.id,
        state: PartState::Running,
        did: Vec::new(),
    };
    fleet.jobs = [Arc::new(JobSnapshot {
        id: JobId(1),
        title: "Roll out 3 changes".into(),
        parts: fleet.agents.iter().take(12).map(part).collect(),
        undo: [].into(),
        state: JobState::Running,
        started_ms: NOW_MS,
        ended_ms: None,
    })]
    .into();
    let mut stage = Stage::over(Theme::Dark, WINDOW, frozen(&fleet));
    assert!(!close(&mut stage));
    assert!(stage.mentions("Roll out 3 changes"));
    assert!(stage.shows("0 of 12 agents done"));
    stage.shot("leave");
    // Nothing has the focus: an Enter without looking stops nothing.
    stage.key(Modifiers::NONE, Key::Enter);
    assert!(stage.shows("Stop and quit"));
    stage.click("Stay");
    assert!(!stage.shows("Stop and quit"));
    assert!(!close(&mut stage));
    stage.click("Stop and quit");
    assert!(close(&mut stage));
}
