//! Drafts and revisions: on trial and back, decided where somebody else changed the same, undone
//! and restored.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use serde_json::{Value, json};
use underpass_desktop::nav::AgentTab;

use crate::agent::Agent;
use crate::desk::Desk;
use crate::process::{run, until};
use crate::world::World;

fn description(agent: &Agent) -> Value {
    agent.document()["connector"]["description"].clone()
}

/// Somebody else changes something by the command.
fn elsewhere(agent: &Agent, field: &str, value: Value) {
    let mut document = agent.document();
    document["connector"][field] = value;
    run(agent.command(&["document", "apply", &agent.write(&document)]));
}

impl Desk {
    /// Puts another description into the draft.
    fn describe(&mut self, text: &str) {
        self.tab(AgentTab::Settings);
        self.fill("Description", text);
        self.button("Save to the draft");
        self.becomes("the draft is there", |agent| {
            agent.draft.as_ref().is_some_and(|draft| draft.is_changed())
        });
    }

    fn described(&mut self, agent: &Agent, text: &str) {
        until(text, || {
            self.frames();
            (description(agent) == text).then_some(())
        });
    }

    fn revision(&self) -> u64 {
        self.snapshot().configuration.value().unwrap().revision
    }
}

#[test]
fn a_trial_is_taken_back_and_a_draft_discarded() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    elsewhere(&agent, "description", json!("as it was"));
    let mut desk = Desk::new(&mut agent);
    desk.describe("on trial");
    desk.key(Modifiers::COMMAND, Key::S);
    desk.sees("on trial");
    desk.press(Role::Switch, "Revert by itself unless confirmed within");
    desk.button("Apply on trial");
    desk.described(&agent, "on trial");
    desk.becomes("it is on trial", |agent| agent.pending.is_some());
    desk.button("Revert");
    desk.described(&agent, "as it was");
    desk.becomes("it is on trial no more", |agent| agent.pending.is_none());
    desk.describe("never");
    desk.button("Discard…");
    desk.button("Discard");
    desk.becomes("the draft is gone", |agent| agent.draft.is_none());
    assert_eq!(description(&agent), "as it was");
}

#[test]
fn what_somebody_else_changed_too_is_decided() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.describe("mine");
    elsewhere(&agent, "description", json!("theirs"));
    elsewhere(&agent, "tunnelConnections", json!(4));
    // It is found out as the agent is asked.
    desk.key(Modifiers::COMMAND, Key::S);
    desk.becomes("there is something to decide", |agent| {
        let draft = agent.draft.as_ref();
        draft.is_some_and(|draft| draft.disputes().count() == 1)
    });
    desk.sees("Somebody else changed one place too");
    desk.button("Keep mine");
    desk.sees("mine");
    desk.button("Apply");
    desk.becomes("it is applied", |agent| agent.draft.is_none());
    assert_eq!(description(&agent), "mine");
    assert_eq!(agent.document()["connector"]["tunnelConnections"], 4);
}

#[test]
fn revisions_are_undone_and_restored() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    elsewhere(&agent, "description", json!("first"));
    let mut desk = Desk::new(&mut agent);
    let first = desk.revision();
    elsewhere(&agent, "description", json!("second"));
    elsewhere(&agent, "tunnelConnections", json!(4));
    desk.becomes("both are known", |agent| {
        agent.configuration.value().unwrap().revision == first + 2
    });
    // Only what that one changed.
    desk.tab(AgentTab::Revisions);
    desk.row(&format!("Revision {}", first + 1));
    desk.button("Undo…");
    desk.sees("1 part would change");
    desk.button(&format!("Undo revision {}", first + 1));
    desk.described(&agent, "first");
    assert_eq!(agent.document()["connector"]["tunnelConnections"], 4);
    // The whole of another, once the page knows that there is one more.
    desk.sees(&format!("Revision {}", first + 3));
    desk.row(&format!("Revision {}", first + 1));
    desk.button("Restore…");
    desk.fill(
        &format!("Type {} to confirm", first + 1),
        &(first + 1).to_string(),
    );
    desk.button(&format!("Restore revision {}", first + 1));
    desk.described(&agent, "second");
    let connections = agent.document()["connector"]["tunnelConnections"].clone();
    assert_ne!(connections, 4);
}
