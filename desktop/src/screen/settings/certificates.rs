//! The certificates that this app shows the agents.

use egui::{Align, Layout, Ui};
use underpass_fleet::snapshot::AgentSnapshot;

use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Button, Words as _, card_titled, dot};

/// Rows that are shown; those that end first matter.
const SHOWN: usize = 8;
/// Certificates are renewed by themselves long before; when so little is left, something is wrong.
const SOON_DAYS: i64 = 14;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let mut agents: Vec<(i64, &AgentSnapshot)> = cx
        .fleet
        .agents
        .iter()
        .filter_map(|agent| Some((agent.certificate_days?, &**agent)))
        .collect();
    agents.sort_by_key(|(days, agent)| (*days, agent.label.clone()));
    let mut chosen = None;
    card_titled(
        ui,
        "Your certificates",
        |_| {},
        |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.paragraph("Each agent gave this app a certificate of its own. They are renewed by themselves while the agent is reachable.");
            if agents.is_empty() {
                ui.quiet("There are none yet");
            }
            for (days, agent) in agents.iter().take(SHOWN) {
                if row(ui, *days, agent) {
                    chosen = Some(agent.id);
                }
            }
            if agents.len() > SHOWN {
                let more = text::plural(agents.len() - SHOWN, "more agent");
                ui.quiet(format!("And {more}, whose certificates end later"));
            }
        },
    );
    if let Some(id) = chosen {
        let tab = AgentTab::Operators;
        cx.go(Route::Agent { id, tab });
    }
}

fn row(ui: &mut Ui, days: i64, agent: &AgentSnapshot) -> bool {
    let tokens = ui.tokens();
    let (state, word) = match days {
        ..0 => (State::Error, "expired".to_owned()),
        0..=SOON_DAYS => (
            State::Warn,
            text::plural(usize::try_from(days).unwrap_or_default(), "day"),
        ),
        _ => (
            State::Ok,
            text::plural(usize::try_from(days).unwrap_or_default(), "day"),
        ),
    };
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        dot(ui, state, &word);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            let label = text::clean(&agent.label);
            let name = format!("Operators of {label}");
            let opened = ui
                .add(Button::ghost("Operators").small().name(&name))
                .clicked();
            ui.words(Text::Small, tokens.text_2, word);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.body(label));
            opened
        })
        .inner
    })
    .inner
}
