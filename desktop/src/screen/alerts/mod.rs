//! What wants attention, over all agents.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::snapshot::Health;

use super::fixed_page;
use crate::cx::Cx;
use crate::digest::{state_of, word_of};
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{State, Text, Themed as _};
use crate::widget::{Column, Empty, Table, TableState, Width, Words as _, pill};

/// What the page remembers from frame to frame.
#[derive(Debug, Default)]
pub struct AlertsState {
    table: TableState,
}

const COLUMNS: [Column; 4] = [
    Column::text("STATUS", Width::Exact(96.0)).fixed(),
    Column::text("AGENT", Width::AtLeast(140.0)).fixed(),
    Column::text("PROBLEM", Width::AtLeast(260.0)).fixed(),
    Column::number("SEEN", 64.0).fixed(),
];

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AlertsState) {
    let fleet = cx.fleet;
    let rows = &cx.digest.troubled;
    fixed_page(ui, |ui| {
        if rows.is_empty() {
            Empty {
                icon: Icon::CircleCheck,
                title: "All is well",
                text: "No agent reports a problem",
                action: None,
            }
            .show(ui);
            return;
        }
        let name = |row: usize| text::clean(&fleet.agents[rows[row]].label);
        let out = Table::new("alerts", &COLUMNS, rows.len(), &name)
            .row_height(cx.prefs.row_height())
            .framed()
            .show(ui, &mut state.table, |ui, row, column| {
                let agent = &fleet.agents[rows[row]];
                match column {
                    0 if agent.health == Health::Online => drop(pill(ui, State::Warn, "Warning")),
                    0 => drop(pill(ui, state_of(agent.health), word_of(agent.health))),
                    1 => drop(ui.bold(text::clean(&agent.label))),
                    2 => {
                        let problem = text::sentence(agent.problem.as_deref().unwrap_or_default());
                        ui.body(problem.as_str()).on_hover_text(problem);
                    }
                    _ => {
                        let seen = agent
                            .last_seen_ms
                            .map_or("never".to_owned(), |at| text::age(cx.now_ms, at));
                        ui.words(Text::Small, ui.tokens().text_3, seen);
                    }
                }
            });
        if let Some(row) = out.opened.or(out.chosen) {
            let id = fleet.agents[rows[row]].id;
            cx.effects.push(crate::cx::Effect::Go(Route::Agent {
                id,
                tab: AgentTab::Overview,
            }));
        }
    });
}
