//! What a test's user does with forms, and which agents he goes to.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::Link;
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;

use crate::stage::{NOW_MS, Stage};

/// An agent that answers.
pub(crate) fn live() -> AgentId {
    of_link(|link| link.is_online())
}

/// An agent that does not answer now, of which something is known.
pub(crate) fn away() -> AgentId {
    of_link(|link| matches!(link, Link::Away { .. }))
}

fn of_link(is: impl Fn(&Link) -> bool) -> AgentId {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let known =
        |agent: &underpass_fleet::snapshot::AgentSnapshot| agent.configuration.value().is_some();
    let found = fleet
        .agents
        .iter()
        .find(|agent| is(&agent.link) && known(agent));
    found.unwrap().id
}

impl Stage {
    /// Opens a tab of an agent.
    pub(crate) fn open(&mut self, id: AgentId, tab: AgentTab) {
        self.go(Route::Agent { id, tab });
        self.run();
    }

    /// Types into a field in place of what it has.
    pub(crate) fn fill(&mut self, name: &str, text: &str) {
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
        self.key(Modifiers::COMMAND, Key::A);
        self.letters(text);
        self.run();
    }

    /// Whether the button of this name can be used.
    pub(crate) fn is_enabled(&self, name: &str) -> bool {
        let mut all = self.harness.query_all_by_label(name);
        let found =
            all.find(|node| matches!(node.accesskit_node().role(), Role::Button | Role::MenuItem));
        !found
            .unwrap_or_else(|| panic!("no button {name}"))
            .accesskit_node()
            .is_disabled()
    }

    /// Takes the first button of this name, wherever it is on the page.
    pub(crate) fn take(&mut self, name: &str) {
        let roles = [
            Role::Button,
            Role::MenuItem,
            Role::RadioButton,
            Role::CheckBox,
        ];
        // It may have to be brought into view first.
        for scrolls in [true, false] {
            let mut all = self.harness.query_all_by_label(name);
            let found = all.find(|node| roles.contains(&node.accesskit_node().role()));
            let found = found.unwrap_or_else(|| panic!("no button {name}"));
            if scrolls {
                found.scroll_to_me()
            } else {
                found.click()
            }
            drop(all);
            self.run();
        }
    }

    /// What an agent has now.
    pub(crate) fn document(&self, id: AgentId) -> std::sync::Arc<Document> {
        let agent = self.harness.state().fleet().agent(id).unwrap();
        std::sync::Arc::clone(&agent.configuration.value().unwrap().document)
    }
}
