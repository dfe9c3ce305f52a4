//! Who may manage an agent.

use egui::Theme;
use underpass_desktop::nav::AgentTab;

use crate::forms::{away, live};
use crate::stage::{SMALL, Stage, WINDOW};

#[test]
fn an_operator_is_revoked_by_his_name() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Operators);
        stage.shot("operators");
        assert!(stage.mentions("m.okafor"));
        stage.take("Actions for m.okafor");
        stage.shot("operators-menu");
        stage.take("Revoke…");
        stage.fill("Type m.okafor to confirm", "m.okafor");
        stage.shot("operators-revoke");
        stage.take("Revoke");
        stage.run();
        assert!(!stage.shows("Actions for m.okafor"));
    }
}

#[test]
fn the_last_administrator_stays() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.open(live(), AgentTab::Operators);
    stage.take("Actions for a.lindgren");
    assert!(!stage.is_enabled("Revoke…"));
    stage.take("Edit…");
    assert!(stage.mentions("The last Administrator cannot be revoked"));
    stage.shot("operators-last");
}

#[test]
fn a_pairing_string_is_shown_with_its_time() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Operators);
        stage.take("Pair operator…");
        stage.fill("Host in the string", "not a host");
        assert!(stage.mentions("host"));
        stage.fill("Host in the string", "agent.corp.example");
        stage.fill("Name", "n.castro");
        stage.shot("operators-pair");
        stage.take("Make a pairing string");
        assert!(stage.mentions("Good for 10:00"));
        assert!(stage.shows("Copy pairing string"));
        stage.shot("operators-string");
    }
}

#[test]
fn one_operator_is_revoked_on_many_agents() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Operators);
        stage.take("On many agents…");
        stage.fill("Operator", "j.weber");
        stage.fill("Filter agents to choose", "ap-prd");
        stage.take("Choose all agents");
        stage.shot("operators-bulk");
        // Somebody else answers in the place of one of the eight.
        assert!(!stage.is_enabled("Revoke on 7 agents"));
        stage.fill("Type j.weber to confirm", "j.weber");
        stage.take("Revoke on 7 agents");
        assert!(stage.mentions("Done on 7 agents"));
        stage.take("Close");
        assert!(!stage.shows("Actions for j.weber"));
    }
}

#[test]
fn each_agent_tells_why_it_refused() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.open(live(), AgentTab::Operators);
    stage.take("On many agents…");
    stage.fill("Operator", "j.weber");
    stage.fill("Filter agents to choose", "eu-prd");
    stage.take("Choose all agents");
    stage.fill("Type j.weber to confirm", "j.weber");
    stage.take("Revoke on 14 agents");
    stage.shot("operators-bulk-failed");
    // On one agent changes wait for their confirmation, which operators cannot be among.
    assert!(stage.mentions("Failed on 1 of 14 agents"));
    assert!(stage.is_enabled("Try the failed again"));
}

#[test]
fn users_with_a_password_and_authorities_have_their_parts() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Operators);
        stage.take("Users with a password");
        stage.shot("operators-monitoring-none");
        stage.take("Add user…");
        stage.fill("User name", "zabbix");
        stage.fill("Password", "short");
        assert!(stage.mentions("must have 12 to 256 characters"));
        stage.fill("Password", "long enough for this");
        stage.shot("operators-user");
        stage.take("Save");
        stage.run();
        assert!(stage.shows("zabbix"));
        stage.shot("operators-monitoring");
        stage.take("CAs of the organisation");
        stage.shot("operators-organisation-none");
    }
}

#[test]
fn an_agent_that_is_away_lets_nobody_be_paired() {
    let mut stage = Stage::new(Theme::Light, SMALL);
    stage.open(away(), AgentTab::Operators);
    stage.shot("operators-away");
    assert!(!stage.is_enabled("Pair operator…"));
}
