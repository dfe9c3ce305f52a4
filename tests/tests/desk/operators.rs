//! Operators: paired, given another role, revoked; and programs with a password.

use egui::accesskit::Role;
use underpass_desktop::nav::{AgentTab, Route};

use crate::desk::Desk;
use crate::process::{json, run, until};
use crate::world::World;

#[test]
fn an_operator_from_pairing_to_the_end() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    let (id, tab) = (desk.agent, AgentTab::Operators);
    desk.go(Route::Agent { id, tab });
    desk.sees("anna");
    desk.button("Pair operator…");
    desk.fill("Name", "bert");
    desk.button("Make a pairing string");
    desk.sees("Waiting for the person's program to knock");
    desk.button("Take it back");
    let names = || {
        let all = json(&run(agent.command(&["operator", "list", "--json"])));
        let all = all.as_array().unwrap().clone();
        let name = |one: &serde_json::Value| one["name"].as_str().unwrap().to_owned();
        all.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["anna"]);
    desk.press(Role::RadioButton, "Users with a password");
    desk.button("Add user…");
    desk.fill("User name", "zabbix");
    desk.fill("Password", "long enough for this");
    desk.button("Save");
    until("the user", || {
        desk.frames();
        let document = agent.document().to_string();
        document.contains("zabbix").then_some(())
    });
}
