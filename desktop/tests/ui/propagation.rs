//! How users are known to the systems.

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::snapshot::Health;

use crate::stage::{SMALL, Stage, WINDOW};

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
