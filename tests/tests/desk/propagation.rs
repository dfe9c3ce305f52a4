//! Principal propagation: rules, times, who may log on by RFC, and whose word on users is taken.

use egui::accesskit::Role;
use serde_json::{Value, json};
use underpass_desktop::nav::AgentTab;

use crate::agent::Agent;
use crate::desk::Desk;
use crate::process::run;
use crate::world::World;

fn rules(agent: &Agent) -> Vec<Value> {
    let rules = agent.document()["connector"]["subjectPatternRules"].clone();
    let rules = rules["rules"].as_array().cloned();
    rules.unwrap_or_default()
}

fn trust(agent: &Agent) -> Value {
    agent.document()["subaccounts"][0]["identityTrust"].clone()
}

impl Desk {
    fn add_rule(&mut self, attribute: &str, subject: &str) {
        self.button("Add rule…");
        self.fill("Attribute of the token", attribute);
        self.fill("Common name (CN)", subject);
        self.button("Add to the draft");
        self.sees(&format!("If {attribute}"));
    }
}

#[test]
fn rules_and_times_go_by_the_draft() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Propagation);
    desk.add_rule("mail", "${mail}");
    desk.add_rule("login_name", "${login_name}");
    desk.button("Move up rule 2");
    desk.button("Edit rule 2");
    desk.fill("Description", "people of the company");
    desk.button("Change in the draft");
    desk.sees("people of the company");
    desk.button("Edit rule 3");
    desk.fill("Common name (CN)", "nobody-${name}");
    desk.button("Change in the draft");
    desk.sees("CN=nobody-${name}");
    desk.fill("Tolerance for tokens, hours", "3");
    desk.button("Change in the draft");
    desk.apply("Subject pattern rules");
    let now = rules(&agent);
    assert_eq!(now.len(), 2, "{now:?}");
    assert!(now[0].to_string().contains("login_name"), "{now:?}");
    assert_eq!(now[1]["description"], "people of the company");
    let connector = agent.document()["connector"].clone();
    assert_eq!(connector["ppSettings"]["expirationToleranceInHr"], 3);
    let rest = connector["subjectPatternRules"].to_string();
    assert!(rest.contains("nobody-${name}"), "{rest}");
    desk.button("Remove rule 1");
    desk.apply("Subject pattern rules");
    let now = rules(&agent);
    assert_eq!(now.len(), 1, "{now:?}");
    assert!(now[0].to_string().contains("mail"), "{now:?}");
}

#[test]
fn who_logs_on_by_rfc_and_whose_word_is_taken_go_by_the_draft() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut document = agent.document();
    let own = &mut document["subaccounts"][0];
    own["mappings"] = json!([{"virtualAddress": "abap.virtual:3300",
        "internalAddress": "abap.corp.example:3300", "protocol": "RFC", "backendType": "abapSys",
        "resources": []}]);
    own["identityTrust"] = json!({"autoSync": false, "apps": [],
        "providers": [{"id": "ias", "name": "Corporate IAS", "enabled": false}]});
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Propagation);
    desk.fill("Client", "100");
    desk.button("Allow");
    desk.fill("Client and user", "100:DDIC");
    desk.button("Block");
    desk.sees("Remove blocked user 100:DDIC");
    desk.press(Role::Switch, "Corporate IAS");
    desk.apply("abap.virtual");
    let mapping = agent.document()["subaccounts"][0]["mappings"][0].to_string();
    assert!(
        mapping.contains("\"100\"") && mapping.contains("DDIC"),
        "{mapping}"
    );
    assert_eq!(trust(&agent)["providers"][0]["enabled"], true);
    desk.button("Remove client 100");
    desk.apply("abap.virtual");
    let mapping = agent.document()["subaccounts"][0]["mappings"][0].to_string();
    assert!(!mapping.contains("allowedClients"), "{mapping}");
    // What this gateway does not offer is refused, and said.
    desk.button("Take over now");
    desk.sees("there is nothing to take over");
    assert_eq!(trust(&agent)["providers"][0]["enabled"], true);
}
