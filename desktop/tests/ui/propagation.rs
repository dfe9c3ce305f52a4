//! How users are known to the systems.

use std::sync::Arc;

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{AgentSnapshot, Health};
use underpass_shared::config::{Protocol, Subaccount};

use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

#[test]
fn rules_are_added_moved_and_tried_on_a_user() {
    let id = Stage::agent(Health::Online).id;
    for mut stage in Stage::both() {
        stage.go(Route::Agent {
            id,
            tab: AgentTab::Propagation,
        });
        assert!(stage.mentions("CN=ALINDGREN"));
        stage.press("Add rule…");
        stage.field("Attribute of the token", "m a i l");
        assert!(stage.mentions("variable must have"));
        stage.shot("propagation-rule-wrong");
        stage.clear("Attribute of the token");
        stage.field("Attribute of the token", "mail");
        stage.field("E-mail (EMAIL)", "${mail}");
        stage.shot("propagation-rule");
        stage.press("Add to the draft");
        assert!(stage.mentions("CN=ALINDGREN,EMAIL=a.lindgren@contoso.example"));
        assert!(stage.mentions("If mail exists"));
        stage.press("Add rule…");
        stage.field("Attribute of the token", "kind");
        stage.press("Add to the draft");
        stage.press("Move up rule 2");
        let rules = stage.draft(id).connector().subject_pattern_rules.clone();
        assert_eq!(rules.rules()[0].condition.to_string(), "kind exists");
        stage.shot("propagation");
        stage.press("Technical user");
        assert!(stage.mentions("Rule 1 holds: kind exists"));
        stage.press("Remove rule 1");
        assert_eq!(
            stage
                .draft(id)
                .connector()
                .subject_pattern_rules
                .rules()
                .len(),
            1
        );
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Propagation,
    });
    stage.shot("propagation-small");
}

#[test]
fn times_keep_to_their_rules() {
    let id = Stage::agent(Health::Online).id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Propagation,
    });
    stage.clear("Tolerance for tokens, hours");
    stage.field("Tolerance for tokens, hours", "9999");
    assert!(stage.mentions("must be a whole number from 1 to 336"));
    stage.clear("Tolerance for tokens, hours");
    stage.field("Tolerance for tokens, hours", "12");
    stage.press("Change in the draft");
    assert_eq!(
        stage
            .draft(id)
            .connector()
            .pp_settings
            .expiration_tolerance_in_hr
            .get(),
        12
    );
}

#[test]
fn clients_users_and_whose_word_is_taken_go_into_the_draft() {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let speaks_rfc = |agent: &&Arc<AgentSnapshot>| {
        let document = agent.configuration.value().map(|found| &found.document);
        let all = document.map_or(&[][..], |document| document.subaccounts());
        let mut mappings = all.iter().flat_map(|one| one.mappings());
        agent.health == Health::Online && mappings.any(|one| one.protocol == Protocol::Rfc)
    };
    let id = fleet.agents.iter().find(speaks_rfc).unwrap().id;
    let mut stage = Stage::new(Theme::Dark, [1280.0, 1500.0]);
    let tab = AgentTab::Propagation;
    stage.go(Route::Agent { id, tab });
    stage.field("Client", "1");
    assert!(stage.mentions("client must have 3 characters"));
    stage.field("Client", "00");
    stage.press("Allow");
    stage.field("Client and user", "100:DDIC");
    stage.press("Block");
    stage.shot("propagation-tall");
    let draft = stage.draft(id);
    let mut mappings = draft.subaccounts().iter().flat_map(|one| one.mappings());
    let options = mappings.find_map(|one| one.rfc_options.clone()).unwrap();
    assert_eq!(options.allowed_clients[0].to_string(), "100");
    assert_eq!(options.blocked_users[0].to_string(), "100:DDIC");
    stage.press("Remove client 100");
    let name = stage.draft(id).subaccounts()[0]
        .own()
        .display_name
        .to_string();
    stage.press(&format!("{name} follows the cloud side"));
    let draft = stage.draft(id);
    let follows = |one: &Arc<Subaccount>| one.own().identity_trust.auto_sync();
    assert!(draft.subaccounts().iter().any(follows));
    let mut mappings = draft.subaccounts().iter().flat_map(|one| one.mappings());
    assert!(mappings.all(|one| {
        let options = one.rfc_options.as_deref();
        options.is_none_or(|options| options.allowed_clients.is_empty())
    }));
}
