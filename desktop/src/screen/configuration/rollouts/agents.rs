//! The step in which agents are chosen.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Id, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::digest::{state_of, word_of};
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{Button, Words as _, checkbox, menu, menu_item, pill, search};

const LIST: f32 = 236.0;

/// The chosen agents.
pub(super) struct Agents {
    pub(super) chosen: BTreeSet<AgentId>,
    filter: String,
}

impl Agents {
    pub(super) fn new(agents: Vec<AgentId>) -> Self {
        Self {
            chosen: agents.into_iter().collect(),
            filter: String::new(),
        }
    }

    /// Leaves out who is not known any more.
    pub(super) fn follow(&mut self, cx: &Cx<'_>) {
        self.chosen.retain(|id| cx.fleet.agent(*id).is_some());
    }

    /// The chosen agents in the order of the fleet.
    pub(super) fn all<'a>(
        &'a self,
        cx: &'a Cx<'_>,
    ) -> impl Iterator<Item = &'a Arc<AgentSnapshot>> {
        let all = cx.fleet.agents.iter();
        all.filter(|agent| self.chosen.contains(&agent.id))
    }

    /// The same, with one of them before all others.
    pub(super) fn ordered<'a>(
        &'a self,
        cx: &'a Cx<'_>,
        first: Option<AgentId>,
    ) -> impl Iterator<Item = &'a Arc<AgentSnapshot>> {
        let is_first = move |agent: &&Arc<AgentSnapshot>| Some(agent.id) == first;
        let begin = self.all(cx).filter(is_first);
        begin.chain(self.all(cx).filter(move |agent| !is_first(agent)))
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let words = self.filter.trim().to_lowercase();
        let rows: Vec<&Arc<AgentSnapshot>> = cx
            .fleet
            .agents
            .iter()
            .filter(|agent| is_of(agent, &words))
            .collect();
        self.bar(ui, cx, &rows);
        ui.add_space(space::S);
        ScrollArea::vertical()
            .max_height(LIST)
            .auto_shrink([false, false])
            .show_rows(ui, size::ROW_COMPACT, rows.len(), |ui, range| {
                for agent in &rows[range] {
                    self.one(ui, agent);
                }
            });
    }

    fn bar(&mut self, ui: &mut Ui, cx: &Cx<'_>, rows: &[&Arc<AgentSnapshot>]) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let id = Id::unique("rollout-agents");
            search(ui, id, &mut self.filter, "Name, group or tag", 230.0);
            let groups = ui.add(Button::secondary("Group").icon(Icon::Folder));
            menu(&groups, |ui| {
                for group in &cx.digest.groups {
                    if menu_item(ui, None, &text::clean(&group.name), "").clicked() {
                        let all = cx.fleet.agents.iter();
                        let of = all.filter(|one| one.group.as_ref() == Some(&group.name));
                        self.chosen.extend(of.map(|agent| agent.id));
                    }
                }
            });
            if ui.add(Button::ghost("All shown")).clicked() {
                self.chosen.extend(rows.iter().map(|agent| agent.id));
            }
            if ui.add(Button::ghost("None")).clicked() {
                self.chosen.clear();
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = format!("{} chosen", text::count(self.chosen.len()));
                ui.words(Text::Strong, ui.tokens().text, words);
            });
        });
    }

    fn one(&mut self, ui: &mut Ui, agent: &AgentSnapshot) {
        let label = text::clean(&agent.label);
        ui.horizontal(|ui| {
            ui.set_height(size::ROW_COMPACT);
            let on = self.chosen.contains(&agent.id);
            if checkbox(ui, Some(on), &format!("Choose {label}")).clicked() {
                if on {
                    self.chosen.remove(&agent.id);
                } else {
                    self.chosen.insert(agent.id);
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_space(space::M);
                pill(ui, state_of(agent.health), word_of(agent.health));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.bold(label);
                    ui.quiet(agent.group.as_deref().map(text::clean).unwrap_or_default());
                });
            });
        });
    }
}

/// Whether each of these words is in the label, the group or a tag of an agent.
fn is_of(agent: &AgentSnapshot, words: &str) -> bool {
    words.split_whitespace().all(|word| {
        let has = |text: &str| text.to_lowercase().contains(word);
        has(&agent.label)
            || agent.group.as_deref().is_some_and(has)
            || agent.tags.iter().any(|tag| has(tag))
    })
}
