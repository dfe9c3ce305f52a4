//! Which agents are compared, and with what.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::drift::Basis;
use underpass_fleet::profile::TemplateId;
use underpass_fleet::template::Template;
use underpass_shared::id::AgentId;

use super::rules::{self, RulesDialog};
use super::values::{ValuesDialog, missing};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Banner, Button, flow, select, toggle};

const FIELD: f32 = 230.0;

/// What agents are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Agent(AgentId),
    Template(TemplateId),
}

/// What is chosen; the group is kept with the preferences.
#[derive(Default)]
pub(super) struct Form {
    with: Option<With>,
    values: ValuesDialog,
}

impl Form {
    /// The agents of the group.
    pub(super) fn agents(&self, cx: &Cx<'_>) -> Vec<AgentId> {
        let group = cx.prefs.drift.group.as_deref();
        let is_in = |own: Option<&str>| group.is_none() || own == group;
        let all = cx.fleet.agents.iter();
        let all = all.filter(|agent| is_in(agent.group.as_deref()));
        all.map(|agent| agent.id).collect()
    }

    /// What they are compared with, where that is still known.
    pub(super) fn basis(&self, cx: &Cx<'_>) -> Option<Basis> {
        match self.with? {
            With::Agent(id) => cx.fleet.agent(id).map(|_| Basis::Agent(id)),
            With::Template(id) => {
                let kept = cx.fleet.template(id)?;
                let template = Box::new(kept.template.clone());
                // The dialog leaves with values that can be used.
                let values = self.values.read(&template).unwrap_or_default();
                Some(Basis::Template(template, Box::new(values)))
            }
        }
    }

    /// The template that they are compared with, if it is one with variables.
    fn template(&self, cx: &Cx<'_>) -> Option<Template> {
        match self.with? {
            With::Agent(_) => None,
            With::Template(id) => {
                let template = &cx.fleet.template(id)?.template;
                (!template.variables.is_empty()).then(|| template.clone())
            }
        }
    }

    /// Says which values the template lacks, and takes them; true when it is to be compared.
    pub(super) fn values(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> bool {
        let Some(template) = self.template(cx) else {
            return false;
        };
        let group = self.agents(cx);
        let agents = cx.fleet.agents.iter();
        let agents: Vec<_> = agents
            .filter(|one| group.contains(&one.id))
            .cloned()
            .collect();
        let given = self.values.read(&template).unwrap_or_default();
        if let Some(missing) = missing(&template, &given, &agents) {
            let title = format!("“{}” needs values", text::clean(&template.name));
            let detail = format!("Without a value: {missing}");
            ui.add_space(space::S);
            if Banner::new(State::Warn, &title)
                .detail(&detail)
                .action("Give values…")
                .show(ui)
            {
                self.values.open();
            }
        }
        self.values.show(ui.ctx(), &template, &agents)
    }

    /// Shows the form; true when it is to be compared.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        dialog: &mut Option<RulesDialog>,
    ) -> bool {
        let mut compare = false;
        flow(ui, |flow| {
            flow.cell(FIELD, |ui| self.groups(ui, cx));
            flow.cell(FIELD + 30.0, |ui| self.baselines(ui, cx));
            if self.template(cx).is_some() {
                flow.cell(100.0, |ui| {
                    beside(ui, |ui| {
                        let button = Button::secondary("Values…").icon(Icon::Variable);
                        let button = button.tooltip("What the template leaves open");
                        if ui.add(button).clicked() {
                            self.values.open();
                        }
                    });
                });
            }
            flow.cell(120.0, |ui| {
                beside(ui, |ui| {
                    let ready = self.basis(cx).is_some();
                    let button = Button::primary("Compare").icon(Icon::GitCompare);
                    let button = button.enabled_if(ready, "Choose a baseline first");
                    compare = ui.add(button).clicked();
                });
            });
            flow.cell(330.0, |ui| {
                beside(ui, |ui| {
                    let count = rules::count(cx.prefs);
                    let word = match count {
                        0 => "Ignore…".to_owned(),
                        count => format!("Ignore {}…", text::plural(count, "rule")),
                    };
                    let button = Button::secondary(&word)
                        .icon(Icon::ListFilter)
                        .tooltip("What is not compared");
                    if ui.add(button).clicked() {
                        *dialog = Some(RulesDialog::new(cx.prefs));
                    }
                    ui.add_space(space::S);
                    toggle(
                        ui,
                        &mut cx.prefs.drift.any_location,
                        "Any location ID",
                        None,
                    )
                    .on_hover_text(
                        "Subaccounts are compared whatever their location ID, where an agent \
                             has only one of a tenant",
                    );
                });
            });
        });
        compare
    }

    fn groups(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let all = format!("All {}", text::plural(cx.fleet.agents.len(), "agent"));
        let mut choices = vec![(None, all)];
        choices.extend(cx.digest.groups.iter().map(|group| {
            let word = format!("{} · {}", text::clean(&group.name), group.count);
            (Some(group.name.to_string()), word)
        }));
        let group = &mut cx.prefs.drift.group;
        if group.is_some() && choices.iter().all(|(choice, _)| choice != group) {
            *group = None;
        }
        if select(ui, "Agents", group, &choices, FIELD) {
            // An agent of another group is no baseline for this one.
            self.with = self.with.filter(|with| matches!(with, With::Template(_)));
        }
    }

    fn baselines(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let group = cx.prefs.drift.group.as_deref();
        let template = |one: &std::sync::Arc<underpass_fleet::snapshot::KeptTemplate>| {
            let word = format!("Template {}", text::clean(&one.template.name));
            (Some(With::Template(one.id)), word)
        };
        let mut choices: Vec<(Option<With>, String)> = cx
            .fleet
            .agents
            .iter()
            .filter(|agent| group.is_none() || agent.group.as_deref() == group)
            .filter(|agent| agent.configuration.value().is_some())
            .map(|agent| (Some(With::Agent(agent.id)), text::clean(&agent.label)))
            .collect();
        choices.extend(cx.fleet.templates.iter().map(template));
        if choices.iter().all(|(choice, _)| *choice != self.with) {
            self.with = choices.first().and_then(|(first, _)| *first);
        }
        select(ui, "Baseline", &mut self.with, &choices, FIELD + 30.0);
    }
}

/// Beside a field itself, not beside its label.
fn beside(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.add_space(size::LABELLED - size::CONTROL - 1.0);
    ui.allocate_ui_with_layout(
        egui::vec2(ui.available_width(), size::CONTROL),
        Layout::left_to_right(Align::Center),
        contents,
    );
}
