//! One trace: how far it is, and what can be done with it.

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_shared::api::management::{TraceShown, TraceState};
use underpass_shared::rights::Access;

use super::traces::Wish;
use crate::cx::Cx;
use crate::screen::agent::edit::prevented;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{
    Banner, Button, IconButton, Words as _, card, key_moment, key_text, keys, pill, progress,
};

/// How long a trace waits for who approves it.
const APPROVAL_MS: i64 = 3_600_000;

/// How a trace is, and its word.
pub(super) const fn state(of: TraceState) -> (State, &'static str) {
    match of {
        TraceState::Requested => (State::Pending, "Waits"),
        TraceState::Running => (State::Info, "Runs"),
        TraceState::Ended => (State::Ok, "Ended"),
        TraceState::Refused => (State::Off, "Refused"),
    }
}

/// When a trace that waits or runs is over at the latest.
pub(super) fn until_ms(one: &TraceShown) -> Option<i64> {
    match one.state {
        TraceState::Requested => Some(one.requested_ms.saturating_add(APPROVAL_MS)),
        TraceState::Running => {
            let begun = one.started_ms?;
            Some(begun.saturating_add(i64::from(one.seconds) * 1_000))
        }
        TraceState::Ended | TraceState::Refused => None,
    }
}

/// Shows the trace; what the operator wants of it.
pub(super) fn detail(ui: &mut Ui, cx: &Cx<'_>, one: &TraceShown, scope: &str) -> Option<Wish> {
    let mut wish = None;
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let close = IconButton::new(Icon::X, "Close the trace").small();
                if ui.add(close).clicked() {
                    wish = Some(Wish::Close);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let (state, word) = state(one.state);
                    pill(ui, state, word);
                    ui.bold("Trace");
                });
            });
        });
        ScrollArea::vertical()
            .id_salt("trace")
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.title(scope);
                ui.paragraph(text::sentence(&one.reason));
                how_far(ui, cx.now_ms, one);
                // Before the facts: in a low window those may lie below its edge.
                if let Some(wanted) = actions(ui, cx, one) {
                    wish = Some(wanted);
                }
                ui.add_space(space::XS);
                facts(ui, one);
            });
    });
    wish
}

/// Time and room that are left of a trace that runs, and what was lost.
fn how_far(ui: &mut Ui, now_ms: i64, one: &TraceShown) {
    if one.state == TraceState::Running {
        let room = u64::from(one.megabytes) * 1_000_000;
        let length = i64::from(one.seconds).max(1) * 1_000;
        let passed = one.started_ms.map_or(0, |at| now_ms.saturating_sub(at));
        let left = text::countdown(now_ms, until_ms(one).unwrap_or(now_ms));
        let of_time = (passed as f32 / length as f32).clamp(0.0, 1.0);
        progress(ui, "Time", &format!("{left} left"), Some(of_time), false);
        let of_room = (one.bytes as f32 / room.max(1) as f32).clamp(0.0, 1.0);
        let told = format!("{} of {} MB", text::bytes(one.bytes), one.megabytes);
        progress(ui, "Room", &told, Some(of_room), false);
        ui.add_space(space::XS);
    }
    if one.dropped > 0 {
        let lost = usize::try_from(one.dropped).unwrap_or(usize::MAX);
        let text = format!("{} were not traced", text::plural(lost, "part"));
        Banner::new(State::Warn, &text)
            .detail("Too much happened at once")
            .show(ui);
    }
}

fn facts(ui: &mut Ui, one: &TraceShown) {
    keys(ui, |ui| {
        let by = text::who(&one.requested_by);
        key_text(ui, "Asked for by", &by, false, false);
        key_moment(ui, "Asked for", one.requested_ms);
        if let Some(by) = &one.decided_by {
            let word = match one.state {
                TraceState::Refused => "Refused by",
                TraceState::Requested | TraceState::Running | TraceState::Ended => "Let begin by",
            };
            key_text(ui, word, &text::clean(by), false, false);
        }
        if let Some(at) = one.started_ms {
            key_moment(ui, "Began", at);
        }
        if let Some(at) = one.ended_ms {
            key_moment(ui, "Ended", at);
        }
        if let Some(why) = &one.ended_because {
            key_text(ui, "Because", &text::clean(why), false, false);
        }
        let limits = format!(
            "{}, {} MB",
            text::span(u64::from(one.seconds) * 1_000),
            one.megabytes
        );
        key_text(ui, "At most", &limits, false, false);
        let body = usize::try_from(one.body_bytes).unwrap_or(usize::MAX);
        let body = format!("{} bytes", text::count(body));
        key_text(ui, "Of each body", &body, false, false);
        let count = usize::try_from(one.requests).unwrap_or(usize::MAX);
        let traced = format!(
            "{}, {}",
            text::plural(count, "request"),
            text::bytes(one.bytes)
        );
        key_text(ui, "Traced", &traced, false, false);
        key_text(ui, "Number", &one.id.to_string(), true, true);
    });
}

fn actions(ui: &mut Ui, cx: &Cx<'_>, one: &TraceShown) -> Option<Wish> {
    let why = prevented(cx, Access::Trace);
    let why = why.as_deref();
    let free = why.is_none();
    let reason = why.unwrap_or_default();
    let own = cx.agent.and_then(|agent| agent.own.value());
    let is_mine = own.is_some_and(|own| own.author == one.requested_by);
    let mut wish = None;
    if one.state == TraceState::Requested && is_mine {
        ui.paragraph("You asked for it: another operator has to let it begin, within an hour.");
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(space::S, space::S);
        let mut offer = |ui: &mut Ui, button: Button<'_>, wanted: Wish| {
            if ui.add(button).clicked() {
                wish = Some(wanted);
            }
        };
        match one.state {
            TraceState::Requested => {
                let mine = "Another operator has to approve what you asked for";
                let approve = Button::primary("Let it begin…").icon(Icon::Play);
                let approve = approve.enabled_if(free && !is_mine, why.unwrap_or(mine));
                offer(ui, approve, Wish::Approve);
                let word = if is_mine { "Take it back" } else { "Refuse" };
                let refuse = Button::secondary(word).icon(Icon::Ban);
                offer(ui, refuse.enabled_if(free, reason), Wish::Refuse);
            }
            TraceState::Running => {
                let stop = Button::danger("Stop the trace").icon(Icon::Square);
                offer(ui, stop.enabled_if(free, reason), Wish::Stop);
                let save = Button::secondary("Save so far…").icon(Icon::Download);
                offer(ui, save.enabled_if(free, reason), Wish::Save);
            }
            TraceState::Ended => {
                let save = Button::primary("Save…").icon(Icon::Download);
                offer(ui, save.enabled_if(free, reason), Wish::Save);
            }
            TraceState::Refused => {}
        }
        if matches!(one.state, TraceState::Ended | TraceState::Refused) {
            let delete = Button::secondary("Delete…").icon(Icon::Trash2);
            offer(ui, delete.enabled_if(free, reason), Wish::Delete);
        }
    });
    wish
}
