//! The overview of an agent: where the way of a request is broken, and what wants attention.

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage};

fn open(stage: &mut Stage, health: Health) {
    let id = Stage::agent(health).id;
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Overview,
    });
}

#[test]
fn the_way_is_told_station_by_station() {
    for mut stage in Stage::both() {
        open(&mut stage, Health::Online);
        assert!(stage.mentions("Cloud: "));
        assert!(stage.mentions("Tunnels: "));
        assert!(stage.shows("Network: not checked"));
        assert!(stage.mentions("Paths of a system are denied often: "));
        stage.click("Check back ends");
        assert!(!stage.shows("Network: not checked"));
        stage.shot("overview");
    }
}

#[test]
fn what_is_broken_is_told_with_the_reason() {
    for mut stage in Stage::both() {
        open(&mut stage, Health::Degraded);
        assert!(!stage.shows("Nothing: all is well"));
        stage.shot("overview-degraded");
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    open(&mut stage, Health::Offline);
    assert!(stage.mentions("Cloud: "));
    assert!(stage.mentions("Not known now"));
    stage.shot("overview-offline-small");
}
