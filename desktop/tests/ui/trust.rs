//! An agent's certificates and whom it trusts.

use std::sync::Arc;

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{AgentSnapshot, Health, Link};

use crate::hands::expiring;
use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

#[test]
fn certificates_and_their_ends_are_shown() {
    let id = expiring();
    for mut stage in Stage::both() {
        stage.go(Route::Agent {
            id,
            tab: AgentTab::Trust,
        });
        assert!(stage.mentions("System certificate,"));
        assert!(stage.mentions("Trusted contoso-root"));
        stage.shot("trust");
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Trust,
    });
    stage.shot("trust-small");
}

#[test]
fn a_request_is_made_and_its_pem_is_shown() {
    let id = Stage::agent(Health::Online).id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Trust,
    });
    let before = stage.revision(id);
    stage.press("More for the system certificate");
    stage.press("Make or request…");
    stage.clear("Subject");
    stage.field("Subject", "CNN=x");
    assert!(stage.mentions("is unknown; known are CN"));
    stage.shot("trust-make-wrong");
    stage.clear("Subject");
    stage.field("Subject", "CN=connector.example.com,O=Example");
    stage.press("Make request");
    assert!(stage.mentions("BEGIN CERTIFICATE REQUEST"));
    stage.shot("trust-request");
    stage.press("Close");
    assert_eq!(stage.revision(id), before + 1);
    assert!(stage.mentions("A request waits"));
}

#[test]
fn a_certificate_is_trusted_in_the_draft_and_everything_only_after_its_name_was_typed() {
    let id = Stage::agent(Health::Online).id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Trust,
    });
    stage.press("Add certificate…");
    stage.field("Alias", "issuing");
    stage.field("Certificate", "nonsense");
    assert!(stage.mentions("certificate must be PEM"));
    stage.clear("Certificate");
    stage.paste("Certificate", include_str!("../../fleet/src/demo/ppca.pem"));
    stage.shot("trust-add");
    stage.press("Add to the draft");
    assert_eq!(
        stage
            .draft(id)
            .connector()
            .backend_trust()
            .certificates()
            .len(),
        2
    );
    stage.press("Take every certificate without any check (dangerous)");
    stage.field("Type trust all to confirm", "trust all");
    stage.press("Take every certificate");
    assert!(
        stage
            .draft(id)
            .connector()
            .backend_trust()
            .trust_all_backends()
    );
    assert!(stage.mentions("not checked at all"));
    stage.shot("trust-all");
}

#[test]
fn what_is_known_of_an_agent_that_is_away_stays_and_nothing_can_be_done() {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let away = |agent: &&Arc<AgentSnapshot>| matches!(agent.link, Link::Away { .. });
    let id = fleet.agents.iter().find(away).unwrap().id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    for tab in [
        AgentTab::Revisions,
        AgentTab::Audit,
        AgentTab::Logs,
        AgentTab::Security,
    ] {
        stage.go(Route::Agent { id, tab });
        assert!(stage.shows("This cannot be fetched"), "{tab:?}");
        assert!(stage.shows("Retry"), "{tab:?}");
    }
    stage.shot("agent-away");
    let tab = AgentTab::Trust;
    stage.go(Route::Agent { id, tab });
    assert!(stage.mentions("Trusted contoso-root"));
    stage.press("Add certificate…");
    assert!(!stage.shows("Trust a certificate"));
    let size = [1280.0, 1500.0];
    let mut tall = Stage::new(Theme::Light, size);
    let id = Stage::agent(Health::Online).id;
    tall.go(Route::Agent { id, tab });
    tall.shot("trust-tall");
}
