//! Who did what on an agent.

pub(in crate::screen) mod detail;
mod export;
pub(in crate::screen) mod filter;
mod verify;

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{AuditPage, AuditSearch, AuditTarget, Query, Target};
use underpass_shared::audit::{Filter, Outcome, Record};

use self::export::Export;
use self::filter::FilterBar;
use self::verify::Verify;
use super::common::{escaped, loaded};
use crate::changes::words;
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Button, Column, Empty, IconButton, Table, TableState, Width, Words as _, flow, pill, skeleton,
};

/// Records that are fetched at once.
const PAGE_LEN: usize = 200;
/// Most records in memory; who needs more exports them.
const LEN_MAX: usize = 10_000;
/// From here to the end of the list the next records are fetched.
const AHEAD: usize = 40;
/// Below this width a record stands below the list.
const WIDE: f32 = 860.0;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct AuditState {
    bar: FilterBar,
    /// What the records are found by.
    applied: Option<Filter>,
    page: Slot<AuditPage>,
    records: Vec<Record>,
    cursor: Option<String>,
    is_whole: bool,
    wants_more: bool,
    table: TableState,
    chosen: Option<u64>,
    verify: Verify,
    export: Option<Export>,
}

const COLUMNS: [Column; 5] = [
    Column::text("WHEN", Width::Exact(150.0)).fixed(),
    Column::text("OUTCOME", Width::Exact(92.0)).fixed(),
    Column::text("TYPE", Width::Exact(150.0)).fixed().spare(2),
    Column::text("WHO", Width::Exact(120.0)).fixed().spare(1),
    Column::text("WHAT", Width::AtLeast(220.0)).fixed(),
];

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    if state.chosen.is_some() && !cx.held && escaped(ui) {
        state.chosen = None;
    }
    fixed_page(ui, |ui| {
        let document = agent.configuration.value().map(|found| &found.document);
        flow(ui, |flow| state.bar.ui(flow, document.map(|one| &**one)));
        actions(ui, cx, state);
        state.verify.ui(ui, cx);
        ui.add_space(space::S);
        let Some(filter) = state.bar.filter(ui, cx.now_ms) else {
            return;
        };
        if state.applied.as_ref() != Some(&filter) {
            state.begin(filter);
        }
        state.fetch(cx);
        if state.records.is_empty() {
            nothing(ui, cx, state);
            return;
        }
        let chosen = state
            .chosen
            .and_then(|number| state.records.iter().find(|one| one.sequence == number))
            .cloned();
        let (room, height) = (ui.available_width(), ui.available_height());
        match chosen {
            None => list(ui, cx, state),
            Some(record) if room < WIDE => {
                ui.scope(|ui| {
                    ui.set_max_height(height * 0.5);
                    list(ui, cx, state);
                });
                ui.add_space(space::M);
                if detail::ui(ui, cx, &record) {
                    state.chosen = None;
                }
            }
            Some(record) => {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = space::L;
                    ui.vertical(|ui| {
                        ui.set_width(room * 0.56);
                        list(ui, cx, state);
                    });
                    ui.vertical(|ui| {
                        if detail::ui(ui, cx, &record) {
                            state.chosen = None;
                        }
                    });
                });
            }
        }
    });
    if let Some(export) = &mut state.export
        && export.show(ui, cx)
    {
        state.export = None;
    }
}

impl AuditState {
    /// Sends the keyboard to the filter.
    pub const fn focus_filter(&mut self) {
        self.bar.focus_filter();
    }

    /// Looks for something else.
    fn begin(&mut self, filter: Filter) {
        self.applied = Some(filter);
        self.page.clear();
        self.records.clear();
        self.cursor = None;
        self.is_whole = false;
        self.wants_more = true;
        self.table = TableState::default();
        self.chosen = None;
    }

    /// Asks for the next records, and takes those that came.
    fn fetch(&mut self, cx: &mut Cx<'_>) {
        let (Some(agent), Some(filter)) = (cx.agent, &self.applied) else {
            return;
        };
        if let Some(stamped) = self.page.take() {
            let AuditPage { records, cursor } = (*stamped.value).clone();
            // A search looks at a part of the log at a time, and may have found nothing there.
            self.wants_more = records.is_empty();
            self.records.extend(records);
            self.is_whole = cursor.is_none() || self.records.len() >= LEN_MAX;
            self.cursor = cursor;
        }
        if self.wants_more && !self.is_whole {
            let query = Query {
                limit: Some(PAGE_LEN),
                audit: AuditSearch {
                    filter: filter.clone(),
                    cursor: self.cursor.clone(),
                    anchor: None,
                },
                ..Query::default()
            };
            self.page.request(
                cx.commands,
                agent.id,
                &Target::Audit(AuditTarget::Records),
                &query,
            );
        }
    }
}

fn actions(ui: &mut Ui, cx: &Cx<'_>, state: &mut AuditState) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(Button::secondary("Verify…").icon(Icon::ShieldCheck))
                .clicked()
            {
                state.verify.open();
            }
            if ui
                .add(Button::secondary("Export…").icon(Icon::Download))
                .clicked()
            {
                let label = cx
                    .agent
                    .map(|agent| agent.label.to_string())
                    .unwrap_or_default();
                state.export = Some(Export::new(
                    &label,
                    state.applied.clone().unwrap_or_default(),
                ));
            }
            if ui
                .add(
                    Button::secondary("Newest")
                        .icon(Icon::RefreshCw)
                        .tooltip("Fetch the newest records"),
                )
                .clicked()
            {
                state.applied = None;
                state.bar.settle();
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let count = text::plural(state.records.len(), "record");
                let more = if state.is_whole {
                    ""
                } else {
                    ", more further down"
                };
                if state.records.is_empty() {
                    return;
                }
                if let Remote::Unavailable { reason, .. } = &*state.page.get() {
                    ui.quiet(format!("{count}, and no more now: {}", text::clean(reason)));
                    let again = IconButton::new(Icon::RefreshCw, "Fetch further records again");
                    if ui.add(again).clicked() {
                        state.page.refresh();
                    }
                } else {
                    ui.quiet(format!("{count}{more}"));
                }
            });
        });
    });
}

/// Without records: they come, cannot be fetched, or there are none.
fn nothing(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    if matches!(*state.page.get(), Remote::Unavailable { .. }) {
        drop(loaded(ui, cx.now_ms, &state.page));
        return;
    }
    if !state.is_whole {
        skeleton(ui, 8);
        return;
    }
    let filtered = state.bar.is_set();
    let empty = Empty {
        icon: Icon::ScrollText,
        title: if filtered {
            "No record matches"
        } else {
            "No records"
        },
        text: if filtered {
            "Choose a longer time, or type fewer letters"
        } else {
            "Each change and each refused request is recorded"
        },
        action: filtered.then_some("Clear the filter"),
    };
    if empty.show(ui) {
        state.bar.clear();
    }
}

fn list(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    let records = &state.records;
    let name = |row: usize| {
        format!(
            "Record {}, {}",
            records[row].sequence,
            text::clean(&records[row].message)
        )
    };
    let chosen = state.chosen;
    let selected = |row: usize| Some(records[row].sequence) == chosen;
    let out = Table::new("audit", &COLUMNS, records.len(), &name)
        .row_height(cx.prefs.row_height())
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let (one, tokens) = (&records[row], ui.tokens());
            match column {
                0 => {
                    let times = ui.times();
                    ui.words(Text::Mono, tokens.text_2, times.plain(one.time_ms))
                        .on_hover_text(times.both(one.time_ms));
                }
                1 => drop(pill(ui, state_of(one.outcome), word_of(one.outcome))),
                2 => drop(ui.words(
                    Text::Small,
                    tokens.text_2,
                    words(&format!("{:?}", one.category)),
                )),
                3 => drop(ui.words(Text::Small, tokens.text_2, text::who(&one.actor.name))),
                _ => drop(ui.body(summary(one)).on_hover_text(summary(one))),
            }
        });
    if out.seen.end + AHEAD >= records.len() {
        state.wants_more = true;
    }
    if let Some(row) = out.chosen.or(out.opened) {
        state.chosen = Some(records[row].sequence);
    }
}

pub(in crate::screen) fn summary(record: &Record) -> String {
    match &record.request {
        Some(request) => {
            let message = text::clean(&record.message);
            text::clean(&format!(
                "{} {}:{}{}: {message}",
                request.method, request.host, request.port, request.path
            ))
        }
        None => text::sentence(&record.message),
    }
}

pub(in crate::screen) const fn state_of(outcome: Outcome) -> State {
    match outcome {
        Outcome::Done => State::Ok,
        Outcome::Refused => State::Error,
        Outcome::Intent => State::Pending,
        Outcome::Unchanged => State::Info,
        Outcome::Unknown => State::Off,
    }
}

pub(in crate::screen) const fn word_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "Done",
        Outcome::Refused => "Refused",
        Outcome::Intent => "Begun",
        Outcome::Unchanged => "Unchanged",
        Outcome::Unknown => "Unknown",
    }
}
