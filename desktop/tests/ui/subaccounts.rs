//! Subaccounts, channels and cookie domains of an agent.

use egui::{Key, Modifiers, Theme};
use underpass_desktop::nav::AgentTab;
use underpass_shared::pki::token::EnrolToken;

use crate::forms::{away, live};
use crate::stage::{SMALL, Stage, WINDOW};

fn token() -> String {
    EnrolToken {
        region_host: "connect.eu10.example.com".parse().unwrap(),
        subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
        ca_fingerprint: [0xA7; 32],
        secret: [0x11; 32],
    }
    .to_string()
}

#[test]
fn a_subaccount_is_added_by_its_token() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Subaccounts);
        stage.shot("subaccounts");
        stage.take("Add subaccount…");
        stage.fill("Enrolment token", "underpass-enrol.?");
        assert!(stage.mentions("damaged or was cut"));
        stage.shot("subaccounts-token-bad");
        stage.fill("Enrolment token", &token());
        assert!(stage.shows("0190a5a2-6d0e-7cc0-8000-000000000001"));
        stage.shot("subaccounts-token");
        stage.take("Continue");
        stage.fill("Location ID", "not a label");
        assert!(stage.mentions("location ID"));
        stage.fill("Location ID", "plant-z");
        stage.fill("Display name", "Shop floor");
        stage.shot("subaccounts-settings");
        stage.take("Enrol");
        stage.run();
        stage.shot("subaccounts-done");
        stage.take("Close");
        stage.run();
        assert!(stage.mentions("Shop floor"));
    }
}

#[test]
fn a_channel_has_the_fields_of_its_kind() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Channels);
        stage.shot("channels");
        assert!(stage.mentions("opens no service channels"));
        stage.take("Add channel…");
        stage.fill("Instance number", "100");
        assert!(stage.mentions("between 0 and 99"));
        stage.fill("Instance number", "0");
        stage.fill("Database instance", "reports");
        // Another channel has the port that follows from the number.
        assert!(stage.mentions("has the local port 30015 too"));
        stage.shot("channels-clash");
        stage.fill("Instance number", "42");
        assert!(stage.mentions("port 34215"));
        stage.take("Add to the draft");
        assert!(stage.mentions("reports, In the draft"));
        stage.shot("channels-drafted");
    }
}

#[test]
fn a_cookie_domain_is_mapped_once() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::CookieDomains);
        stage.shot("cookies");
        stage.take("Add domain…");
        stage.fill("Virtual domain", "shop.example.com");
        stage.fill("Internal domain", "corp.example");
        assert!(stage.mentions("occurs twice"));
        stage.shot("cookies-twice");
        stage.fill("Internal domain", "shop.corp.example");
        stage.take("Add to the draft");
        assert!(stage.mentions("shop.corp.example to shop.example.com"));
    }
}

#[test]
fn an_agent_that_is_away_shows_what_was_known() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.open(away(), AgentTab::Subaccounts);
    stage.shot("subaccounts-away");
    assert!(!stage.is_enabled("Add subaccount…"));
    let mut stage = Stage::new(Theme::Light, SMALL);
    for tab in [
        AgentTab::Subaccounts,
        AgentTab::Channels,
        AgentTab::CookieDomains,
    ] {
        stage.open(live(), tab);
        stage.shot(&format!(
            "small-{}",
            tab.title().to_lowercase().replace(' ', "-")
        ));
    }
}

#[test]
fn a_subaccount_is_deleted_by_its_name() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.open(live(), AgentTab::Subaccounts);
    let before = stage.document(live());
    let mut all: Vec<_> = before
        .subaccounts()
        .iter()
        .map(|one| one.own().display_name.to_string())
        .collect();
    all.sort();
    let name = &all[0];
    stage.key(Modifiers::NONE, Key::ArrowDown);
    assert!(stage.shows("Client certificate"));
    stage.shot("subaccounts-detail");
    stage.take("More actions for the subaccount");
    stage.shot("subaccounts-menu");
    stage.take("Delete…");
    stage.shot("subaccounts-delete");
    assert!(!stage.is_enabled("Delete in the draft"));
    stage.fill(&format!("Type {name} to confirm"), name);
    stage.take("Delete in the draft");
    let draft = stage.draft(live());
    assert_eq!(draft.subaccounts().len() + 1, before.subaccounts().len());
    stage.shot("subaccounts-deleted");
    stage.take("Keep it");
    assert_eq!(stage.draft(live()).hash(), before.hash());
}
