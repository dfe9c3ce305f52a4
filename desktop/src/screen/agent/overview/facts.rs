//! Facts of an agent, its figures, and what was changed lately.

use egui::{Ui, Vec2};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, Link, Sample};
use underpass_shared::config::Revision;

use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::agent::common::loaded;
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{Button, Words as _, card_titled, key_text, keys, skeleton, sparkline};

/// A line of figures: its name, its colour, and what it shows of a sample.
type Figures = (&'static str, usize, fn(&Sample) -> Option<f32>);

/// Height of a line of figures.
const LINE: f32 = 52.0;
/// Width of the age of a change.
const AGE: f32 = 64.0;

/// Who the agent is.
pub(super) fn show(ui: &mut Ui, cx: &Cx<'_>, agent: &AgentSnapshot) {
    card_titled(
        ui,
        "Agent",
        |_| {},
        |ui| {
            if agent.status.value().is_none() {
                if matches!(agent.link, Link::Connecting { .. } | Link::Online { .. }) {
                    skeleton(ui, 6);
                } else {
                    ui.quiet("It told nothing yet");
                }
                return;
            }
            let known = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
            let version = agent.version.value().map(|one| text::clean(&one.version));
            let revision = agent
                .configuration
                .value()
                .map(|one| one.revision.to_string());
            let seen = agent.last_seen_ms.map(|at| text::age(cx.now_ms, at));
            let group = agent.group.as_deref().map(text::clean);
            let role = agent.own.value().map(|own| own.role.to_string());
            keys(ui, |ui| {
                key_text(ui, "Identity", &agent.id.to_string(), true, true);
                key_text(ui, "Version", &known(version), false, false);
                key_text(ui, "Group", &known(group), false, false);
                key_text(ui, "Revision", &known(revision), false, false);
                key_text(ui, "Your role", &known(role), false, false);
                key_text(ui, "Last answer", &known(seen), false, false);
            });
        },
    );
}

/// Its figures of the last hour, as far as there are any.
pub(super) fn load(ui: &mut Ui, agent: &AgentSnapshot) {
    let lines: [Figures; 3] = [
        ("Requests per second", 0, |sample| sample.requests),
        ("CPU, percent", 2, |sample| {
            sample.cpu.map(|cpu| cpu * 100.0)
        }),
        ("Answers of the agent, ms", 1, |sample| {
            sample.answer_ms.map(|ms| ms as f32)
        }),
    ];
    card_titled(
        ui,
        "Last hour",
        |_| {},
        |ui| {
            let mut any = false;
            for (name, color, value) in lines {
                let values = || agent.series.samples.iter().map(value);
                if values().flatten().count() < 2 {
                    continue;
                }
                any = true;
                let tokens = ui.tokens();
                let values: Vec<f32> = values().map(|one| one.unwrap_or(f32::NAN)).collect();
                ui.words(Text::Small, tokens.text_3, name);
                let room = Vec2::new(ui.available_width(), LINE);
                sparkline(ui, room, &values, tokens.series[color], name);
            }
            if !any {
                ui.quiet("Figures come with time");
            }
        },
    );
}

/// What was changed lately.
pub(super) fn changes(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    agent: &AgentSnapshot,
    slot: &Slot<Vec<Revision>>,
) {
    let mut all = false;
    card_titled(
        ui,
        "Last changes",
        |ui| all = ui.add(Button::ghost("All").small()).clicked(),
        |ui| {
            let Some(changes) = loaded(ui, cx.now_ms, slot) else {
                return;
            };
            if changes.is_empty() {
                ui.quiet("Nothing was changed yet");
            }
            for one in changes.iter() {
                change(ui, cx.now_ms, one);
            }
        },
    );
    if all {
        let tab = AgentTab::Revisions;
        cx.go(Route::Agent { id: agent.id, tab });
    }
}

fn change(ui: &mut Ui, now_ms: i64, one: &Revision) {
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.spacing_mut().item_spacing.x = space::S;
        ui.allocate_ui(Vec2::new(AGE, size::CONTROL_SMALL), |ui| {
            ui.set_min_width(AGE);
            ui.quiet(text::age(now_ms, one.time_ms))
                .on_hover_text(ui.times().both(one.time_ms));
        });
        let room = ui.available_width();
        ui.scope(|ui| {
            ui.set_max_width(room * 0.68);
            ui.body(text::clean(&one.reason));
        });
        ui.words(Text::Small, tokens.text_3, text::who(&one.author));
    });
}
