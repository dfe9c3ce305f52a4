//! The step in which the change is chosen.

use std::collections::BTreeMap;

use egui::{ScrollArea, Ui};
use underpass_fleet::profile::TemplateId;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_fleet::template::{Carried, Template, Values};
use underpass_shared::id::AgentId;

use super::agents::Agents;
use super::values::ValuesForm;
use crate::cx::Cx;
use crate::screen::configuration::WishedChange;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Banner, Words as _, option_card, select};

/// Where the change comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Wished,
    Template,
    Draft,
}

/// A change as it can be planned.
pub(super) enum Chosen {
    /// The same for all.
    Same {
        title: Option<String>,
        template: Box<Template>,
        values: Box<Values>,
    },
    /// For each agent its own.
    Each {
        title: String,
        own: BTreeMap<AgentId, Template>,
    },
}

/// A draft: of which agent, for which revision, and how many changes.
type Drafted = (AgentId, u64, usize);

/// Where the change comes from, and its values.
pub(super) struct Source {
    from: From,
    wished: Option<WishedChange>,
    template: Option<TemplateId>,
    draft: Option<AgentId>,
    values: ValuesForm,
    /// The template of a draft, by the agent and how many changes it has.
    carried: Option<(Drafted, Result<Carried, String>)>,
}

impl Source {
    pub(super) fn new(cx: &Cx<'_>, change: Option<WishedChange>) -> Self {
        let mut values = ValuesForm::default();
        if let Some(WishedChange::Template(template, given)) = &change {
            values.take(template, given);
        }
        let drafts = cx.fleet.agents.iter().find(|one| has_draft(one));
        Self {
            from: if change.is_some() {
                From::Wished
            } else {
                From::Template
            },
            wished: change,
            template: cx.fleet.templates.first().map(|one| one.id),
            draft: drafts.map(|agent| agent.id),
            values,
            carried: None,
        }
    }

    /// What is missing for a change.
    pub(super) fn check(&mut self, cx: &Cx<'_>) -> Result<(), String> {
        match self.from {
            From::Wished => match self.wished.as_ref().ok_or("Choose a change first")? {
                WishedChange::Template(template, _) => self.values.read(template).map(drop),
                WishedChange::Each { .. } => Ok(()),
            },
            From::Template => {
                let kept = self.template.and_then(|id| cx.fleet.template(id));
                let kept = kept.ok_or("Choose a template first")?;
                self.values.read(&kept.template).map(drop)
            }
            From::Draft => {
                let agent = self.draft.and_then(|id| cx.fleet.agent(id));
                let carried = self.carried(agent.ok_or("Choose a draft first")?)?;
                if carried.template.is_empty() {
                    return Err("Nothing of this draft can be carried to other agents".to_owned());
                }
                Ok(())
            }
        }
    }

    /// The change, or what is missing.
    pub(super) fn change(&mut self, cx: &Cx<'_>) -> Result<Chosen, String> {
        match self.from {
            From::Wished => match self.wished.as_ref().ok_or("Choose a change first")? {
                WishedChange::Template(template, _) => self.same(template, None),
                WishedChange::Each { title, own } => Ok(Chosen::Each {
                    title: title.clone(),
                    own: own.clone(),
                }),
            },
            From::Template => {
                let kept = self.template.and_then(|id| cx.fleet.template(id));
                let kept = kept.ok_or("Choose a template first")?;
                self.same(&kept.template, None)
            }
            From::Draft => {
                let agent = self.draft.and_then(|id| cx.fleet.agent(id));
                let agent = agent.ok_or("Choose a draft first")?;
                let title = format!("Change drafted on {}", agent.label);
                let carried = self.carried(agent)?;
                let template = carried.template.clone();
                self.same(&template, Some(title))
            }
        }
    }

    fn same(&self, template: &Template, title: Option<String>) -> Result<Chosen, String> {
        Ok(Chosen::Same {
            title,
            template: Box::new(template.clone()),
            values: Box::new(self.values.read(template)?),
        })
    }

    /// The template that makes what a draft changes.
    fn carried(&mut self, agent: &AgentSnapshot) -> Result<&Carried, String> {
        let draft = agent.draft.as_ref().ok_or("Its draft is gone")?;
        let key = (agent.id, draft.base().revision, draft.changes().len());
        if self.carried.as_ref().is_none_or(|(of, _)| *of != key) {
            let name = format!("Draft of {}", agent.label);
            let made = Template::change(&draft.base().document, draft.document(), &name);
            let made = made.map_err(|invalid| text::clean(&invalid.to_string()));
            self.carried = Some((key, made));
        }
        match &self.carried {
            Some((_, Ok(carried))) => Ok(carried),
            Some((_, Err(reason))) => Err(reason.clone()),
            None => Err("Choose a draft first".to_owned()),
        }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, agents: &Agents, missing: Option<&str>) {
        self.cards(ui, cx);
        ui.add_space(space::M);
        match self.from {
            From::Wished => self.wished(ui, cx, agents),
            From::Template => self.of_template(ui, cx, agents),
            From::Draft => self.of_draft(ui, cx),
        }
        if let Some(reason) = missing {
            ui.add_space(space::S);
            Banner::new(State::Info, reason).show(ui);
        }
    }

    fn cards(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let drafts = cx.fleet.agents.iter().filter(|one| has_draft(one)).count();
        let drafts = format!("{} with a draft", text::plural(drafts, "agent"));
        let templates = format!(
            "{} kept",
            text::plural(cx.fleet.templates.len(), "template")
        );
        let mut cards = vec![];
        if self.wished.is_some() {
            cards.push((
                From::Wished,
                "What was chosen",
                "The change you came with".to_owned(),
            ));
        }
        cards.push((From::Template, "A template", templates));
        cards.push((From::Draft, "What a draft changes", drafts));
        let count = cards.len() as f32;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let width = (ui.available_width() - (count - 1.0) * space::S) / count;
            for (from, title, words) in cards {
                if option_card(ui, self.from == from, title, &words, width) {
                    self.from = from;
                }
            }
        });
    }

    fn wished(&mut self, ui: &mut Ui, cx: &Cx<'_>, agents: &Agents) {
        match &self.wished {
            None => {}
            Some(WishedChange::Template(template, _)) => {
                ui.bold(text::clean(&template.name));
                self.values.ui(ui, template, cx, agents);
            }
            Some(WishedChange::Each { title, own }) => {
                ui.bold(text::clean(title));
                ui.paragraph(format!(
                    "{}, each with a change of its own: where it differs, it becomes what the \
                     baseline has.",
                    text::plural(own.len(), "agent")
                ));
            }
        }
    }

    fn of_template(&mut self, ui: &mut Ui, cx: &Cx<'_>, agents: &Agents) {
        let choices: Vec<(Option<TemplateId>, String)> = cx
            .fleet
            .templates
            .iter()
            .map(|one| (Some(one.id), text::clean(&one.template.name)))
            .collect();
        if choices.is_empty() {
            ui.paragraph("There are no templates yet. The tab Templates makes one of an agent.");
            return;
        }
        if select(ui, "Template", &mut self.template, &choices, size::FORM) {
            self.values = ValuesForm::default();
        }
        let kept = self.template.and_then(|id| cx.fleet.template(id));
        if let Some(kept) = kept {
            if !kept.template.description.is_empty() {
                ui.quiet(text::clean(&kept.template.description));
            }
            ui.add_space(space::S);
            self.values.ui(ui, &kept.template, cx, agents);
        }
    }

    fn of_draft(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let choices: Vec<(Option<AgentId>, String)> = cx
            .fleet
            .agents
            .iter()
            .filter(|agent| has_draft(agent))
            .map(|agent| (Some(agent.id), text::clean(&agent.label)))
            .collect();
        if choices.is_empty() {
            ui.paragraph(
                "No agent has a draft. Change something on an agent, and do not apply it: what you \
                 change there can be made on others.",
            );
            return;
        }
        select(ui, "Draft of", &mut self.draft, &choices, size::FORM);
        let agent = self.draft.and_then(|id| cx.fleet.agent(id));
        let Some(Ok(carried)) = agent.map(|agent| self.carried(agent)) else {
            return;
        };
        if !carried.left_out.is_empty() {
            ui.add_space(space::S);
            let words = format!(
                "{} of it belongs to that agent alone and is left out",
                text::plural(carried.left_out.len(), "part")
            );
            let detail = text::clean(&carried.left_out.join(", "));
            Banner::new(State::Warn, &words).detail(&detail).show(ui);
        }
        ui.add_space(space::S);
        let json = carried.template.to_json();
        ScrollArea::vertical()
            .id_salt("draft-template")
            .max_height(size::TEXT)
            .show(ui, |ui| crate::widget::code(ui, "The change", &json));
    }
}

fn has_draft(agent: &AgentSnapshot) -> bool {
    agent.draft.as_ref().is_some_and(|draft| draft.is_changed())
}
