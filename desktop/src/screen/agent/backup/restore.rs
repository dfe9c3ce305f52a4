//! From a file to a restored agent: the file, what of it, the plan, and the way there.

use std::path::Path;
use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::remote::Remote;
use underpass_fleet::restore::{Act, Restore, plan};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{RestorePlanShown, RestoreTarget, Target, Verb};
use underpass_shared::id::PlanId;
use underpass_shared::restore::Choice;
use underpass_shared::rights::Access;

use super::super::edit::prevented;
use super::choose::Choosing;
use super::opening::Opening;
use super::planned::Planned;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Button, ConfirmName, Dialog, Empty, Words as _, card, skeleton,
};

/// From this width on the plan stands beside the form.
const WIDE: f32 = 900.0;
/// The form's width then.
const FORM: f32 = 400.0;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Restoring {
    opening: Opening,
    choosing: Choosing,
    asked: Option<Choice>,
    answer: Slot<RestorePlanShown>,
    planned: Option<Planned>,
    confirm: Option<ConfirmName>,
}

/// What came of the page in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    Nowhere,
    /// It is left, with nothing done.
    Back,
    /// The restore is on its way.
    Applied,
}

impl Restoring {
    /// For a file that was looked at before, with what opens it.
    pub(super) fn of(opening: Opening) -> Self {
        Self {
            opening,
            ..Self::default()
        }
    }

    /// Takes a file that was dropped on the window.
    pub(super) fn name(&mut self, path: &Path) {
        self.opening.name(path);
    }

    /// Shows the page.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) -> Went {
        let came = self.answer.take();
        let is_new = came.is_some();
        if let Some(stamped) = came {
            self.planned = Some(Planned::new(stamped.value));
        }
        ui.spacing_mut().item_spacing.y = space::M;
        let mut went = self.head(ui);
        if ui.available_width() < WIDE {
            ScrollArea::vertical()
                .id_salt("restore")
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    self.form(ui, cx, agent);
                    self.ask(ui, cx, agent);
                    if is_new {
                        ui.scroll_to_cursor(Some(Align::Min));
                    }
                    self.plan(ui, cx, agent);
                });
        } else {
            self.beside(ui, cx, agent);
        }
        if self.confirmed(ui, cx, agent) {
            went = Went::Applied;
        }
        if went == Went::Back
            && let Some(planned) = self.planned.take()
        {
            forget(cx, agent, planned.plan.id);
        }
        went
    }

    /// The form with its button at its foot, and the plan beside it; each scrolls by itself.
    fn beside(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let height = ui.available_height();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            ui.vertical(|ui| {
                ui.set_width(FORM);
                ScrollArea::vertical()
                    .id_salt("restore-form")
                    .max_height(height - size::CONTROL - 2.0 * space::M)
                    .auto_shrink([false, true])
                    .show(ui, |ui| self.form(ui, cx, agent));
                self.ask(ui, cx, agent);
            });
            ui.vertical(|ui| {
                ScrollArea::vertical()
                    .id_salt("restore-plan")
                    .auto_shrink([false, false])
                    .show(ui, |ui| self.plan(ui, cx, agent));
            });
        });
    }

    fn head(&self, ui: &mut Ui) -> Went {
        let mut went = Went::Nowhere;
        ui.horizontal(|ui| {
            let back = Button::ghost("Backup & restore").icon(Icon::ArrowLeft);
            if ui.add(back.name("Back to backup & restore")).clicked() {
                went = Went::Back;
            }
            ui.words(Text::Title, ui.tokens().text, "Restore from a file");
        });
        went
    }

    fn form(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        ui.spacing_mut().item_spacing.y = space::M;
        card(ui, |ui| {
            ui.title("The backup");
            self.opening.ui(ui);
        });
        self.choosing.ui(ui, cx, agent.id, &self.opening);
    }

    /// The button that asks for the plan.
    fn ask(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let loading = self.answer.get().is_loading();
        let ready = self.opening.ready();
        let choice = self.choosing.choice();
        let prevented = prevented(cx, Access::Administration);
        let reason = match (&prevented, &ready, &choice) {
            (Some(reason), ..) => reason.as_str(),
            (None, Err(reason), _) | (None, Ok(_), Err(reason)) => reason,
            (None, Ok(_), Ok(_)) if loading => "The agent is at it",
            (None, Ok(_), Ok(_)) => "",
        };
        let word = if self.planned.is_some() {
            "Make the plan anew"
        } else {
            "Show the plan"
        };
        let button = if self.planned.is_some() {
            Button::secondary(word)
        } else {
            Button::primary(word)
        };
        let button = button.icon(Icon::ListChecks);
        if ui
            .add(button.enabled_if(reason.is_empty(), reason))
            .clicked()
            && let (Ok((archive, opener)), Ok(choice)) = (ready, choice)
        {
            if let Some(old) = self.planned.take() {
                forget(cx, agent, old.plan.id);
            }
            self.answer = Slot::default();
            match plan(archive.path.clone(), &opener, &choice) {
                Ok(call) => cx.send(Command::Try(Trial::ask(agent.id, call, &self.answer))),
                Err(error) => self.answer.set(Remote::NotRequested.failed(error.reason())),
            }
            self.asked = Some(choice);
        }
    }

    fn plan(&mut self, ui: &mut Ui, cx: &Cx<'_>, agent: &AgentSnapshot) {
        match &*self.answer.get() {
            Remote::Loading { .. } => {
                Banner::new(
                    State::Pending,
                    "The agent opens the backup and looks at what it would change…",
                )
                .detail("It resolves hosts and asks gateways too, which takes a few seconds")
                .show(ui);
                skeleton(ui, 6);
                return;
            }
            Remote::Unavailable { reason, .. } => {
                Banner::new(State::Error, "There is no plan")
                    .detail(&text::sentence(reason))
                    .show(ui);
                return;
            }
            Remote::NotRequested | Remote::Ready(_) => {}
        }
        let revision = agent.configuration.value().map(|one| one.revision);
        let Some(planned) = &mut self.planned else {
            Empty {
                icon: Icon::ListChecks,
                title: "Nothing is changed before you see it",
                text: "The plan of the agent comes here: what would change, what does not work here yet, and what to decide. Then you restore, or not.",
                action: None,
            }
            .show(ui);
            return;
        };
        let other = self.choosing.choice().ok() != self.asked;
        let stale = planned.stale(cx.now_ms, revision);
        let prevented = prevented(cx, Access::Administration);
        let refused = planned.plan.refused.is_some();
        let reason = match (&stale, &prevented) {
            (Some(reason), _) | (None, Some(reason)) => reason.as_str(),
            (None, None) if other => "The choice is another one now; make the plan anew",
            (None, None) if refused => "The agent refuses it",
            (None, None) => "",
        };
        let mut restore = false;
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = if planned.destroys() {
                    Button::danger("Restore…")
                } else {
                    Button::primary("Restore…")
                };
                let button = button.icon(Icon::ArchiveRestore);
                restore = ui
                    .add(button.enabled_if(reason.is_empty(), reason))
                    .clicked();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.title("The plan");
                    ui.quiet(format!(
                        "kept for {}",
                        text::countdown(cx.now_ms, planned.plan.expires_time_stamp)
                    ));
                });
            });
        });
        if let Some(stale) = stale.as_deref().or(other.then_some(reason)) {
            Banner::new(State::Warn, stale).show(ui);
        }
        planned.ui(ui);
        if restore {
            self.confirm = Some(ConfirmName::default());
        }
    }

    /// Asks; true when the restore is on its way.
    fn confirmed(&mut self, ui: &Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) -> bool {
        let (Some(confirm), Some(planned)) = (&mut self.confirm, &self.planned) else {
            return false;
        };
        let label = text::clean(&agent.label);
        let loss = loss(&planned.plan);
        let answer = if planned.destroys() {
            confirm.show(ui.ctx(), "Restore this agent", "Restore", &loss, &label)
        } else {
            Dialog::new("restore", "Restore this agent", "Restore").show(ui.ctx(), |ui| {
                ui.paragraph(loss);
            })
        };
        if answer != Answer::Open {
            self.confirm = None;
        }
        if answer != Answer::Confirmed {
            return false;
        }
        cx.send(Command::Restore(Restore {
            agent: agent.id,
            title: format!("Restore {label}"),
            act: Act::Apply(Arc::clone(&planned.plan)),
        }));
        true
    }
}

/// What is lost by it, and what is not.
fn loss(plan: &RestorePlanShown) -> String {
    let mut text = format!(
        "{} become as in the backup, as one revision and without a restart. One click takes it back.",
        text::sentence(&text::plural(plan.changes.len(), "part"))
    );
    if plan.identity_changes {
        text.push_str(" The agent becomes another one for those who manage it: this app loses it, and must be paired with it anew.");
    }
    text
}

/// Has the agent forget a plan that nobody applies.
fn forget(cx: &mut Cx<'_>, agent: &AgentSnapshot, id: PlanId) {
    let call = Call::new(Verb::Delete, Target::Restores(RestoreTarget::Plan(id)));
    cx.send(Command::Try(Trial::ask(
        agent.id,
        call,
        &Slot::<Reply>::default(),
    )));
}
