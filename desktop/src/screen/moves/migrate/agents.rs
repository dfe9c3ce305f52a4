//! From where to where, and whether the source stays.

use egui::{Align, Id, Layout, ScrollArea, Ui};
use underpass_fleet::migrate::plan::TARGETS_MAX;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::id::AgentId;
use underpass_shared::rights::Role;

use super::Migrate;
use super::goal::Goal;
use crate::cx::Cx;
use crate::digest::{state_of, word_of};
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{Words as _, checkbox, option_card, pill, search, segmented, select, toggle};

/// Why an agent cannot take part, if so.
fn unfit(agent: &AgentSnapshot) -> Option<String> {
    if !agent.link.is_online() {
        return Some("it does not answer now".to_owned());
    }
    match agent.own.value().map(|own| own.role) {
        Some(Role::Administrator) => None,
        Some(role) => Some(format!("you are {role} there; Administrator is needed")),
        None => Some("it has not told yet what you may do".to_owned()),
    }
}

impl Migrate {
    /// Why the first step is not complete.
    pub(super) fn incomplete(&self, cx: &Cx<'_>) -> Option<String> {
        if self.backup.is_none() && self.source.is_none() {
            return Some("choose the agent that serves now".to_owned());
        }
        if self.goals.is_empty() {
            return Some("choose a target".to_owned());
        }
        if self.goals.len() > TARGETS_MAX {
            return Some(format!("at most {TARGETS_MAX} targets are allowed"));
        }
        let document = self.document(cx);
        let empty = document.is_none_or(|known| known.subaccounts().is_empty());
        if self.backup.is_none() && empty {
            return Some("the source has no subaccounts".to_owned());
        }
        let source = self.source.filter(|_| self.backup.is_none());
        let all = self.goals.iter().map(|goal| goal.agent).chain(source);
        let mut all = all.filter_map(|id| cx.fleet.agent(id));
        all.find_map(|agent| {
            let reason = unfit(agent)?;
            Some(format!("{}: {reason}", text::clean(&agent.label)))
        })
        .or_else(|| self.backup.as_ref()?.missing())
    }

    pub(super) fn agents(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        let mut from_backup = self.backup.is_some();
        let ways = [(false, "A running agent"), (true, "A backup file")];
        if segmented(ui, "Source", &mut from_backup, &ways) {
            self.backup = from_backup.then(Box::default);
            // What is brought back is brought back as a whole, unless somebody wants less.
            self.settings = from_backup;
            self.copy = false;
        }
        if from_backup {
            self.beside(ui, cx);
        } else {
            self.running(ui, cx);
            self.targets(ui, cx);
            self.with_settings(ui);
        }
    }

    /// The backup at the left, and who is to have it at the right.
    fn beside(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        ui.spacing_mut().item_spacing.x = space::XL;
        ui.columns_const(|[left, right]| {
            let layout = Layout::top_down(Align::Min);
            left.with_layout(layout, |ui| {
                ui.spacing_mut().item_spacing = egui::Vec2::splat(space::S);
                if let Some(backup) = &mut self.backup {
                    ScrollArea::vertical()
                        .id_salt("from-backup")
                        .auto_shrink([false, false])
                        .show(ui, |ui| backup.ui(ui));
                }
            });
            right.with_layout(layout, |ui| {
                ui.spacing_mut().item_spacing = egui::vec2(space::S, space::M);
                self.targets(ui, cx);
                self.with_settings(ui);
            });
        });
    }

    fn with_settings(&mut self, ui: &mut Ui) {
        let label = if self.backup.is_some() {
            "With the settings of the agent as a whole"
        } else {
            "The settings of the agent as a whole come along: proxy, alerts, mail and others"
        };
        toggle(ui, &mut self.settings, label, None);
    }

    /// Which agent serves now, and what becomes of it.
    fn running(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let known = |agent: &&std::sync::Arc<AgentSnapshot>| agent.configuration.value().is_some();
        let mut choices = vec![(None, "Choose an agent".to_owned())];
        let agents = cx.fleet.agents.iter().filter(known);
        choices.extend(agents.map(|agent| (Some(agent.id), text::clean(&agent.label))));
        let mut source = self.source;
        if select(ui, "From", &mut source, &choices, size::FORM) {
            self.source = source;
            self.goals.retain(|goal| Some(goal.agent) != source);
            self.goals
                .iter_mut()
                .for_each(|goal| goal.subaccounts.clear());
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let width = (ui.available_width() - space::S) / 2.0;
            let text = "The targets take its place; its tunnels end, its configuration stays";
            if option_card(ui, !self.copy, "Move", text, width) {
                self.copy = false;
            }
            let text = "It stays; the targets serve the same under other location IDs";
            if option_card(ui, self.copy, "Copy", text, width) {
                self.copy = true;
            }
        });
    }

    fn targets(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let tokens = ui.tokens();
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            let chosen = match self.goals.len() {
                0 => "To".to_owned(),
                many => format!("To: {}", text::plural(many, "agent")),
            };
            ui.words(Text::Strong, tokens.text, chosen);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let id = Id::unique("filter-targets");
                search(ui, id, &mut self.filter, "Filter targets", 200.0);
            });
        });
        let words = self.filter.trim().to_lowercase();
        let fits = |agent: &AgentSnapshot| {
            let group = agent.group.as_deref().unwrap_or_default().to_lowercase();
            let label = agent.label.to_lowercase();
            let mut words = words.split_whitespace();
            words.all(|word| label.contains(word) || group.contains(word))
        };
        // A backup may be of an agent that is still listed.
        let source = self.source.filter(|_| self.backup.is_none());
        let mut agents: Vec<&AgentSnapshot> = cx
            .fleet
            .agents
            .iter()
            .map(AsRef::as_ref)
            .filter(|agent| Some(agent.id) != source && fits(agent))
            .collect();
        agents.sort_by_key(|agent| !self.is_goal(agent.id));
        let room = (ui.available_height() - size::CONTROL - space::L).max(120.0);
        ScrollArea::vertical()
            .id_salt("targets")
            .max_height(room)
            .auto_shrink([false, true])
            .show_rows(ui, size::ROW_COMPACT, agents.len(), |ui, range| {
                for agent in agents.get(range).unwrap_or_default() {
                    self.target(ui, agent);
                }
            });
        if agents.is_empty() {
            ui.quiet("No other agent matches; pair with the target first");
        }
    }

    fn is_goal(&self, agent: AgentId) -> bool {
        self.goals.iter().any(|goal| goal.agent == agent)
    }

    fn target(&mut self, ui: &mut Ui, agent: &AgentSnapshot) {
        let label = text::clean(&agent.label);
        let on = self.is_goal(agent.id);
        let reason = unfit(agent);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.set_height(size::ROW_COMPACT);
            let fit = reason.is_none() || on;
            let name = format!("To {label}");
            let clicked = ui
                .add_enabled_ui(fit, |ui| checkbox(ui, Some(on), &name).clicked())
                .inner;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                pill(ui, state_of(agent.health), word_of(agent.health));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.bold(label.as_str());
                    let group = agent.group.as_deref().map(text::clean).unwrap_or_default();
                    ui.quiet(reason.map_or(group, |reason| text::sentence(&reason)));
                });
            });
            if clicked && on {
                self.goals.retain(|goal| goal.agent != agent.id);
            } else if clicked {
                self.goals.push(Goal::of(agent.id));
            }
        });
    }
}
