//! One alert in full, and what can be done about it.

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command};
use underpass_fleet::slot::Slot;
use underpass_shared::alert::{Alert, Code};
use underpass_shared::api::management::{AlertTarget, SilenceInput, Target, Verb};
use underpass_shared::rights::Access;

use super::rows::Row;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::times::Timed as _;
use crate::widget::{
    Button, IconButton, Words as _, card, key_moment, key_text, keys, menu, menu_item, pill,
};

const HOUR_MS: i64 = 3_600_000;

/// How long one can be silent.
const SILENCES: [(&str, i64); 5] = [
    ("For 1 hour", HOUR_MS),
    ("For 4 hours", 4 * HOUR_MS),
    ("For 1 day", 24 * HOUR_MS),
    ("For 7 days", 7 * 24 * HOUR_MS),
    ("For 30 days", 30 * 24 * HOUR_MS),
];

/// Why the operator cannot do something about an agent's alerts, if so.
pub(super) fn prevented(cx: &mut Cx<'_>, row: &Row) -> Option<String> {
    let cx = cx.of(row.agent);
    let Some(role) = cx.role() else {
        return Some("The agent has not told yet what you may do".to_owned());
    };
    if !Access::Trace.allows(role) {
        return Some(format!("Needs the role {}", Access::Trace.weakest()));
    }
    let away = cx.agent.is_some_and(|agent| !agent.link.is_online());
    away.then(|| "The agent does not answer now".to_owned())
}

/// Has an agent do something about an alert.
pub(super) fn send(cx: &mut Cx<'_>, row: &Row, title: &str, call: Call) {
    cx.send(Command::Call(Change {
        agent: row.agent,
        call,
        title: format!("{title}: {}", row.title()),
        done: Slot::<Reply>::default(),
    }));
}

/// Takes note of an alert.
pub(super) fn acknowledge(cx: &mut Cx<'_>, row: &Row) {
    if let Some(number) = row.number() {
        let target = Target::Alerts(AlertTarget::Acknowledge(number));
        send(cx, row, "Acknowledge", Call::new(Verb::Post, target));
    }
}

fn silence(cx: &mut Cx<'_>, row: &Row, until_ms: i64) {
    let Some(number) = row.number() else { return };
    let call = Call::new(Verb::Post, Target::Alerts(AlertTarget::Silence(number)));
    match call.with(&SilenceInput { until_ms }) {
        Ok(call) => {
            let title = if until_ms > 0 {
                "Silence"
            } else {
                "End the silence"
            };
            send(cx, row, title, call);
        }
        Err(error) => cx.tell(State::Error, error.to_string()),
    }
}

/// Shows the alert; true when it is to be closed.
pub(super) fn detail(ui: &mut Ui, cx: &mut Cx<'_>, row: &Row) -> bool {
    let mut closed = false;
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                closed = ui
                    .add(IconButton::new(Icon::X, "Close the alert").small())
                    .clicked();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    pill(ui, row.state, row.word);
                    ui.bold(text::clean(&row.label));
                });
            });
        });
        ScrollArea::vertical()
            .id_salt("alert")
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.title(row.title());
                match &row.alert {
                    Some(alert) => told(ui, cx, row, alert),
                    None => {
                        ui.paragraph("This app sees it; the agent itself cannot tell.");
                    }
                }
                ui.add_space(space::S);
                if ui
                    .add(Button::secondary("Open the agent").icon(Icon::ArrowRight))
                    .clicked()
                {
                    open(cx, row);
                }
            });
    });
    closed
}

/// Goes to the agent, to where the alert is best understood.
pub(super) fn open(cx: &mut Cx<'_>, row: &Row) {
    let tab = match &row.alert {
        Some(alert) if alert.id.code == Code::Diagnosis => AgentTab::Trouble,
        Some(_) => AgentTab::Monitoring,
        None => AgentTab::Overview,
    };
    cx.go(Route::Agent { id: row.agent, tab });
}

fn told(ui: &mut Ui, cx: &mut Cx<'_>, row: &Row, alert: &Alert) {
    ui.paragraph(text::clean(&alert.text));
    ui.words(Text::Caption, ui.tokens().text_2, "What to do");
    ui.paragraph(text::clean(&alert.remedy));
    ui.add_space(space::XS);
    keys(ui, |ui| {
        if !alert.id.entity.is_empty() {
            key_text(ui, "Of", &text::clean(&alert.id.entity), true, true);
        }
        key_moment(ui, "Since", alert.since_ms);
        if let Some(at) = alert.resolved_ms {
            key_moment(ui, "Resolved", at);
        }
        if let Some(note) = &alert.acknowledged {
            let at = ui.times().when(note.at_ms);
            let by = format!("{}, {at}", text::who(&note.by));
            key_text(ui, "Noted by", &by, false, false);
        }
        if let Some(until) = alert.silenced_until_ms.filter(|until| *until > cx.now_ms) {
            key_moment(ui, "Silent until", until);
        }
        if alert.hides > 0 {
            let others = usize::try_from(alert.hides).unwrap_or(usize::MAX);
            let words = format!("{} that follow from it", text::plural(others, "other"));
            key_text(ui, "Hides", &words, false, false);
        }
        key_text(ui, "Number", &alert.number.to_string(), true, false);
    });
    if alert.resolved_ms.is_none() {
        ui.add_space(space::S);
        actions(ui, cx, row, alert);
    }
}

fn actions(ui: &mut Ui, cx: &mut Cx<'_>, row: &Row, alert: &Alert) {
    let prevented = prevented(cx, row);
    let reason = prevented.as_deref();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(space::S, space::S);
        let noted = alert.acknowledged.is_some();
        let note = Button::primary("Acknowledge").icon(Icon::Check).enabled_if(
            reason.is_none() && !noted,
            reason.unwrap_or("Somebody has taken note already"),
        );
        if ui.add(note).clicked() {
            acknowledge(cx, row);
        }
        let is_silent = alert
            .silenced_until_ms
            .is_some_and(|until| until > cx.now_ms);
        if is_silent {
            let end = Button::secondary("End the silence").icon(Icon::Bell);
            let end = end.enabled_if(reason.is_none(), reason.unwrap_or_default());
            if ui.add(end).clicked() {
                silence(cx, row, 0);
            }
        } else {
            let button = Button::secondary("Silence…").icon(Icon::BellOff);
            let button = button.enabled_if(reason.is_none(), reason.unwrap_or_default());
            let button = ui.add(button);
            let chosen = menu(&button, |ui| {
                let mut chosen = None;
                for (word, length) in SILENCES {
                    if menu_item(ui, None, word, "").clicked() {
                        chosen = Some(length);
                    }
                }
                chosen
            });
            if let Some(length) = chosen.flatten() {
                silence(cx, row, cx.now_ms + length);
            }
        }
        let delete = IconButton::new(Icon::Trash2, "Remove the alert")
            .enabled_if(reason.is_none(), reason.unwrap_or_default());
        if ui.add(delete).clicked() {
            let target = Target::Alerts(AlertTarget::One(alert.number));
            send(cx, row, "Remove", Call::new(Verb::Delete, target));
        }
    });
}
