//! Agents by sections: where each of them differs.

use egui::Ui;
use underpass_fleet::drift::{Comparison, Report, Section};

use super::DriftState;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _};
use crate::widget::{Align, Column, Table, Width, Words as _, dot, pill};

const SECTION: f32 = 84.0;

const fn section(title: &'static str) -> Column {
    Column {
        align: Align::Left,
        ..Column::text(title, Width::Exact(SECTION)).fixed()
    }
}

const COLUMNS: [Column; 11] = [
    Column::text("AGENT", Width::AtLeast(120.0)).fixed(),
    Column::text("RESULT", Width::Exact(112.0)).fixed(),
    section("GENERAL"),
    section("NETWORK"),
    section("TRUST"),
    section("PROPAGATION"),
    section("OPERATIONS"),
    section("SUBACCOUNTS"),
    section("MAPPINGS"),
    section("RESOURCES"),
    section("CHANNELS"),
];
/// Columns before those of the sections.
const BEFORE: usize = 2;

/// What is told of an agent, as state and words.
fn result(report: &Result<Report, String>, count: usize) -> (State, String) {
    match report {
        Ok(report) if report.is_empty() => (State::Ok, "Same".to_owned()),
        Ok(_) => (State::Warn, text::plural(count, "difference")),
        Err(_) => (State::Off, "Not compared".to_owned()),
    }
}

/// Shows the matrix of these rows.
pub(super) fn ui(
    ui: &mut Ui,
    cx: &Cx<'_>,
    state: &mut DriftState,
    made: &Comparison,
    rows: &[usize],
) {
    let used = made.sections();
    // Beside what differs of one agent there is room for the result alone.
    let is_hidden = |at: &usize| {
        let section = at.checked_sub(BEFORE).and_then(|at| Section::ALL.get(at));
        section.is_some_and(|section| state.chosen.is_some() || !used.contains(section))
    };
    let hidden: Vec<usize> = (0..COLUMNS.len()).filter(is_hidden).collect();
    let name = |row: usize| {
        let one = &made.agents[rows[row]];
        let (_, words) = result(&one.report, one.count());
        format!("{}, {words}", text::clean(&one.label))
    };
    let chosen = state.chosen;
    let selected = |row: usize| Some(made.agents[rows[row]].agent) == chosen;
    let out = Table::new("drift", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .selected(&selected)
        .hidden(&hidden)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let (one, tokens) = (&made.agents[rows[row]], ui.tokens());
            let section = column
                .checked_sub(BEFORE)
                .and_then(|at| Section::ALL.get(at));
            match (column, section, &one.report) {
                (0, ..) => {
                    ui.bold(text::clean(&one.label));
                    if one.is_stale {
                        ui.words(Text::Caption, tokens.text_3, "AWAY")
                            .on_hover_text("This is what was known last");
                    }
                }
                (_, Some(section), Ok(_)) => match one.sections.get(section) {
                    Some(count) => {
                        let words = text::plural(*count, "change");
                        ui.words(Text::Strong, tokens.warn, words);
                    }
                    None => {
                        dot(ui, State::Ok, "same");
                    }
                },
                (_, Some(_), Err(_)) => drop(ui.quiet("–")),
                (_, None, _) => {
                    let (state, words) = result(&one.report, one.count());
                    let shown = pill(ui, state, &words);
                    if let Err(reason) = &one.report {
                        shown.on_hover_text(text::sentence(reason));
                    }
                }
            }
        });
    if let Some(row) = out.chosen.or(out.opened) {
        state.chosen = Some(made.agents[rows[row]].agent);
        state.table.reveal = Some(row);
    }
}
