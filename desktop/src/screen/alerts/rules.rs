//! From which values on agents raise alerts; each agent's are edited in its draft.

use std::sync::Arc;

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::config::{Alerting, Document};
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::agent::draft;
use crate::screen::agent::edit::document;
use crate::screen::agent::settings::Alerts;
use crate::text;
use crate::theme::{State, Text, Themed as _};
use crate::widget::{
    Align, Answer, Column, Dialog, Empty, Table, TableState, Width, Words as _, pill,
};

/// The rules of all agents.
#[derive(Default)]
pub(super) struct Rules {
    table: TableState,
    open: Option<(AgentId, Alerts)>,
}

const fn number(title: &'static str, width: f32) -> Column {
    Column {
        align: Align::Right,
        ..Column::text(title, Width::Exact(width)).fixed()
    }
}

const COLUMNS: [Column; 7] = [
    Column::text("AGENT", Width::AtLeast(150.0)).fixed(),
    number("CPU ABOVE", 92.0),
    number("FOR", 70.0),
    number("DISK BELOW", 100.0),
    number("CERTIFICATES", 104.0),
    number("BY E-MAIL", 90.0),
    Column::text("", Width::Exact(130.0)).fixed(),
];

impl Rules {
    /// Shows the rules of those agents that have these words.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, words: &str) {
        let has = |agent: &&Arc<AgentSnapshot>| {
            let label = agent.label.to_lowercase();
            words
                .split_whitespace()
                .all(|word| label.contains(&word.to_lowercase()))
        };
        let all: Vec<(&Arc<AgentSnapshot>, &Arc<Document>)> = cx
            .fleet
            .agents
            .iter()
            .filter(has)
            .filter_map(|agent| Some((agent, document(agent)?)))
            .collect();
        if all.is_empty() {
            Empty {
                icon: Icon::SearchX,
                title: "No agent matches",
                text: "Rules are shown of agents whose configuration is known",
                action: None,
            }
            .show(ui);
            return;
        }
        let name = |row: usize| format!("Rules of {}", text::clean(&all[row].0.label));
        let out = Table::new("rules", &COLUMNS, all.len(), &name)
            .row_height(cx.prefs.row_height())
            .framed()
            .show(ui, &mut self.table, |ui, row, column| {
                let (agent, document) = all[row];
                cell(ui, agent, &document.connector().alerting, column);
            });
        if let Some(row) = out.chosen.or(out.opened) {
            self.open = Some((all[row].0.id, Alerts::default()));
        }
    }

    /// Shows the rules that are edited.
    pub(super) fn dialog(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        let Some((id, fields)) = &mut self.open else {
            return;
        };
        let id = *id;
        let Some(agent) = cx.fleet.agent(id).map(Arc::clone) else {
            self.open = None;
            return;
        };
        let title = format!("Rules of {}", text::clean(&agent.label));
        let changed = draft::of(&agent).is_some();
        let answer = Dialog::new("rules", &title, "Review the draft")
            .wide()
            .way_out("Close")
            .without_enter()
            .enabled_if(changed, "Nothing is changed in the draft")
            .show(ctx, |ui| {
                if let Some(document) = document(&agent) {
                    fields.card(ui, &mut cx.of(id), document);
                }
            });
        match answer {
            Answer::Open => {}
            Answer::Dismissed => self.open = None,
            Answer::Confirmed => {
                self.open = None;
                cx.go(Route::Agent {
                    id,
                    tab: AgentTab::Settings,
                });
            }
        }
    }
}

fn cell(ui: &mut Ui, agent: &AgentSnapshot, alerting: &Alerting, column: usize) {
    let (tokens, limits) = (ui.tokens(), &alerting.thresholds);
    let told = match column {
        0 => {
            ui.bold(text::clean(&agent.label));
            return;
        }
        1 => format!("{} %", limits.cpu_load.get()),
        2 => format!("{} s", limits.cpu_load_violation_tolerance_sec.get()),
        3 => format!("{} MB", limits.free_disk_space_mb.get()),
        4 => format!("{} days", limits.certificate_validity_days.get()),
        5 => mailed(alerting),
        _ => {
            if draft::of(agent).is_some() {
                pill(ui, State::Pending, "Draft");
            }
            return;
        }
    };
    ui.words(Text::Body, tokens.text_2, told);
}

/// How many categories are sent by mail.
fn mailed(alerting: &Alerting) -> String {
    let all = serde_json::to_value(alerting.notification).unwrap_or_default();
    let all = all.as_object().into_iter().flatten();
    let (mut on, mut count) = (0, 0);
    for (_, value) in all {
        count += 1;
        on += u8::from(value.as_bool() == Some(true));
    }
    format!("{on} of {count}")
}
