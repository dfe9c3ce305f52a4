//! Moments by the clock of the operator's computer, or in UTC.

use egui_kittest::kittest::Queryable as _;
use jiff::tz::TimeZone;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_desktop::times::ShownClock;
use underpass_fleet::snapshot::Health;

use crate::stage::Stage;

const LOCAL: &str = "2026-03-02 10:30:00 CET";
const UTC: &str = "2026-03-02 09:30:00 UTC";

#[test]
fn moments_are_told_by_the_chosen_clock_and_by_the_other_under_the_pointer() {
    for mut stage in Stage::both() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        stage.harness.state_mut().set_zone(zone);
        stage.go(Route::Settings);
        assert!(stage.shows(LOCAL));
        stage.harness.get_by_label(LOCAL).hover();
        stage.harness.run_steps(8);
        assert!(stage.mentions(UTC));
        stage.shot("settings-times");
        stage.click("UTC");
        assert!(stage.shows(UTC));
        assert_eq!(stage.harness.state().prefs.clock, ShownClock::Utc);
        stage.click("Local");
        let (id, tab) = (Stage::agent(Health::Online).id, AgentTab::Revisions);
        stage.go(Route::Agent { id, tab });
        stage.run();
        assert!(stage.mentions(" CET") && !stage.mentions(" UTC"));
    }
}
