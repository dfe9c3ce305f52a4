//! What the tabs of an agent share where they show what was asked for.

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;

use crate::changes::Part;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Empty, Words as _, card, diff, dot, skeleton};

/// What a slot has. Where it has nothing, it shows why; where that is old, it says so above.
pub fn loaded<T: Send + Sync + 'static>(
    ui: &mut Ui,
    now_ms: i64,
    slot: &Slot<T>,
) -> Option<Arc<T>> {
    let (value, retry) = shown(ui, now_ms, &slot.get());
    if retry {
        slot.refresh();
        ui.request_repaint();
    }
    value
}

/// The same of something that the session fetches by itself; true when it is to be fetched anew.
pub fn shown<T>(ui: &mut Ui, now_ms: i64, remote: &Remote<T>) -> (Option<Arc<T>>, bool) {
    match remote {
        Remote::Ready(stamped) => (Some(Arc::clone(&stamped.value)), false),
        Remote::NotRequested | Remote::Loading { previous: None } => {
            skeleton(ui, 6);
            (None, false)
        }
        Remote::Loading {
            previous: Some(stamped),
        } => (Some(Arc::clone(&stamped.value)), false),
        Remote::Unavailable {
            previous: None,
            reason,
        } => {
            let reason = text::sentence(reason);
            let empty = Empty {
                icon: Icon::CloudOff,
                title: "This cannot be fetched",
                text: &reason,
                action: Some("Retry"),
            };
            (None, empty.show(ui))
        }
        Remote::Unavailable {
            previous: Some(stamped),
            reason,
        } => {
            let reason = text::sentence(reason);
            let detail = format!("What is shown is {} old", text::age(now_ms, stamped.at_ms));
            let retry = Banner::new(State::Warn, &reason)
                .detail(&detail)
                .action("Retry")
                .show(ui);
            ui.add_space(space::S);
            (Some(Arc::clone(&stamped.value)), retry)
        }
    }
}

/// Whether Esc was pressed, and nothing else wants it: no field, no dialog, no menu.
pub fn escaped(ui: &Ui) -> bool {
    let busy = ui.text_edit_focused()
        || ui.memory(|memory| memory.top_modal_layer().is_some())
        || egui::Popup::is_any_open(ui.ctx());
    !busy && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape))
}

/// Tells when something has to be fetched anew: with each answer about the configuration.
#[derive(Debug, Default)]
pub struct Newer(Option<(i64, u64)>);

impl Newer {
    /// Whether the agent's configuration was told anew since the last time.
    pub fn came(&mut self, agent: &AgentSnapshot) -> bool {
        let told = agent.configuration.stamped();
        let now = told.map(|told| (told.at_ms, told.value.revision));
        let before = std::mem::replace(&mut self.0, now);
        before.is_some() && before != now
    }
}

/// Tells when something that changes by itself has to be fetched anew.
#[derive(Debug, Default)]
pub struct Poll(Option<i64>);

impl Poll {
    /// Whether so many milliseconds passed since the last time; the page wakes for the next one.
    pub fn is_due(&mut self, ui: &Ui, now_ms: i64, every_ms: i64) -> bool {
        let wait = std::time::Duration::from_millis(every_ms.unsigned_abs());
        ui.request_repaint_after(wait);
        let is_due = self
            .0
            .is_some_and(|at| now_ms.saturating_sub(at) >= every_ms);
        if is_due || self.0.is_none() {
            self.0 = Some(now_ms);
        }
        is_due
    }
}

/// Changed parts, one below the other, each with its fields.
pub fn changed_parts(ui: &mut Ui, parts: &mut [Part]) {
    let tokens = ui.tokens();
    ui.spacing_mut().item_spacing.y = space::S;
    for part in parts {
        card(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_min_height(size::CONTROL_SMALL);
                let (state, word) = match part.kind {
                    crate::widget::DiffKind::Added => (State::Ok, "added"),
                    crate::widget::DiffKind::Removed => (State::Error, "removed"),
                    crate::widget::DiffKind::Changed => (State::Info, "changed"),
                };
                dot(ui, state, word);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.words(Text::Caption, tokens.state(state), word);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.bold(part.title.as_str());
                        ui.quiet(part.of.as_str());
                    });
                });
            });
            if !part.rows.is_empty() {
                diff(ui, &mut part.rows);
            }
        });
    }
}
