//! An agent's configuration over time: what changed when, and the ways back.

mod detail;
mod review;

use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{DocumentTarget, Query, Target};
use underpass_shared::config::Revision;

use self::detail::Detail;
use self::review::Review;
use super::common::{Newer, loaded};
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{Button, Column, Empty, Table, TableState, Width, Words as _, search};

/// Revisions that are fetched at once.
const PAGE_LEN: usize = 200;
/// Most that are fetched; older ones are found by exports of the audit log.
const LEN_MAX: usize = 1_000;
/// The room of the button beside the filter.
const OLDER: f32 = 88.0;
/// Below this width the list stands above what a revision changed.
const WIDE: f32 = 860.0;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct RevisionsState {
    list: Slot<Vec<Revision>>,
    wanted: usize,
    filter: String,
    table: TableState,
    chosen: Option<u64>,
    detail: Detail,
    review: Option<Review>,
    newer: Newer,
    focus_filter: bool,
}

impl RevisionsState {
    /// Sends the keyboard to the filter.
    pub const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }
}

const COLUMNS: [Column; 4] = [
    Column::number("NO.", 32.0).fixed(),
    Column::text("WHEN", Width::Exact(48.0)).fixed(),
    Column::text("WHO", Width::Exact(84.0)).fixed(),
    Column::text("WHAT", Width::AtLeast(180.0)).fixed(),
];

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RevisionsState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    if state.newer.came(&agent) {
        state.list.refresh();
    }
    let query = Query {
        limit: Some(state.wanted.clamp(PAGE_LEN, LEN_MAX)),
        ..Query::default()
    };
    state.list.request(
        cx.commands,
        agent.id,
        &Target::Document(DocumentTarget::Revisions),
        &query,
    );
    fixed_page(ui, |ui| {
        let Some(all) = loaded(ui, cx.now_ms, &state.list) else {
            return;
        };
        if all.is_empty() {
            Empty {
                icon: Icon::History,
                title: "No revisions",
                text: "Each change of the configuration makes one, and can be taken back",
                action: None,
            }
            .show(ui);
            return;
        }
        if state
            .chosen
            .is_none_or(|number| all.iter().all(|one| one.number != number))
        {
            state.chosen = all.first().map(|one| one.number);
        }
        let (room, height) = (ui.available_width(), ui.available_height());
        if room < WIDE {
            ui.scope(|ui| {
                ui.set_max_height(height * 0.45);
                list(ui, cx, state, &all);
            });
            ui.add_space(space::M);
            state
                .detail
                .ui(ui, cx, &all, state.chosen, &mut state.review);
        } else {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::L;
                ui.vertical(|ui| {
                    ui.set_width((room * 0.5).min(600.0));
                    list(ui, cx, state, &all);
                });
                ui.vertical(|ui| {
                    state
                        .detail
                        .ui(ui, cx, &all, state.chosen, &mut state.review)
                });
            });
        }
    });
    if let Some(review) = &mut state.review
        && review.show(ui, cx)
    {
        state.review = None;
    }
}

fn list(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RevisionsState, all: &[Revision]) {
    let id = egui::Id::unique("filter-revisions");
    let full = all.len() >= state.wanted.clamp(PAGE_LEN, LEN_MAX) && state.wanted < LEN_MAX;
    ui.horizontal_top(|ui| {
        let more = if full { OLDER + space::S } else { 0.0 };
        let width = ui.available_width() - more;
        search(ui, id, &mut state.filter, "Filter revisions", width);
        if std::mem::take(&mut state.focus_filter) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        if full
            && ui
                .add(Button::secondary("Older").icon(Icon::ChevronDown))
                .clicked()
        {
            state.wanted = (all.len() + PAGE_LEN).min(LEN_MAX);
        }
    });
    ui.add_space(space::S);
    let words = state.filter.trim().to_lowercase();
    // Before the first revision there is nothing to go back to.
    let rows: Vec<&Revision> = all
        .iter()
        .filter(|one| one.number > 0 && shows(one, &words))
        .collect();
    if rows.is_empty() {
        Empty {
            icon: Icon::SearchX,
            title: "No revision matches",
            text: "Type fewer letters to see more",
            action: None,
        }
        .show(ui);
        return;
    }
    let name = |row: usize| {
        format!(
            "Revision {}, {}",
            rows[row].number,
            text::clean(&rows[row].reason)
        )
    };
    let chosen = state.chosen;
    let selected = |row: usize| Some(rows[row].number) == chosen;
    let out = Table::new("revisions", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height().max(size::ROW_COMPACT))
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let (one, tokens) = (rows[row], ui.tokens());
            match column {
                0 => drop(ui.words(Text::Mono, tokens.text_2, one.number.to_string())),
                1 => drop(
                    ui.quiet(text::age(cx.now_ms, one.time_ms))
                        .on_hover_text(ui.times().both(one.time_ms)),
                ),
                2 => drop(ui.words(Text::Small, tokens.text_2, text::who(&one.author))),
                _ => {
                    let reason = text::sentence(&one.reason);
                    ui.body(reason.as_str()).on_hover_text(reason);
                }
            }
        });
    if let Some(row) = out.chosen.or(out.opened) {
        state.chosen = Some(rows[row].number);
    }
}

/// Whether a revision has all the words.
fn shows(one: &Revision, words: &str) -> bool {
    words.split_whitespace().all(|word| {
        one.reason.to_lowercase().contains(word)
            || one.author.to_lowercase().contains(word)
            || one.number.to_string() == word
    })
}
