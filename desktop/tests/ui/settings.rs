//! Settings of an agent.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use underpass_desktop::nav::{AgentTab, Route};

use crate::forms::{away, live};
use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn each_setting_is_checked_as_it_is_typed() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Settings);
        stage.shot("settings");
        stage.fill("Connections of each tunnel", "17");
        assert!(stage.mentions("between 1 and 16"));
        stage.fill("Proxy host", "no host");
        assert!(stage.mentions("host"));
        stage.shot("settings-wrong");
        stage.take("Alert rules");
        stage.fill("CPU load above, %", "0");
        assert!(stage.mentions("between 1 and 100"));
        stage.shot("settings-rules");
        stage.take("Agent");
        stage.harness.get_by_label("Regions").scroll_to_me();
        stage.run();
        stage.shot("settings-below");
    }
}

#[test]
fn a_proxy_is_saved_at_once_and_a_password_needs_a_user() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.open(live(), AgentTab::Settings);
    stage.fill("Proxy user", "svc-underpass");
    assert!(!stage.is_enabled("Save now"));
    stage.fill("Proxy password", "correct horse");
    stage.take("Save now");
    let document = stage.document(live());
    let login = document.connector().proxy().unwrap().login();
    assert_eq!(login.map(|(user, _)| user), Some("svc-underpass"));
    let agent = stage.harness.state().fleet().agent(live()).unwrap();
    assert!(agent.draft.is_none());
}

#[test]
fn an_agent_is_drained_and_takes_requests_again() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Settings);
        assert!(stage.shows("Takes requests"));
        stage.take("Drain…");
        stage.shot("settings-drain");
        stage.take("Drain");
        assert!(stage.shows("Drained"));
        stage.shot("settings-drained");
        stage.take("Take requests again");
        assert!(stage.shows("Takes requests"));
        stage.take("Restart…");
        assert!(!stage.is_enabled("Restart"));
    }
}

#[test]
fn enter_presses_what_has_the_keyboard_and_nothing_behind_it() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.open(live(), AgentTab::Settings);
    let enter_on = |stage: &mut Stage, button: &str| {
        let found = stage.harness.get_by_role_and_label(Role::Button, button);
        found.focus();
        stage.run();
        stage.key(Modifiers::NONE, Key::Enter);
    };
    // What opens a dialog does not confirm it.
    enter_on(&mut stage, "Drain…");
    assert!(stage.shows("Cancel") && stage.shows("Takes requests"));
    // Its way out is one.
    enter_on(&mut stage, "Cancel");
    assert!(!stage.shows("Cancel") && stage.shows("Takes requests"));
    // What is above it has the keyboard.
    enter_on(&mut stage, "Drain…");
    stage.key(Modifiers::COMMAND, Key::K);
    stage.letters("aud");
    stage.key(Modifiers::NONE, Key::Enter);
    assert_eq!(stage.harness.state().route(), Route::Audit);
    stage.open(live(), AgentTab::Settings);
    assert!(stage.shows("Takes requests") && !stage.shows("Drained"));
}

#[test]
fn the_settings_of_an_agent_that_is_away_can_be_read() {
    let mut stage = Stage::new(Theme::Light, SMALL);
    stage.open(away(), AgentTab::Settings);
    stage.shot("settings-away");
    assert!(stage.shows("Proxy host"));
    assert!(!stage.is_enabled("Drain…"));
}

#[test]
fn a_guarded_address_is_allowed_in_the_draft_and_guarded_again() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Settings);
        let before = stage.document(live()).hash();
        stage.fill("Address to allow", "localhost");
        assert!(stage.mentions("must be an IP address"));
        assert!(!stage.is_enabled("Allow target"));
        stage.fill("Address to allow", "127.0.0.1:5000");
        stage.take("Allow target");
        let draft = stage.draft(live());
        let allowed: Vec<String> = draft
            .connector()
            .allowed_targets()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(allowed, ["127.0.0.1:5000", "127.0.0.1:8080"]);
        stage.fill("Address to allow", "127.0.0.1:5000");
        assert!(stage.mentions("is allowed already"));
        stage.harness.get_by_label("Allowed targets").scroll_to_me();
        stage.run();
        stage.shot("settings-targets");
        stage.take("Guard 127.0.0.1:5000 again");
        assert_eq!(stage.draft(live()).hash(), before);
    }
}
