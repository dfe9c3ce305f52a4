//! One operator on many agents: added by his signing request, given a role, or revoked. Each agent
//! tells its own result.

use std::collections::BTreeSet;

use egui::{Context, ScrollArea, Ui};
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{
    OperatorChange, OperatorInput, OperatorTarget, Target, Verb,
};
use underpass_shared::config::{Comment, Operator, OperatorName};
use underpass_shared::id::AgentId;
use underpass_shared::rights::{Access, Role};

use super::results::{Part, results};
use super::roles;
use crate::cx::Cx;
use crate::screen::agent::form::{Form, parse};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Answer, Dialog, Words as _, checkbox, search, segmented, select};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum What {
    #[default]
    Revoke,
    Role,
    Add,
}

/// What was chosen, and what came of it.
pub(super) struct Bulk {
    what: What,
    name: String,
    role: Role,
    request: String,
    filter: String,
    agents: BTreeSet<AgentId>,
    typed: String,
    parts: Vec<Part>,
}

impl Default for Bulk {
    fn default() -> Self {
        Self {
            what: What::default(),
            name: String::new(),
            role: Role::Display,
            request: String::new(),
            filter: String::new(),
            agents: BTreeSet::new(),
            typed: String::new(),
            parts: vec![],
        }
    }
}

/// The operator of this name on an agent, as far as its configuration is known.
fn known<'a>(agent: &'a AgentSnapshot, name: &str) -> Option<&'a Operator> {
    let document = &agent.configuration.value()?.document;
    let mut all = document.connector().operators().as_slice().iter();
    all.find(|one| *one.name == *name)
}

impl Bulk {
    /// Why an agent cannot be chosen, if so.
    fn refused(&self, agent: &AgentSnapshot) -> Option<&'static str> {
        let role = agent.own.value().map(|own| own.role);
        let name = self.name.trim();
        let here = known(agent, name);
        let administrators = agent.configuration.value().map_or(0, |one| {
            let all = one.document.connector().operators().as_slice().iter();
            all.filter(|one| one.role == Role::Administrator).count()
        });
        let last = here.is_some_and(|one| one.role == Role::Administrator) && administrators == 1;
        match self.what {
            _ if !agent.link.is_online() => Some("does not answer"),
            _ if !role.is_some_and(|role| Access::Administration.allows(role)) => {
                Some("you are no Administrator there")
            }
            _ if name.is_empty() => None,
            What::Add if here.is_some() => Some("has an operator of this name"),
            What::Revoke | What::Role if here.is_none() => Some("has no such operator"),
            What::Revoke | What::Role if last => Some("its last Administrator"),
            What::Revoke | What::Role | What::Add => None,
        }
    }

    /// Shows the dialog; true when it shall close.
    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        if !self.parts.is_empty() {
            return results(&mut self.parts, ctx, cx);
        }
        let chosen: Vec<AgentId> = self.chosen(cx);
        let name = parse::<OperatorName>(self.name.trim());
        let reason = match &name {
            _ if self.name.trim().is_empty() => Some("Fill in the operator's name".to_owned()),
            Err(rule) => Some(rule.clone()),
            Ok(_) if self.what == What::Add && !self.request.contains("CERTIFICATE REQUEST") => {
                Some("Paste the operator's signing request".to_owned())
            }
            Ok(_) if chosen.is_empty() => Some("Choose agents first".to_owned()),
            Ok(_) if self.what == What::Revoke && self.typed.trim() != self.name.trim() => {
                Some("Type the name to confirm".to_owned())
            }
            Ok(_) => None,
        };
        let many = text::plural(chosen.len(), "agent");
        let action = match self.what {
            What::Revoke => format!("Revoke on {many}"),
            What::Role => format!("Set the role on {many}"),
            What::Add => format!("Add on {many}"),
        };
        let dialog = Dialog::new("bulk", "One operator on many agents", &action)
            .wide()
            .without_enter();
        let dialog = if self.what == What::Revoke {
            dialog.danger()
        } else {
            dialog
        };
        let answer = dialog
            .enabled_if(reason.is_none(), reason.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                self.form(ui);
                self.list(ui, cx);
                if self.what == What::Revoke && !self.name.trim().is_empty() {
                    let label = format!("Type {} to confirm", text::clean(self.name.trim()));
                    let mut form = Form::default();
                    form.text::<OperatorName>(ui, &label, &mut self.typed, |field| {
                        field.width(f32::INFINITY)
                    });
                }
            });
        if let (Answer::Confirmed, Ok(name)) = (answer, name) {
            self.send(cx, &chosen, &name);
        }
        answer == Answer::Dismissed
    }

    fn chosen(&self, cx: &Cx<'_>) -> Vec<AgentId> {
        let all = cx
            .fleet
            .agents
            .iter()
            .filter(|one| self.agents.contains(&one.id));
        all.filter(|one| self.refused(one).is_none())
            .map(|one| one.id)
            .collect()
    }

    fn form(&mut self, ui: &mut Ui) {
        let whats = [
            (What::Revoke, "Revoke"),
            (What::Role, "Change the role"),
            (What::Add, "Add"),
        ];
        segmented(ui, "What to do", &mut self.what, &whats);
        let mut form = Form::default();
        form.text::<OperatorName>(ui, "Operator", &mut self.name, |field| {
            field.hint("j.weber").width(f32::INFINITY)
        });
        if self.what != What::Revoke {
            select(ui, "Role", &mut self.role, &roles::choices(), f32::INFINITY);
        }
        if self.what == What::Add {
            form.optional::<String>(ui, "Signing request", &mut self.request, |field| {
                field
                    .mono()
                    .rows(3)
                    .limit(16_384)
                    .hint("-----BEGIN CERTIFICATE REQUEST-----")
                    .width(f32::INFINITY)
            });
        }
    }

    fn list(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        const ROOM: f32 = 190.0;
        let filter = self.filter.to_lowercase();
        let agents: Vec<_> = cx
            .fleet
            .agents
            .iter()
            .filter(|one| {
                let text = format!("{} {}", one.label, one.group.as_deref().unwrap_or_default())
                    .to_lowercase();
                filter.split_whitespace().all(|word| text.contains(word))
            })
            .collect();
        let able: Vec<AgentId> = agents
            .iter()
            .filter(|one| self.refused(one).is_none())
            .map(|one| one.id)
            .collect();
        let ticked = able.iter().filter(|id| self.agents.contains(id)).count();
        ui.horizontal(|ui| {
            let all = match ticked {
                0 => Some(false),
                some if some == able.len() => Some(true),
                _ => None,
            };
            if checkbox(ui, all, "Choose all agents").clicked() {
                match all {
                    Some(true) => self.agents.clear(),
                    Some(false) | None => self.agents.extend(able.iter().copied()),
                }
            }
            search(
                ui,
                egui::Id::unique("bulk filter"),
                &mut self.filter,
                "Filter agents to choose",
                240.0,
            );
            ui.quiet(format!(
                "{} of {}",
                text::count(ticked),
                text::plural(able.len(), "agent")
            ));
        });
        let row = size::CONTROL_SMALL + 2.0;
        ScrollArea::vertical()
            .id_salt("bulk agents")
            .max_height(ROOM)
            .auto_shrink([false, true])
            .show_rows(ui, row, agents.len(), |ui, range| {
                ui.spacing_mut().item_spacing.y = space::XXS;
                for agent in agents.get(range).unwrap_or_default() {
                    self.row(ui, agent);
                }
            });
    }

    fn row(&mut self, ui: &mut Ui, agent: &AgentSnapshot) {
        let tokens = ui.tokens();
        let refused = self.refused(agent);
        let label = text::clean(&agent.label);
        ui.horizontal(|ui| {
            ui.set_height(size::CONTROL_SMALL);
            ui.add_enabled_ui(refused.is_none(), |ui| {
                let on = refused.is_none() && self.agents.contains(&agent.id);
                if checkbox(ui, Some(on), &format!("Choose {label}")).clicked()
                    && !self.agents.remove(&agent.id)
                {
                    self.agents.insert(agent.id);
                }
            });
            let color = if refused.is_some() {
                tokens.text_3
            } else {
                tokens.text
            };
            ui.words(Text::Body, color, label.as_str());
            match (refused, known(agent, self.name.trim())) {
                (Some(reason), _) => drop(ui.quiet(reason)),
                (None, Some(operator)) => drop(ui.quiet(roles::name(operator.role))),
                (None, None) => {}
            }
        });
    }

    fn send(&mut self, cx: &mut Cx<'_>, chosen: &[AgentId], name: &OperatorName) {
        for id in chosen {
            let Some(agent) = cx.fleet.agent(*id) else {
                continue;
            };
            let one = known(agent, name).map(|one| Target::Operators(OperatorTarget::One(one.id)));
            let call = match (self.what, one) {
                (What::Revoke, Some(target)) => Ok(Call::new(Verb::Delete, target)),
                (What::Role, Some(target)) => {
                    Call::new(Verb::Patch, target).with(&OperatorChange {
                        role: Some(self.role),
                        ..OperatorChange::default()
                    })
                }
                (What::Revoke | What::Role, None) => continue,
                (What::Add, _) => Call::new(Verb::Post, Target::Operators(OperatorTarget::All))
                    .with(&OperatorInput {
                        name: name.clone(),
                        role: self.role,
                        comment: Comment::default(),
                        csr: self.request.trim().to_owned(),
                    }),
            };
            let call = match call {
                Ok(call) => call,
                Err(error) => {
                    cx.tell(State::Error, error.reason());
                    continue;
                }
            };
            let label = text::clean(&agent.label);
            let title = match self.what {
                What::Revoke => format!("Revoke operator {name} on {label}"),
                What::Role => format!("Make operator {name} {} on {label}", roles::name(self.role)),
                What::Add => format!("Add operator {name} on {label}"),
            };
            let mut part = Part {
                agent: *id,
                label,
                title,
                call,
                sent: Slot::default(),
            };
            part.send(cx);
            self.parts.push(part);
        }
    }
}
