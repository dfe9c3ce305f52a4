//! What wants attention, over all agents: what stands, what stood, and from which values on.

mod detail;
mod history;
mod rows;
mod rules;

use egui::{Align, Id, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::id::AgentId;

use self::rows::Row;
use super::agent::common::escaped;
use super::fixed_page;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Column, Empty, IconButton, Table, TableState, Width, Words as _, chip, pill, search, segmented,
};

/// Below this width the chosen alert stands below the list.
const WIDE: f32 = 900.0;
/// The width of the chosen alert.
const DETAIL: f32 = 360.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Active,
    History,
    Rules,
}

/// What the page remembers from frame to frame.
#[derive(Default)]
pub struct AlertsState {
    part: Part,
    filter: String,
    only: Option<State>,
    history: history::History,
    rules: rules::Rules,
    table: TableState,
    chosen: Option<(AgentId, Option<u64>)>,
    focus_filter: bool,
}

impl AlertsState {
    /// Sends the keyboard to the filter.
    pub const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }
}

const COLUMNS: [Column; 5] = [
    Column::text("STATUS", Width::Exact(104.0)).fixed(),
    Column::text("AGENT", Width::AtLeast(110.0)).fixed(),
    Column::text("ALERT", Width::AtLeast(280.0)).fixed(),
    Column::text("OF", Width::AtLeast(110.0)).fixed().spare(1),
    Column::number("SINCE", 76.0).fixed(),
];

/// What the operator wants of a row.
enum Wish {
    Choose(Row),
    Open(Row),
}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AlertsState) {
    if state.chosen.is_some() && !cx.held && escaped(ui) {
        state.chosen = None;
    }
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        bar(ui, state);
        match state.part {
            Part::Rules => state.rules.ui(ui, cx, &state.filter),
            Part::Active => {
                let rows = rows::standing(cx.fleet, cx.now_ms);
                let untold = cx.fleet.agents.iter().filter(|agent| {
                    agent.alerts.value().is_none() || agent.alerts.reason().is_some()
                });
                let silent = untold.count();
                list(ui, cx, state, rows, silent);
            }
            Part::History => {
                let (rows, silent) = state.history.rows(cx);
                list(ui, cx, state, rows, silent);
            }
        }
    });
    state.rules.dialog(ui.ctx(), cx);
}

fn bar(ui: &mut Ui, state: &mut AlertsState) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        let parts = [
            (Part::Active, "Active"),
            (Part::History, "History"),
            (Part::Rules, "Rules"),
        ];
        if segmented(ui, "Part", &mut state.part, &parts) {
            state.chosen = None;
            state.only = None;
            state.table = TableState::default();
        }
        let id = Id::unique("filter-alerts");
        if std::mem::take(&mut state.focus_filter) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        let name = match state.part {
            Part::Rules => "Filter agents",
            Part::Active | Part::History => "Filter alerts",
        };
        search(ui, id, &mut state.filter, name, 260.0);
        if state.part == Part::History {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let fetch = IconButton::new(Icon::RefreshCw, "Fetch the newest alerts");
                if ui.add(fetch).clicked() {
                    state.history.refresh();
                }
            });
        }
    });
}

/// The states that can be told apart, with their words.
const STATES: [(State, &str); 6] = [
    (State::Error, "Errors"),
    (State::Warn, "Warnings"),
    (State::Pending, "Under way"),
    (State::Info, "Noted"),
    (State::Ok, "Over"),
    (State::Off, "Silenced"),
];

fn list(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AlertsState, rows: Vec<Row>, silent: usize) {
    if rows.is_empty() {
        nothing(ui, silent);
        return;
    }
    let found: Vec<Row> = rows
        .into_iter()
        .filter(|row| row.has(&state.filter))
        .collect();
    strip(ui, state, &found, silent);
    let wanted = |row: &Row| state.only.is_none_or(|only| row.state == only);
    let shown: Vec<Row> = found.into_iter().filter(wanted).collect();
    if shown.is_empty() {
        let empty = Empty {
            icon: Icon::SearchX,
            title: "No alert matches",
            text: "Type fewer letters, or choose another state",
            action: Some("Clear the filter"),
        };
        if empty.show(ui) {
            state.filter.clear();
            state.only = None;
        }
        return;
    }
    body(ui, cx, state, &shown);
}

/// Without alerts: there are none, or nobody has told.
fn nothing(ui: &mut Ui, silent: usize) {
    let untold = format!("{} have not told yet", text::plural(silent, "agent"));
    let (icon, title, text) = match silent {
        0 => (
            Icon::CircleCheck,
            "All is well",
            "No agent reports a problem",
        ),
        _ => (Icon::CircleDashed, "No alert is known", &*untold),
    };
    let empty = Empty {
        icon,
        title,
        text,
        action: None,
    };
    empty.show(ui);
}

fn strip(ui: &mut Ui, state: &mut AlertsState, rows: &[Row], silent: usize) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.spacing_mut().item_spacing.x = space::S - 2.0;
        if chip(ui, state.only.is_none(), None, "All", rows.len()).clicked() {
            state.only = None;
        }
        for (one, word) in STATES {
            let count = rows.iter().filter(|row| row.state == one).count();
            let on = state.only == Some(one);
            if (count > 0 || on) && chip(ui, on, Some(one), word, count).clicked() {
                state.only = if on { None } else { Some(one) };
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if silent > 0 {
                ui.quiet(format!(
                    "{} have not told yet",
                    text::plural(silent, "agent")
                ));
            }
        });
    });
}

fn body(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AlertsState, rows: &[Row]) {
    let id = |row: &Row| (row.agent, row.number());
    let chosen = state.chosen;
    let chosen = rows.iter().find(|row| chosen == Some(id(row))).cloned();
    let Some(chosen) = chosen else {
        let wish = table(ui, cx, state, rows);
        follow(cx, state, wish);
        return;
    };
    let room = ui.available_size();
    let (mut wish, mut closed) = (None, false);
    if room.x < WIDE {
        ui.scope(|ui| {
            ui.set_max_height(room.y * 0.45);
            wish = table(ui, cx, state, rows);
        });
        ui.add_space(space::S);
        closed = detail::detail(ui, cx, &chosen);
    } else {
        let list = egui::vec2(room.x - DETAIL - space::M, room.y);
        let side = egui::vec2(DETAIL, room.y);
        let down = Layout::top_down(Align::Min);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            ui.allocate_ui_with_layout(list, down, |ui| {
                wish = table(ui, cx, state, rows);
            });
            ui.allocate_ui_with_layout(side, down, |ui| {
                closed = detail::detail(ui, cx, &chosen);
            });
        });
    }
    if closed {
        state.chosen = None;
    }
    follow(cx, state, wish);
}

fn follow(cx: &mut Cx<'_>, state: &mut AlertsState, wish: Option<Wish>) {
    match wish {
        None => {}
        Some(Wish::Choose(row)) => state.chosen = Some((row.agent, row.number())),
        Some(Wish::Open(row)) => detail::open(cx, &row),
    }
}

fn table(ui: &mut Ui, cx: &Cx<'_>, state: &mut AlertsState, rows: &[Row]) -> Option<Wish> {
    let name = |row: usize| {
        let row = &rows[row];
        format!("{} {}", text::clean(&row.label), row.title())
    };
    let chosen = state.chosen;
    let selected = |row: usize| chosen == Some((rows[row].agent, rows[row].number()));
    let out = Table::new("alerts", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            cell(ui, &rows[row], column, cx.now_ms);
        });
    if let Some(row) = out.opened {
        return Some(Wish::Open(rows[row].clone()));
    }
    let row = out.chosen?;
    state.table.reveal = Some(row);
    Some(Wish::Choose(rows[row].clone()))
}

fn cell(ui: &mut Ui, row: &Row, column: usize, now_ms: i64) {
    match column {
        0 => drop(pill(ui, row.state, row.word)),
        1 => drop(ui.bold(text::clean(&row.label))),
        2 => {
            let title = row.title();
            let told = row.alert.as_ref().map(|alert| text::clean(&alert.text));
            let shown = ui.body(title.as_str());
            if let Some(told) = told {
                ui.quiet(told.as_str());
                shown.on_hover_text(told);
            } else {
                shown.on_hover_text(title);
            }
        }
        3 => drop(ui.mono(row.entity())),
        _ => {
            let seen = row.since_ms;
            let seen = seen.map_or("–".to_owned(), |at| text::age(now_ms, at));
            ui.words(Text::Small, ui.tokens().text_3, seen);
        }
    }
}
