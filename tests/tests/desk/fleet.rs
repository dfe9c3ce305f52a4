//! Several agents from one page: drift, a template for all of them, and the way back.

use egui::accesskit::Role;
use serde_json::{Value, json};
use underpass_desktop::nav::{ConfigurationTab, Route};
use underpass_fleet::bulk::Counts;

use crate::agent::Agent;
use crate::desk::Desk;
use crate::process::{run, until};
use crate::world::World;

const TEMPLATE: &str = r#"{"format":1,"name":"All plants","variables":{"tunnels":{"type":"number"}},"settings":{"description":"Plant ${agent.label}","tunnelConnections":"${tunnels}"}}"#;

fn describe(agent: &Agent, text: &str) {
    let mut document = agent.document();
    document["connector"]["description"] = text.into();
    run(agent.command(&["document", "apply", &agent.write(&document)]));
}

fn description(agent: &Agent) -> Value {
    agent.document()["connector"]["description"].clone()
}

impl Desk {
    fn configuration(&mut self, tab: ConfigurationTab) {
        self.go(Route::Configuration { tab });
    }

    /// Waits until the newest rollout stands so, and nothing is being done with it.
    fn rolled(&mut self, what: &str, is: impl Fn(&Counts) -> bool) {
        until(what, || {
            self.frames();
            let fleet = self.fleet();
            let newest = fleet.rollouts.first()?;
            (newest.running.is_none() && is(&newest.counts())).then_some(())
        });
    }
}

#[test]
fn drift_is_brought_in_line_and_a_template_rolled_out_to_three_agents_and_taken_back() {
    let world = World::start();
    let mut first = world.enrol("", &[]);
    let mut second = world.enrol("b", &[]);
    let mut third = world.enrol("c", &[]);
    for (agent, text) in [(&first, "as all"), (&second, "as all"), (&third, "own")] {
        describe(agent, text);
    }
    let mut desk = Desk::new(&mut first);
    desk.also(&mut second, "works");
    desk.also(&mut third, "depot");
    until("all configurations", || {
        desk.frames();
        let fleet = desk.fleet();
        let known = |one: &std::sync::Arc<underpass_fleet::snapshot::AgentSnapshot>| {
            one.configuration.value().is_some()
        };
        (fleet.agents.len() == 3 && fleet.agents.iter().all(known)).then_some(())
    });

    // The agent that differs gets what the baseline has.
    desk.configuration(ConfigurationTab::Drift);
    desk.press(Role::ComboBox, "Baseline");
    desk.press(Role::MenuItem, "plant");
    desk.button("Compare now");
    desk.sees("works, Same");
    desk.row("depot, 1 difference");
    desk.button("Take the baseline's values…");
    desk.button("Plan it");
    desk.rolled("the plan", |counts| counts.ready == 1);
    desk.button("Start…");
    desk.button("Change them");
    desk.rolled("the change", |counts| counts.done == 1);
    assert_eq!(description(&third), "as all");

    // One template for all, with its variable; the first agent alone at first.
    desk.configuration(ConfigurationTab::Templates);
    desk.button("Make one of an agent…");
    desk.fill("Name of the template", "All plants");
    desk.button("Make it");
    desk.press(Role::RadioButton, "As text");
    desk.fill("Template as JSON", TEMPLATE);
    desk.button("Save");
    desk.button("Roll out…");
    desk.button("All shown");
    desk.button("Continue");
    desk.fill("tunnels", "3");
    desk.button("Continue");
    desk.button("Plan it");
    desk.rolled("the plan for three", |counts| counts.ready == 3);
    desk.button("Start…");
    desk.button("Change them");
    desk.rolled("the change on three", |counts| counts.done == 3);
    for (agent, label) in [(&first, "plant"), (&second, "works"), (&third, "depot")] {
        let connector = agent.document()["connector"].clone();
        assert_eq!(connector["description"], format!("Plant {label}"));
        assert_eq!(connector["tunnelConnections"], json!(3));
    }
    desk.button("Undo all…");
    desk.button("Undo all");
    desk.rolled("all is taken back", |counts| counts.undone == 3);
    for agent in [&first, &second, &third] {
        assert_eq!(description(agent), "as all");
    }
}
