//! What a template would make of an agent.

use egui::{ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_fleet::template::{About, Template, Values};
use underpass_shared::config::{changes, diff};
use underpass_shared::id::AgentId;

use super::super::rollouts::values::ValuesForm;
use crate::changes::{self as rows, Part};
use crate::cx::Cx;
use crate::screen::agent::common::changed_parts;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Banner, Empty, Words as _, select};

/// What the preview follows from.
#[derive(PartialEq)]
struct Key {
    agent: AgentId,
    revision: u64,
    template: Template,
    values: Values,
}

/// What is remembered.
#[derive(Default)]
pub(super) struct Preview {
    agent: Option<AgentId>,
    values: ValuesForm,
    made: Option<(Key, Result<Vec<Part>, String>)>,
}

impl Preview {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, template: &Template) {
        let choices: Vec<(Option<AgentId>, String)> = cx
            .fleet
            .agents
            .iter()
            .filter(|one| one.configuration.value().is_some())
            .map(|one| (Some(one.id), text::clean(&one.label)))
            .collect();
        if choices.iter().all(|(choice, _)| *choice != self.agent) {
            self.agent = choices.first().and_then(|(first, _)| *first);
        }
        let found = self.agent.and_then(|id| cx.fleet.agent(id));
        let known = found.and_then(|agent| Some((agent, agent.configuration.value()?)));
        let Some((agent, known)) = known else {
            Empty {
                icon: Icon::CloudOff,
                title: "No agent is known",
                text: "A preview needs the configuration of an agent",
                action: None,
            }
            .show(ui);
            return;
        };
        self.form(ui, &choices, agent, template);
        ui.add_space(space::S);
        let values = match self.values.read(template) {
            Ok(values) => values,
            Err(reason) => {
                Banner::new(State::Error, &text::sentence(&reason)).show(ui);
                return;
            }
        };
        let key = Key {
            agent: agent.id,
            revision: known.revision,
            template: template.clone(),
            values,
        };
        if self.made.as_ref().is_none_or(|(of, _)| *of != key) {
            let wanted = template.render(&key.values, &About::of(agent), &known.document);
            let made = wanted.map_err(|invalid| text::sentence(&invalid.to_string()));
            let made = made.map(|wanted| {
                let (from, to) = (&*known.document, &wanted);
                rows::parts(&changes(&diff(from, to), &diff(to, from)))
            });
            self.made = Some((key, made));
        }
        self.show(ui);
    }

    fn form(
        &mut self,
        ui: &mut Ui,
        choices: &[(Option<AgentId>, String)],
        agent: &AgentSnapshot,
        template: &Template,
    ) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            ui.vertical(|ui| {
                ui.set_width(size::FIELD);
                select(ui, "On agent", &mut self.agent, choices, size::FIELD);
            });
            ui.vertical(|ui| {
                if !template.variables.is_empty() {
                    let group = agent.group.as_deref().map(str::to_owned);
                    let label = std::iter::once(agent.label.to_string());
                    self.values
                        .show(ui, template, group.into_iter().collect(), label);
                }
            });
        });
    }

    fn show(&mut self, ui: &mut Ui) {
        match &mut self.made {
            None => {}
            Some((_, Err(reason))) => {
                let words = "The agent would not take it";
                Banner::new(State::Warn, words).detail(reason).show(ui);
            }
            Some((_, Ok(parts))) if parts.is_empty() => {
                Empty {
                    icon: Icon::Equal,
                    title: "Nothing would change",
                    text: "The agent is as the template says",
                    action: None,
                }
                .show(ui);
            }
            Some((_, Ok(parts))) => {
                let parts_word = text::plural(parts.len(), "part");
                ui.quiet(format!("{parts_word} would change"));
                ui.add_space(space::XS);
                ScrollArea::vertical()
                    .id_salt("template-preview")
                    .min_scrolled_height(size::RESULTS / 2.0)
                    .auto_shrink([false, false])
                    .show(ui, |ui| changed_parts(ui, parts));
            }
        }
    }
}
