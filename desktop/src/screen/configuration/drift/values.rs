//! Values of the template that agents are compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::Context;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_fleet::template::{About, Template, Values};

use crate::screen::configuration::rollouts::values::ValuesForm;
use crate::text;
use crate::theme::space;
use crate::widget::{Answer, Dialog, Words as _};

/// Agents that are named where a value is missing.
const NAMED: usize = 3;

/// The dialog.
#[derive(Default)]
pub(super) struct ValuesDialog {
    is_open: bool,
    /// What is typed; values of variables that another template has stay for it.
    form: ValuesForm,
}

impl ValuesDialog {
    /// Opens it.
    pub(super) const fn open(&mut self) {
        self.is_open = true;
    }

    /// What is typed, as it can be used.
    pub(super) fn read(&self, template: &Template) -> Result<Values, String> {
        self.form.read(template)
    }

    /// Shows the dialog where it is open; true when values were given.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        template: &Template,
        agents: &[Arc<AgentSnapshot>],
    ) -> bool {
        if !self.is_open {
            return false;
        }
        let wrong = self.form.read(template).err().unwrap_or_default();
        let answer = Dialog::new("drift-values", "Values of the template", "Compare")
            .wide()
            .way_out("Close")
            .enabled_if(wrong.is_empty(), &wrong)
            .show(ctx, |ui| {
                ui.paragraph("What the template leaves open. A value for one agent goes before that of its group, and that before the one for all.");
                ui.add_space(space::S);
                let groups: BTreeSet<String> = agents
                    .iter()
                    .filter_map(|agent| agent.group.as_deref().map(str::to_owned))
                    .collect();
                let labels = agents.iter().map(|agent| agent.label.to_string());
                self.form.show(ui, template, groups, labels);
            });
        if answer != Answer::Open {
            self.is_open = false;
        }
        answer == Answer::Confirmed
    }
}

/// Which variables have no value, and for whom, in a sentence; nothing where all have one.
pub(super) fn missing(
    template: &Template,
    values: &Values,
    agents: &[Arc<AgentSnapshot>],
) -> Option<String> {
    let mut open = BTreeMap::<&str, Vec<String>>::new();
    for agent in agents {
        for name in values.missing(template, &About::of(agent)) {
            open.entry(name)
                .or_default()
                .push(text::clean(&agent.label));
        }
    }
    if open.is_empty() {
        return None;
    }
    let of = |(name, labels): (&&str, &Vec<String>)| {
        let who = match labels.len() {
            all if all == agents.len() => "all agents".to_owned(),
            few if few <= NAMED => labels.join(", "),
            many => text::plural(many, "agent"),
        };
        format!("{} for {who}", text::clean(name))
    };
    Some(open.iter().map(of).collect::<Vec<_>>().join("; "))
}
