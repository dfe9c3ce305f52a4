//! What a test's user does with fields, and what he reads back of an agent.

use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_fleet::demo::{SEED, Still};
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;

use crate::stage::{NOW_MS, Stage};

/// Waits so often for what threads do.
const TRIES: usize = 500;

/// An agent that something weakens.
pub(crate) fn weak() -> AgentId {
    of_problem(|warnings, _expiring| warnings > 0)
}

/// An agent of which a certificate ends soon.
pub(crate) fn expiring() -> AgentId {
    of_problem(|_warnings, expiring| expiring > 0)
}

fn of_problem(is: impl Fn(usize, usize) -> bool) -> AgentId {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let found = fleet.agents.iter().find(|agent| {
        let status = agent.status.value();
        status.is_some_and(|status| is(status.warnings.len(), status.expiring.len()))
    });
    found.unwrap().id
}

/// A file that is dragged onto the window.
#[derive(Debug)]
struct Dragged(std::path::PathBuf);

impl egui::DroppedFile for Dragged {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

impl Stage {
    /// Drops a file on the window.
    pub(crate) fn drop_file(&mut self, path: &std::path::Path) {
        let file = Arc::new(Dragged(path.to_owned()));
        self.harness.input_mut().dropped_files = vec![file];
        self.harness.step();
        self.harness.input_mut().dropped_files.clear();
        self.run();
    }

    /// Sends the keyboard to a field.
    pub(crate) fn focus(&mut self, name: &str) {
        let roles = [
            Role::TextInput,
            Role::MultilineTextInput,
            Role::PasswordInput,
            Role::SearchInput,
        ];
        let all: Vec<_> = self.harness.query_all_by_label(name).collect();
        let field = all
            .iter()
            .find(|node| roles.contains(&node.accesskit_node().role()));
        field.unwrap_or_else(|| panic!("no field {name}")).focus();
        self.run();
    }

    /// Clicks what can be clicked and has this name; in a dialog what lies behind it counts not.
    pub(crate) fn press(&mut self, name: &str) {
        let inert = [
            Role::Label,
            Role::Dialog,
            Role::TextRun,
            Role::Row,
            Role::Window,
        ];
        // What is below the edge of the window is brought into view before.
        for is_seen in [false, true] {
            let all: Vec<_> = self.harness.query_all_by_label(name).collect();
            let mut active = all
                .iter()
                .filter(|node| !inert.contains(&node.accesskit_node().role()));
            let last = active.next_back();
            let last = last.unwrap_or_else(|| panic!("nothing to press is called {name}"));
            if is_seen {
                last.click();
            } else {
                last.scroll_to_me();
            }
            drop(all);
            self.run();
        }
    }

    /// Types into a field.
    pub(crate) fn field(&mut self, name: &str, text: &str) {
        self.focus(name);
        self.letters(text);
        self.run();
    }

    /// Empties a field.
    pub(crate) fn clear(&mut self, name: &str) {
        self.focus(name);
        self.key(egui::Modifiers::COMMAND, egui::Key::A);
        self.key(egui::Modifiers::NONE, egui::Key::Delete);
    }

    /// Pastes into a field.
    pub(crate) fn paste(&mut self, name: &str, text: &str) {
        self.focus(name);
        self.harness.event(egui::Event::Paste(text.to_owned()));
        self.run();
    }

    /// Lets a second pass.
    pub(crate) fn wait(&mut self) {
        self.harness.run_steps(8);
        self.run();
    }

    /// Waits for what a thread does.
    pub(crate) fn until(&mut self, done: impl Fn(&Self) -> bool) {
        for _try in 0..TRIES {
            self.run();
            if done(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not come");
    }

    /// The present revision of an agent.
    pub(crate) fn revision(&self, id: AgentId) -> u64 {
        let fleet = self.harness.state().fleet();
        fleet
            .agent(id)
            .unwrap()
            .configuration
            .value()
            .unwrap()
            .revision
    }

    /// What an agent is to become.
    pub(crate) fn draft(&self, id: AgentId) -> Arc<Document> {
        let fleet = self.harness.state().fleet();
        Arc::clone(fleet.agent(id).unwrap().draft.as_ref().unwrap().document())
    }

    /// How many resources an agent has open.
    pub(crate) fn resources(&self, id: AgentId) -> usize {
        let fleet = self.harness.state().fleet();
        let known = fleet.agent(id).unwrap().configuration.value().unwrap();
        count(&known.document)
    }

    /// How many it is to have.
    pub(crate) fn drafted(&self, id: AgentId) -> usize {
        count(&self.draft(id))
    }

    /// The number of the revision that is shown.
    pub(crate) fn chosen_revision(&self) -> u64 {
        let all = self.harness.query_all_by_label_contains("Revision ");
        let mut numbers = all.filter_map(|node| {
            let node = node.accesskit_node();
            let label = node.label().or_else(|| node.value())?;
            label.strip_prefix("Revision ")?.parse().ok()
        });
        numbers.next_back().unwrap()
    }
}

fn count(document: &Document) -> usize {
    let all = document.subaccounts().iter().flat_map(|one| one.mappings());
    all.map(|one| one.resources.len()).sum()
}
