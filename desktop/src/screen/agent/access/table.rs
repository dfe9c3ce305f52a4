//! The list of mappings.

use egui::Ui;
use lucide_icons::Icon;
use underpass_shared::config::MappingPart;
use underpass_shared::host::VirtualAddress;

use super::AccessState;
use super::check::Checks;
use super::edit::Here;
use super::view::{Mark, Show, mark};
use super::words::{Verdict, judge, protocol};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size};
use crate::widget::{Column, Empty, Table, Width, Words as _, pill};

/// The columns, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Col {
    Virtual,
    Protocol,
    Internal,
    Resources,
    State,
}

impl Col {
    const ALL: [Self; 5] = [
        Self::Virtual,
        Self::Protocol,
        Self::Internal,
        Self::Resources,
        Self::State,
    ];

    pub(super) fn at(place: usize) -> Option<Self> {
        Self::ALL.get(place).copied()
    }
}

const COLUMNS: [Column; 5] = [
    Column::text("VIRTUAL SYSTEM", Width::AtLeast(126.0)),
    Column::text("PROTOCOL", Width::Exact(60.0)).spare(2),
    Column::text("INTERNAL SYSTEM", Width::AtLeast(120.0)).spare(3),
    Column::number("OPEN", 46.0).spare(1),
    Column::text("STATE", Width::Exact(92.0)),
];

/// Shows the list; tells the mapping that was chosen or opened.
pub(super) fn list(
    ui: &mut Ui,
    cx: &Cx<'_>,
    here: &Here<'_>,
    state: &mut AccessState,
) -> Option<VirtualAddress> {
    let rows = state.view.rows();
    let all = here.subaccount.mappings();
    if rows.is_empty() {
        nothing(ui, state);
        return None;
    }
    let name = |row: usize| {
        let part = &all[rows[row]];
        let internal = text::clean(&part.internal_address.to_string());
        let (verdict, _) = judge(part);
        format!(
            "{} to {internal}, {}",
            part.virtual_address,
            verdict.shown().1
        )
    };
    let chosen = state.chosen.clone();
    let selected = |row: usize| chosen.as_ref() == Some(&all[rows[row]].virtual_address);
    // The place of the keyboard follows what is chosen, also after another order.
    if let Some(chosen) = &chosen {
        let at = rows
            .iter()
            .position(|at| all[*at].virtual_address == *chosen);
        if state.table.cursor != at {
            state.table.cursor = at;
            state.table.reveal = at;
        }
    }
    let AccessState { table, checks, .. } = state;
    let out = Table::new("mappings", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .selected(&selected)
        .framed()
        .show(ui, table, |ui, row, column| {
            if let Some(column) = Col::at(column) {
                cell(ui, here, (&all[rows[row]], checks), column);
            }
        });
    out.opened
        .or(out.chosen)
        .map(|row| all[rows[row]].virtual_address.clone())
}

fn nothing(ui: &mut Ui, state: &mut AccessState) {
    let empty = Empty {
        icon: Icon::SearchX,
        title: "No mapping matches",
        text: "Type fewer letters, or choose another chip",
        action: Some("Clear the filter"),
    };
    if empty.show(ui) {
        state.filter.clear();
        state.show = Show::All;
    }
}

fn cell(ui: &mut Ui, here: &Here<'_>, (part, checks): (&MappingPart, &Checks), column: Col) {
    let tokens = ui.tokens();
    match column {
        Col::Virtual => {
            match mark(here, part) {
                Mark::Same => {}
                Mark::Added => ui.icon(Icon::Plus, size::ICON_TINY, tokens.ok),
                Mark::Changed => ui.icon(Icon::PencilLine, size::ICON_TINY, tokens.info),
            }
            ui.words(Text::Mono, tokens.text, part.virtual_address.to_string());
        }
        Col::Protocol => drop(ui.words(Text::Small, tokens.text_2, protocol(part.protocol))),
        Col::Internal => {
            let address = text::clean(&part.internal_address.to_string());
            ui.words(Text::Mono, tokens.text_2, address);
        }
        Col::Resources => {
            let enabled = part.resources.iter().filter(|one| one.enabled).count();
            let all = part.resources.len();
            let color = if enabled < all {
                tokens.warn
            } else {
                tokens.text_2
            };
            let words = if all == 0 {
                "–".to_owned()
            } else {
                format!("{enabled}/{all}")
            };
            ui.words(Text::Small, color, words);
        }
        Col::State => {
            let (verdict, why) = judge(part);
            let (state, word) = match checks.verdict(part) {
                Some(false) if verdict == Verdict::Open => (State::Error, "Unreachable"),
                Some(_) | None => verdict.shown(),
            };
            let shown = pill(ui, state, word);
            if let Some(why) = why {
                shown.on_hover_text(why);
            }
        }
    }
}

/// The words of a mark, as a pill beside a name.
pub(super) const fn marked(mark: Mark) -> Option<(State, &'static str)> {
    match mark {
        Mark::Same => None,
        Mark::Added => Some((State::Info, "New")),
        Mark::Changed => Some((State::Info, "Changed")),
    }
}
