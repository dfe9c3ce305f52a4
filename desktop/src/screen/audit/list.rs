//! The records of all agents, the newest first.

use egui::Ui;

use super::AuditState;
use crate::changes::words;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::agent::audit::{state_of, summary, word_of};
use crate::text;
use crate::theme::{Text, Themed as _};
use crate::times::Timed as _;
use crate::widget::{Column, Table, Width, Words as _, pill};

/// From here to the end of the list the next records are fetched.
const AHEAD: usize = 40;

const COLUMNS: [Column; 6] = [
    Column::text("WHEN", Width::Exact(142.0)).fixed(),
    Column::text("AGENT", Width::Exact(124.0)).fixed(),
    Column::text("OUTCOME", Width::Exact(92.0)).fixed(),
    Column::text("TYPE", Width::Exact(140.0)).fixed().spare(2),
    Column::text("WHO", Width::Exact(110.0)).fixed().spare(1),
    Column::text("WHAT", Width::AtLeast(110.0)).fixed(),
];

/// Shows the list; a double click opens the agent's own.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    let rows = state.feeds.rows();
    let name = |row: usize| {
        let row = &rows[row];
        let message = text::clean(&row.record.message);
        format!(
            "Record {} of {}, {message}",
            row.record.sequence,
            text::clean(&row.label)
        )
    };
    let chosen = state.chosen;
    let selected = |row: usize| Some((rows[row].agent, rows[row].record.sequence)) == chosen;
    let out = Table::new("fleet-audit", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let (row, tokens) = (&rows[row], ui.tokens());
            let one = &row.record;
            match column {
                0 => {
                    let times = ui.times();
                    ui.words(Text::Mono, tokens.text_2, times.plain(one.time_ms))
                        .on_hover_text(times.both(one.time_ms));
                }
                1 => drop(ui.words(Text::Strong, tokens.text, text::clean(&row.label))),
                2 => drop(pill(ui, state_of(one.outcome), word_of(one.outcome))),
                3 => drop(ui.words(
                    Text::Small,
                    tokens.text_2,
                    words(&format!("{:?}", one.category)),
                )),
                4 => drop(ui.words(Text::Small, tokens.text_2, text::clean(&one.actor.name))),
                _ => drop(ui.body(summary(one)).on_hover_text(summary(one))),
            }
        });
    let of = |row: usize| (rows[row].agent, rows[row].record.sequence);
    if let Some(row) = out.chosen {
        state.chosen = Some(of(row));
        // The record takes a part of the room: the row stays in view.
        state.table.reveal = Some(row);
    }
    if let Some(row) = out.opened {
        cx.go(Route::Agent {
            id: rows[row].agent,
            tab: AgentTab::Audit,
        });
    }
    if out.seen.end + AHEAD >= rows.len() {
        state.feeds.more();
    }
}
