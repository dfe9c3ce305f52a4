//! Values of a template's variables: for all agents, for groups and for single ones.

use std::collections::{BTreeMap, BTreeSet};

use egui::{ScrollArea, Ui};
use serde_json::Value;
use underpass_fleet::template::{Kind, Scope, Template, Values, Variable};

use super::agents::Agents;
use crate::cx::Cx;
use crate::text;
use crate::theme::{size, space};
use crate::widget::{Field, Words as _, select};

const LIST: f32 = 150.0;

/// What is typed. A value that is empty counts as not given.
#[derive(Default)]
pub(in super::super) struct ValuesForm {
    scope: Scope,
    typed: BTreeMap<(Scope, String), String>,
}

/// A value as somebody types it.
pub(in super::super) fn typed(value: &Value) -> String {
    let plain = value.as_str().map(str::to_owned);
    plain.unwrap_or_else(|| value.to_string())
}

impl ValuesForm {
    /// Takes values that are known already.
    pub(in super::super) fn take(&mut self, template: &Template, values: &Values) {
        let all = std::iter::once((Scope::All, &values.all));
        let groups = values.groups.iter();
        let groups = groups.map(|(name, values)| (Scope::Group(name.clone()), values));
        let agents = values.agents.iter();
        let agents = agents.map(|(name, values)| (Scope::Agent(name.clone()), values));
        for (scope, values) in all.chain(groups).chain(agents) {
            for (name, value) in values
                .iter()
                .filter(|(name, _)| template.variables.contains_key(*name))
            {
                self.typed
                    .insert((scope.clone(), name.clone()), typed(value));
            }
        }
    }

    /// The values as they can be used.
    pub(in super::super) fn read(&self, template: &Template) -> Result<Values, String> {
        let mut values = Values::default();
        for ((scope, name), typed) in &self.typed {
            if typed.is_empty() || !template.variables.contains_key(name) {
                continue;
            }
            let set = values.set_for(scope, template, name, typed);
            set.map_err(|invalid| text::clean(&invalid.to_string()))?;
        }
        Ok(values)
    }

    /// Shows the fields of one scope, and a way to the others.
    pub(super) fn ui(&mut self, ui: &mut Ui, template: &Template, cx: &Cx<'_>, agents: &Agents) {
        let all: Vec<_> = agents.all(cx).collect();
        let groups: BTreeSet<String> = all
            .iter()
            .filter_map(|agent| agent.group.as_deref().map(str::to_owned))
            .collect();
        let labels = all.iter().map(|agent| agent.label.to_string());
        self.show(ui, template, groups, labels);
    }

    /// The same, with the groups and the agents that values can be for.
    pub(in super::super) fn show(
        &mut self,
        ui: &mut Ui,
        template: &Template,
        groups: BTreeSet<String>,
        agents: impl Iterator<Item = String>,
    ) {
        if template.variables.is_empty() {
            ui.quiet("It has no variables: all agents get the same.");
            return;
        }
        let mut scopes = vec![(Scope::All, "All agents".to_owned())];
        let of_group = |name: String| {
            let word = format!("Group {}", text::clean(&name));
            (Scope::Group(name), word)
        };
        scopes.extend(groups.into_iter().map(of_group));
        scopes.extend(agents.map(|name| {
            let word = text::clean(&name);
            (Scope::Agent(name), word)
        }));
        for (scope, word) in &mut scopes {
            let own =
                |((of, _), typed): &(&(Scope, String), &String)| of == scope && !typed.is_empty();
            match self.typed.iter().filter(own).count() {
                0 => {}
                count => *word = format!("{word} · {}", text::plural(count, "value")),
            }
        }
        select(ui, "Values for", &mut self.scope, &scopes, size::FORM);
        ui.add_space(space::S);
        let scope = self.scope.clone();
        ScrollArea::vertical()
            .id_salt("rollout-values")
            .max_height(LIST)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                for (name, variable) in &template.variables {
                    self.field(ui, &scope, name, variable);
                }
            });
    }

    fn field(&mut self, ui: &mut Ui, scope: &Scope, name: &str, variable: &Variable) {
        let general = match scope {
            Scope::All => variable.default.as_ref().map(typed),
            Scope::Group(_) | Scope::Agent(_) => {
                let all = self.typed.get(&(Scope::All, name.to_owned()));
                let given = all.filter(|typed| !typed.is_empty()).cloned();
                given.or_else(|| variable.default.as_ref().map(typed))
            }
        };
        let label = text::clean(name);
        let value = self
            .typed
            .entry((scope.clone(), name.to_owned()))
            .or_default();
        let wrong = wrong(name, variable, value);
        let hint = general.map(|value| text::clean(&value)).unwrap_or_default();
        let mut help = text::clean(&variable.description);
        if !variable.one_of.is_empty() {
            let known: Vec<String> = variable.one_of.iter().map(typed).collect();
            let dot = if help.is_empty() { "" } else { " · " };
            help = format!("{help}{dot}one of {}", text::clean(&known.join(", ")));
        }
        let mut field = Field::new(&label, value)
            .hint(&hint)
            .help(&help)
            .error(wrong.as_deref())
            .width(size::FORM);
        if !hint.is_empty() || *scope != Scope::All {
            field = field.optional();
        }
        field.show(ui);
        ui.add_space(space::S);
    }
}

/// The rule that a typed value breaks.
fn wrong(name: &str, variable: &Variable, value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let mut template = Template::empty("");
    template.variables.insert(name.to_owned(), variable.clone());
    let set = Values::default().set(&template, name, value);
    set.err().map(|invalid| text::sentence(&invalid.rule))
}

/// The kinds of variables, with their words.
pub(in super::super) const KINDS: [(Kind, &str); 3] = [
    (Kind::Text, "Text"),
    (Kind::Number, "Number"),
    (Kind::Boolean, "Yes or no"),
];
