//! The list of all agents.

mod acts;
mod backup;
mod bulk;
mod dashboard;
mod export;
mod list;
mod peek;
mod saved;
mod tiles;
mod view;
mod words;

pub use self::list::Col;
pub use self::saved::SavedView;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Id, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::snapshot::Health;
use underpass_shared::id::AgentId;

use super::fixed_page;
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::digest::{state_of, word_of};
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{size, space};
use crate::widget::{IconButton, Sort, TableState, chip, search, segmented};

/// What the page remembers from frame to frame.
pub struct FleetState {
    /// Letters that agents must contain.
    pub filter: String,
    /// The group the list is narrowed to.
    pub group: Option<Arc<str>>,
    /// How agents must be; all when empty.
    pub health: Option<Health>,
    /// The agents that are ticked.
    pub selected: BTreeSet<AgentId>,
    /// The agent in the panel beside the list.
    pub peek: Option<AgentId>,
    table: TableState,
    /// The agent at the keyboard's place in the list.
    at: Option<AgentId>,
    view: view::View,
    bulk: bulk::Bulk,
    /// Whether figures over time are shown in place of the list.
    dashboard: Option<dashboard::Dashboard>,
    /// The name of the view that is being saved.
    saving: Option<String>,
    focus_filter: bool,
    generation: u64,
}

impl Default for FleetState {
    fn default() -> Self {
        let table = TableState {
            sort: Some(Sort {
                column: 0,
                descending: false,
            }),
            ..TableState::default()
        };
        Self {
            filter: String::new(),
            group: None,
            health: None,
            selected: BTreeSet::new(),
            peek: None,
            table,
            at: None,
            view: view::View::default(),
            bulk: bulk::Bulk::default(),
            dashboard: None,
            saving: None,
            focus_filter: false,
            generation: 0,
        }
    }
}

impl FleetState {
    /// The height of what stands below the list.
    pub fn foot(&self) -> f32 {
        if self.selected.is_empty() {
            0.0
        } else {
            bulk::HEIGHT + space::M
        }
    }

    /// Puts the keyboard into the filter.
    pub const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }

    /// Ticks every agent that is shown.
    pub fn select_all(&mut self, cx: &Cx<'_>) {
        self.view.refresh(
            cx,
            &self.filter,
            self.group.as_ref(),
            self.health,
            self.table.sort,
        );
        self.selected = self
            .view
            .rows()
            .iter()
            .map(|at| cx.fleet.agents[*at].id)
            .collect();
    }

    /// What Esc leaves, one thing at a time; false when there is nothing.
    pub fn escape(&mut self) -> bool {
        if self.peek.take().is_some() {
            return true;
        }
        if !self.selected.is_empty() {
            self.selected.clear();
            return true;
        }
        let narrowed = !self.filter.is_empty() || self.group.is_some() || self.health.is_some();
        self.clear();
        narrowed
    }

    /// Shows all agents.
    fn clear(&mut self) {
        self.filter.clear();
        self.group = None;
        self.health = None;
    }
}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut FleetState) {
    if state.generation != cx.fleet.generation {
        state.generation = cx.fleet.generation;
        if state.peek.is_some() || !state.selected.is_empty() {
            let known: BTreeSet<_> = cx.fleet.agents.iter().map(|agent| agent.id).collect();
            state.peek = state.peek.filter(|id| known.contains(id));
            state.selected.retain(|id| known.contains(id));
        }
    }
    if cx.prefs.peek && state.dashboard.is_none() && has_room(ui) {
        peek::panel(ui, cx, &mut state.peek);
    }
    // Rows that move below an open menu would make it the menu of another agent.
    if !(egui::Popup::is_any_open(ui.ctx()) && state.view.holds(cx)) {
        state.view.refresh(
            cx,
            &state.filter,
            state.group.as_ref(),
            state.health,
            state.table.sort,
        );
    }
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        if ui.available_height() > 420.0 {
            tiles::tiles(ui, cx, &mut state.health);
        }
        bar(ui, cx, state);
        if let Some(dashboard) = &mut state.dashboard {
            let rows = Arc::clone(state.view.rows());
            dashboard.ui(ui, cx, &rows);
            return;
        }
        let bulk = state.foot();
        let room = egui::vec2(ui.available_width(), ui.available_height() - bulk);
        ui.allocate_ui(room, |ui| list::list(ui, cx, state));
        if !state.selected.is_empty() {
            state.bulk.bar(ui, cx, &state.selected);
        }
    });
    state
        .bulk
        .dialogs(ui.ctx(), cx, &mut state.selected, &state.view);
    let mut saving = state.saving.take();
    saved::dialog(ui.ctx(), cx, state, &mut saving);
    state.saving = saving;
}

/// Filter, chips and the choice of density.
fn bar(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut FleetState) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S - 2.0;
        let id = Id::unique("fleet filter");
        let width = if ui.available_width() > 900.0 {
            230.0
        } else {
            180.0
        };
        search(ui, id, &mut state.filter, "Filter agents", width);
        if std::mem::take(&mut state.focus_filter) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        ui.add_space(space::XXS);
        if chip(
            ui,
            state.health.is_none(),
            None,
            "All",
            cx.fleet.agents.len(),
        )
        .clicked()
        {
            state.health = None;
        }
        for health in [
            Health::Online,
            Health::Degraded,
            Health::Offline,
            Health::Applying,
        ] {
            let count = cx.digest.count(health);
            let on = state.health == Some(health);
            let room = ui.available_width() > 385.0;
            if (count > 0 || on)
                && room
                && chip(ui, on, Some(state_of(health)), word_of(health), count).clicked()
            {
                state.health = if on { None } else { Some(health) };
            }
        }
        if let Some(group) = &state.group {
            let word = format!("{} ×", text::clean(group));
            let count = state.view.rows().len();
            if ui.available_width() > 385.0 && chip(ui, true, None, &word, count).clicked() {
                state.group = None;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            right(ui, cx, state)
        });
    });
}

/// How the list is shown, and what is done with all of it.
fn right(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut FleetState) {
    let mut shows_time = state.dashboard.is_some();
    let views = [(false, "List"), (true, "Dashboard")];
    if segmented(ui, "View", &mut shows_time, &views) {
        state.dashboard = shows_time.then(dashboard::Dashboard::default);
        state.selected.clear();
    }
    if state.dashboard.is_some() {
        return;
    }
    let name = if cx.prefs.peek {
        "Hide the side panel"
    } else {
        "Show the side panel"
    };
    let peek = IconButton::new(Icon::PanelRight, name)
        .selected(cx.prefs.peek && has_room(ui))
        .enabled_if(has_room(ui), "A wider window has room for the side panel");
    if ui.add(peek).clicked() {
        cx.run(UiCommand::Peek);
    }
    let (icon, name) = if cx.prefs.compact {
        (Icon::Rows2, "Comfortable rows")
    } else {
        (Icon::Rows4, "Compact rows")
    };
    if ui.add(IconButton::new(icon, name)).clicked() {
        cx.run(UiCommand::Density);
    }
    if ui
        .add(IconButton::new(Icon::Download, "Export the list…"))
        .clicked()
    {
        state.bulk.export = Some(export::Export::default());
    }
    let mut saving = state.saving.take();
    saved::button(ui, cx, state, &mut saving);
    state.saving = saving;
}

/// Whether the panel has room beside the list.
fn has_room(ui: &Ui) -> bool {
    ui.content_rect().width() >= size::NARROW
}

/// Goes to an agent's page.
pub(super) fn open(cx: &mut Cx<'_>, id: AgentId) {
    cx.go(Route::Agent {
        id,
        tab: AgentTab::Overview,
    });
}
