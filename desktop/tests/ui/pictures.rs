//! Pictures of every screen for the documentation; `cargo xtask screenshots` takes them.

use egui::{Key, Modifiers, Theme};
use underpass_desktop::nav::{AgentTab, ConfigurationTab, Route};
use underpass_fleet::snapshot::Health;
use underpass_shared::id::AgentId;

use crate::stage::{Stage, WINDOW, shots};
use crate::start;

/// Pages of the whole fleet.
const PAGES: [(&str, Route); 5] = [
    ("fleet", Route::Fleet),
    ("alerts", Route::Alerts),
    ("audit", Route::Audit),
    ("moves", Route::Moves),
    ("settings", Route::Settings),
];

/// A tab's title as part of a file's name.
fn slug(title: &str) -> String {
    let words = title.split(|one: char| !one.is_ascii_alphanumeric());
    let words = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase);
    words.collect::<Vec<_>>().join("-")
}

/// Every part of the tab of figures, the parts of the alerts, and the fleet over time.
fn over_time(stage: &mut Stage, id: AgentId) {
    let tab = AgentTab::Monitoring;
    stage.go(Route::Agent { id, tab });
    stage.press("7d");
    for part in [
        "Requests",
        "Recent requests",
        "Back ends",
        "Usage",
        "Host",
        "Tunnels",
    ] {
        stage.press(part);
        stage.run();
        stage.shot(&format!("agent-monitoring-{}", slug(part)));
    }
    stage.go(Route::Alerts);
    for part in ["History", "Rules"] {
        stage.press(part);
        stage.run();
        stage.shot(&format!("alerts-{}", slug(part)));
    }
    stage.go(Route::Fleet);
    stage.press("Dashboard");
    stage.press("24h");
    stage.run();
    stage.shot("fleet-dashboard");
}

#[test]
#[ignore = "it writes files; `cargo xtask screenshots` runs it"]
fn pictures_of_every_screen() {
    assert!(shots().is_some(), "UNDERPASS_SHOTS names no folder");
    for theme in [Theme::Dark, Theme::Light] {
        start::welcome(theme).shot("welcome");
        start::words(theme).shot("pairing");
        let mut stage = Stage::new(theme, WINDOW);
        for (name, page) in PAGES {
            stage.go(page);
            stage.shot(name);
        }
        for tab in ConfigurationTab::ALL {
            stage.go(Route::Configuration { tab });
            stage.run();
            match tab {
                ConfigurationTab::Drift => stage.press("Compare now"),
                ConfigurationTab::Search => {
                    stage.letters("/");
                    stage.letters("internal:s4h-app01*");
                    stage.key(Modifiers::NONE, Key::Enter);
                }
                ConfigurationTab::Templates | ConfigurationTab::Rollouts => {}
            }
            stage.run();
            stage.shot(&format!("configuration-{}", slug(tab.title())));
        }
        stage.go(Route::Fleet);
        stage.key(Modifiers::COMMAND, Key::K);
        stage.letters("agent1");
        stage.shot("palette");
        stage.key(Modifiers::NONE, Key::Escape);
        stage.key(Modifiers::NONE, Key::Escape);
        let id = Stage::agent(Health::Online).id;
        for tab in AgentTab::ALL {
            stage.go(Route::Agent { id, tab });
            // What a page asks for is drawn one frame later.
            stage.run();
            stage.shot(&format!("agent-{}", slug(tab.title())));
        }
        over_time(&mut stage, id);
    }
}
