//! Who did what, on all agents.

mod feed;
mod list;

use std::sync::Arc;

use egui::{Align, Id, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::audit::Filter;
use underpass_shared::id::AgentId;

use self::feed::Feeds;
use super::agent::audit::detail;
use super::agent::audit::filter::FilterBar;
use super::fixed_page;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Button, Empty, TableState, Words as _, dot, flow, menu, menu_item, menu_rule, search, skeleton,
};

/// Below this width a record stands below the list.
const WIDE: f32 = 900.0;
/// Agents that are named in the list of those that gave nothing; nobody reads more.
const NAMED: usize = 100;

/// What the page remembers from frame to frame.
#[derive(Default)]
pub struct AuditState {
    bar: FilterBar,
    /// Words that labels or groups of agents must have.
    agents: String,
    feeds: Feeds,
    /// What the records are found by.
    applied: Option<Filter>,
    /// Of which snapshot, and by which words, the agents were chosen.
    looked: Option<(u64, String)>,
    table: TableState,
    chosen: Option<(AgentId, u64)>,
}

impl AuditState {
    /// Puts the keyboard into the filter.
    pub const fn focus_filter(&mut self) {
        self.bar.focus_filter();
    }

    /// Fetches the newest records.
    pub fn refresh(&mut self) {
        self.applied = None;
        self.bar.settle();
    }

    fn clear(&mut self) {
        self.bar.clear();
        self.agents.clear();
    }

    /// Asks for what is looked for, where that is something else than before.
    fn follow(&mut self, cx: &mut Cx<'_>, filter: Filter) {
        if self.applied.as_ref() != Some(&filter) {
            self.feeds.begin(filter.clone());
            self.applied = Some(filter);
            self.looked = None;
            self.table = TableState::default();
            self.chosen = None;
        }
        let now = (cx.fleet.generation, self.agents.trim().to_lowercase());
        if self.looked.as_ref() != Some(&now) {
            let words = &now.1;
            let wanted = |agent: &&Arc<AgentSnapshot>| is_of(agent, words);
            self.feeds
                .look_at(cx.fleet.agents.iter().filter(wanted).map(|agent| &**agent));
            self.looked = Some(now);
        }
        self.feeds.follow(cx);
    }
}

/// Whether each of these words is in the label, the group or a tag of an agent.
fn is_of(agent: &AgentSnapshot, words: &str) -> bool {
    words.split_whitespace().all(|word| {
        let has = |text: &str| text.to_lowercase().contains(word);
        has(&agent.label)
            || agent.group.as_deref().is_some_and(has)
            || agent.tags.iter().any(|tag| has(tag))
    })
}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    fixed_page(ui, |ui| {
        flow(ui, |flow| {
            flow.cell(190.0, |ui| {
                ui.words(Text::Caption, ui.tokens().text_2, "Agents");
                let id = Id::unique("filter-audit-agents");
                search(ui, id, &mut state.agents, "Name, group or tag", 190.0);
            });
            state.bar.ui(flow, None);
        });
        let Some(filter) = state.bar.filter(ui, cx.now_ms) else {
            return;
        };
        state.follow(cx, filter);
        strip(ui, cx, state);
        ui.add_space(space::S);
        if state.feeds.rows().is_empty() {
            nothing(ui, state);
            return;
        }
        body(ui, cx, state);
    });
}

/// How much there is, and of whom nothing could be had.
fn strip(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    let (counts, tokens) = (state.feeds.counts(), ui.tokens());
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let newest = Button::secondary("Newest")
                .icon(Icon::RefreshCw)
                .tooltip("Fetch the newest records");
            if ui.add(newest).clicked() {
                state.refresh();
            }
            if counts.missing > 0 {
                let words = format!("{} without records", text::plural(counts.missing, "agent"));
                let button = ui.add(Button::ghost(&words).icon(Icon::TriangleAlert));
                missing(cx, state, &button);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let records = text::plural(state.feeds.rows().len(), "record");
                let read = counts.agents - counts.missing;
                let more = if state.feeds.is_full() {
                    "; narrow the filter to see older ones"
                } else {
                    ""
                };
                ui.quiet(format!(
                    "{records} of {}{more}",
                    text::plural(read, "agent")
                ));
                if counts.asked > 0 {
                    ui.add_space(space::S);
                    let words = format!("{} being read", text::plural(counts.asked, "agent"));
                    dot(ui, State::Pending, &words);
                    ui.words(Text::Small, tokens.text_2, words);
                }
            });
        });
    });
}

/// The list of agents whose records are missing.
fn missing(cx: &mut Cx<'_>, state: &mut AuditState, button: &egui::Response) {
    menu(button, |ui| {
        ui.set_width(size::PEEK);
        ScrollArea::vertical()
            .max_height(size::LIST)
            .show(ui, |ui| {
                for (id, label, reason) in state.feeds.missing().take(NAMED) {
                    let words = format!("{}: {reason}", text::clean(label));
                    if menu_item(ui, Some(Icon::CloudOff), &words, "").clicked() {
                        cx.go(Route::Agent {
                            id,
                            tab: AgentTab::Overview,
                        });
                    }
                }
            });
        menu_rule(ui);
        if menu_item(ui, Some(Icon::RefreshCw), "Ask them again", "").clicked() {
            state.feeds.retry();
        }
    });
}

/// Without records: they come, or there are none.
fn nothing(ui: &mut Ui, state: &mut AuditState) {
    let counts = state.feeds.counts();
    if counts.asked > 0 {
        skeleton(ui, 8);
        return;
    }
    let filtered = state.bar.is_set() || !state.agents.trim().is_empty();
    let (title, text) = match (filtered, counts.agents) {
        (true, 0) => (
            "No agent matches",
            "Names, groups and tags of agents are looked at",
        ),
        (true, _) => (
            "No record matches",
            "Choose a longer time, or type fewer letters",
        ),
        (false, _) if counts.missing > 0 => (
            "No records can be read",
            "None of the agents answers; the button above tells why",
        ),
        (false, _) => (
            "No records",
            "Each change and each refused request is recorded",
        ),
    };
    let empty = Empty {
        icon: Icon::ScrollText,
        title,
        text,
        action: filtered.then_some("Clear the filter"),
    };
    if empty.show(ui) {
        state.clear();
    }
}

/// The list, and the chosen record beside or below it.
fn body(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    let chosen = state.chosen.and_then(|(agent, number)| {
        let is = |row: &&feed::Row| row.agent == agent && row.record.sequence == number;
        state.feeds.rows().iter().find(is).cloned()
    });
    let (room, height) = (ui.available_width(), ui.available_height());
    let Some(row) = chosen else {
        list::ui(ui, cx, state);
        return;
    };
    let mut close = false;
    if room < WIDE {
        ui.scope(|ui| {
            ui.set_max_height(height * 0.5);
            list::ui(ui, cx, state);
        });
        ui.add_space(space::M);
        close = one(ui, cx, &row);
    } else {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            ui.vertical(|ui| {
                ui.set_width(room * 0.6);
                list::ui(ui, cx, state);
            });
            ui.vertical(|ui| close = one(ui, cx, &row));
        });
    }
    if close {
        state.chosen = None;
    }
}

/// One record with its agent; true when it shall go.
fn one(ui: &mut Ui, cx: &mut Cx<'_>, row: &feed::Row) -> bool {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(Button::secondary("Open its audit log").icon(Icon::ArrowRight))
                .clicked()
            {
                cx.go(Route::Agent {
                    id: row.agent,
                    tab: AgentTab::Audit,
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.icon(Icon::Server, size::ICON, ui.tokens().text_3);
                ui.bold(text::clean(&row.label));
            });
        });
    });
    ui.add_space(space::XS);
    detail::ui(ui, &mut cx.of(row.agent), &row.record)
}
