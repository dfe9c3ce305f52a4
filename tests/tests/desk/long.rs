//! One long way: from a string of the agent to a request through the tunnel, and all the way back.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use serde_json::json;
use underpass_desktop::nav::AgentTab;

use crate::access::answers;
use crate::agent::Agent;
use crate::desk::Desk;
use crate::process::{run, until};
use crate::world::World;

#[test]
fn from_a_pairing_string_to_a_request_and_back_to_nothing() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut agent = Agent::new(world.path("agent"), "", &[]);
    let mut desk = Desk::before(&mut agent);
    // Back ends at loopback addresses must be allowed.
    let mut document = agent.document();
    document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    desk.pair(&agent);
    desk.sees("Subaccount, to do");
    desk.tab(AgentTab::Subaccounts);
    desk.button("Add subaccount…");
    desk.fill("Enrolment token", &world.enrol_token(&[]));
    desk.button("Continue");
    desk.fill("Display name", "Shop floor");
    desk.button("Enrol");
    desk.sees("The subaccount is added");
    desk.button("Close");
    until("the tunnel is up", || {
        desk.frames();
        (agent.up() == 2).then_some(())
    });
    desk.tab(AgentTab::AccessControl);
    desk.add_mapping(&internal);
    // What the agent says that it would do, and nothing else happened.
    desk.key(Modifiers::COMMAND, Key::S);
    desk.sees("Added Mapping backend.virtual:80");
    answers(&world, 403);
    desk.button("Apply");
    desk.becomes("it is applied", |agent| agent.draft.is_none());
    answers(&world, 200);
    let revision = desk.snapshot().configuration.value().unwrap().revision;
    desk.button(&format!("Undo revision {revision}"));
    answers(&world, 403);
    assert_eq!(agent.document()["subaccounts"][0]["mappings"], json!([]));
    desk.tab(AgentTab::Subaccounts);
    desk.row("Shop floor");
    desk.menu("More actions for the subaccount", "Delete…");
    desk.fill("Type Shop floor to confirm", "Shop floor");
    desk.button("Delete in the draft");
    desk.apply("Removed");
    assert_eq!(agent.document()["subaccounts"], json!([]));
    until("the tunnel is closed", || {
        desk.frames();
        (agent.up() == 0).then_some(())
    });
    // The app forgets the agent.
    desk.go(underpass_desktop::nav::Route::Fleet);
    desk.press(Role::CheckBox, "Select all");
    desk.menu("Organise", "Remove from this app…");
    desk.fill("Type 127.0.0.1 to confirm", "127.0.0.1");
    desk.button("Remove");
    desk.sees("Welcome to Underpass");
}
