//! Whether the system behind a mapping can be reached: step by step, by the agent.

use std::collections::BTreeMap;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    CheckOutcome, CheckStep, CheckedStep, ConnectionCheck, ConnectionCheckInput, MappingAddress,
    MappingTarget, PortText, Query, SubaccountTarget, Target, Verb,
};
use underpass_shared::config::MappingPart;
use underpass_shared::hash::Hash256;
use underpass_shared::host::VirtualAddress;

use super::edit::Here;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Button, Empty, Words as _, pill, skeleton};

/// Results that are kept; the oldest address goes first.
const KEPT: usize = 200;

/// A check of one mapping.
struct Run {
    /// The mapping as it was then.
    of: Hash256,
    answer: Slot<ConnectionCheck>,
    asked_ms: i64,
}

/// The checks of this page.
#[derive(Default)]
pub(super) struct Checks(BTreeMap<VirtualAddress, Run>);

impl Checks {
    /// Has the agent check a mapping. One that it has not yet is checked by its internal address.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>, here: &Here<'_>, part: &MappingPart) {
        let applied = here.applied(&part.virtual_address);
        let query = Query {
            location_id: Some(here.key().location_id.clone()),
            ..Query::default()
        };
        let call = if applied.is_some_and(|applied| applied.hash() == part.hash()) {
            Ok(Call::new(
                Verb::Post,
                Target::OfMapping(here.path(), MappingAddress::of(part), MappingTarget::Check),
            ))
        } else {
            let input = ConnectionCheckInput {
                local_host: part.internal_address.host.clone(),
                local_port: PortText(part.internal_address.port),
                protocol: part.protocol,
            };
            Call::new(
                Verb::Post,
                Target::Of(here.path(), SubaccountTarget::ConnectionCheck),
            )
            .with(&input)
        };
        let answer = Slot::default();
        match call {
            Ok(call) => {
                let check = Trial::ask(here.agent.id, call.query(query), &answer);
                cx.send(Command::Try(check));
            }
            Err(error) => answer.set(Remote::NotRequested.failed(error.to_string())),
        }
        if self.0.len() >= KEPT {
            self.0.pop_first();
        }
        let run = Run {
            of: part.hash(),
            answer,
            asked_ms: cx.now_ms,
        };
        self.0.insert(part.virtual_address.clone(), run);
    }

    /// Whether a mapping is being checked.
    pub(super) fn is_running(&self, address: &VirtualAddress) -> bool {
        self.0
            .get(address)
            .is_some_and(|run| run.answer.get().is_loading())
    }

    /// What was found out of a mapping, where that is known.
    pub(super) fn verdict(&self, part: &MappingPart) -> Option<bool> {
        let run = self
            .0
            .get(&part.virtual_address)
            .filter(|run| run.of == part.hash())?;
        run.answer.get().value().map(|check| check.reachable)
    }

    /// Shows the check of a mapping; true when a new one is wanted.
    pub(super) fn ui(
        &self,
        ui: &mut Ui,
        now_ms: i64,
        part: &MappingPart,
        refused: Option<&str>,
    ) -> bool {
        ui.spacing_mut().item_spacing.y = space::S;
        let Some(run) = self.0.get(&part.virtual_address) else {
            let empty = Empty {
                icon: Icon::PlugZap,
                title: "Not checked yet",
                text: "The agent walks the way to the system: name, allowed targets, connection, TLS, an answer",
                action: refused.is_none().then_some("Check connection"),
            };
            return empty.show(ui);
        };
        let answer = run.answer.get();
        let mut again = false;
        ui.horizontal(|ui| {
            let words = match &*answer {
                Remote::Loading { .. } => format!(
                    "Checking {}…",
                    text::clean(&part.internal_address.to_string())
                ),
                Remote::NotRequested | Remote::Ready(_) | Remote::Unavailable { .. } => {
                    format!("Checked {} ago", text::age(now_ms, run.asked_ms))
                        .replace("now ago", "just now")
                }
            };
            ui.quiet(words);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let reason = if answer.is_loading() {
                    Some("It is being checked")
                } else {
                    refused
                };
                let button = Button::secondary("Check again")
                    .icon(Icon::RefreshCw)
                    .small();
                again = ui
                    .add(button.enabled_if(reason.is_none(), reason.unwrap_or_default()))
                    .clicked();
            });
        });
        if run.of != part.hash() {
            ui.words(
                Text::Small,
                ui.tokens().warn,
                "The mapping was changed since",
            );
        }
        match &*answer {
            Remote::Loading { .. } | Remote::NotRequested => skeleton(ui, 4),
            Remote::Unavailable { reason, .. } => {
                Banner::new(State::Error, &text::clean(reason)).show(ui);
            }
            Remote::Ready(stamped) => report(ui, &stamped.value),
        }
        again
    }
}

fn report(ui: &mut Ui, check: &ConnectionCheck) {
    let (state, word) = if check.reachable {
        (State::Ok, "Reachable")
    } else {
        (State::Error, "Not reachable")
    };
    pill(ui, state, word);
    for step in &check.steps {
        one(ui, step);
    }
}

const fn name(step: CheckStep) -> &'static str {
    match step {
        CheckStep::NameResolution => "Name",
        CheckStep::TargetGuard => "Allowed targets",
        CheckStep::Connection => "Connection",
        CheckStep::Tls => "TLS",
        CheckStep::Http => "Answer",
    }
}

fn one(ui: &mut Ui, step: &CheckedStep) {
    let tokens = ui.tokens();
    let (icon, state) = match step.outcome {
        CheckOutcome::Ok => (Icon::CircleCheck, State::Ok),
        CheckOutcome::Warning => (Icon::TriangleAlert, State::Warn),
        CheckOutcome::Failed => (Icon::CircleX, State::Error),
    };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.spacing_mut().interact_size.y = 0.0;
        ui.icon(icon, size::ICON, tokens.state(state));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = space::XXS;
            ui.horizontal(|ui| {
                ui.bold(name(step.step));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.quiet(text::millis(step.millis));
                });
            });
            let lines = [
                Some((&step.seen, tokens.text_2)),
                step.advice.as_ref().map(|text| (text, tokens.warn)),
            ];
            for (line, color) in lines.into_iter().flatten() {
                let words = egui::RichText::new(super::words::sentence(&text::clean(line)));
                ui.add(
                    egui::Label::new(words.font(crate::theme::font(Text::Small)).color(color))
                        .wrap(),
                );
            }
        });
    });
}
