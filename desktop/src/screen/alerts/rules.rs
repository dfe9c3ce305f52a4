//! From which values on agents raise alerts; each agent's are edited in its draft.

use std::sync::Arc;

use egui::{Context, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::config::{ConnectorFields, Document};
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::agent::draft;
use crate::screen::agent::edit::document;
use crate::screen::agent::settings::{Alerts, MoreAlerts};
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{
    Align, Answer, Column, Dialog, Empty, Table, TableState, Width, Words as _, pill,
};

/// What a dialog has beside its contents.
const ROOM: f32 = 220.0;

/// The rules of one agent, being edited.
struct Open {
    agent: AgentId,
    alerts: Alerts,
    more: MoreAlerts,
}

/// The rules of all agents.
#[derive(Default)]
pub(super) struct Rules {
    table: TableState,
    open: Option<Open>,
}

const fn number(title: &'static str, width: f32) -> Column {
    Column {
        align: Align::Right,
        ..Column::text(title, Width::Exact(width)).fixed()
    }
}

const COLUMNS: [Column; 9] = [
    Column::text("AGENT", Width::AtLeast(150.0)).fixed(),
    number("CPU", 72.0),
    number("MEMORY", 76.0),
    number("DISK BELOW", 92.0),
    number("CERTIFICATES", 104.0),
    number("LATENCY", 84.0),
    number("ERRORS", 76.0),
    number("BY E-MAIL", 86.0).spare(1),
    Column::text("", Width::Exact(84.0)).fixed(),
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
                cell(ui, agent, document.connector(), column);
            });
        if let Some(row) = out.chosen.or(out.opened) {
            self.open = Some(Open {
                agent: all[row].0.id,
                alerts: Alerts::default(),
                more: MoreAlerts::default(),
            });
        }
    }

    /// Shows the rules that are edited.
    pub(super) fn dialog(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        let Some(open) = &mut self.open else {
            return;
        };
        let id = open.agent;
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
                let height = ui.ctx().content_rect().height() - ROOM;
                ScrollArea::vertical().max_height(height).show(ui, |ui| {
                    if let Some(document) = document(&agent) {
                        ui.spacing_mut().item_spacing.y = space::M;
                        open.alerts.card(ui, &mut cx.of(id), document);
                        open.more.card(ui, &mut cx.of(id), document);
                    }
                });
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

fn cell(ui: &mut Ui, agent: &AgentSnapshot, rules: &ConnectorFields, column: usize) {
    let tokens = ui.tokens();
    let (limits, more) = (&rules.alerting.thresholds, &rules.alert_rules.thresholds);
    let told = match column {
        0 => {
            ui.bold(text::clean(&agent.label));
            return;
        }
        1 => format!("{} %", limits.cpu_load.get()),
        2 => format!("{} %", more.memory_percent.get()),
        3 => format!("{} MB", limits.free_disk_space_mb.get()),
        4 => format!("{} days", limits.certificate_validity_days.get()),
        5 => text::millis(more.latency_ms.get().into()),
        6 => format!("{} %", more.error_rate_percent.get()),
        7 => mailed(rules),
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
fn mailed(rules: &ConnectorFields) -> String {
    let (mut on, mut count) = (0, 0);
    let (one, other) = (
        &rules.alerting.notification,
        &rules.alert_rules.notification,
    );
    for all in [serde_json::to_value(one), serde_json::to_value(other)] {
        let all = all.unwrap_or_default();
        for (_, value) in all.as_object().into_iter().flatten() {
            count += 1;
            on += u8::from(value.as_bool() == Some(true));
        }
    }
    format!("{on} of {count}")
}
