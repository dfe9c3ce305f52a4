//! Agents that move to other hosts, and imports from SAP Cloud Connector.

mod ask;
mod detail;
mod import;
mod migrate;
mod report;
mod tried;
mod words;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::migrate::plan::{MigrationId, Plan};
use underpass_fleet::snapshot::{FleetSnapshot, MoveSnapshot};
use underpass_shared::id::AgentId;

use self::detail::Detail;
use self::import::Import;
use self::migrate::Migrate;
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Button, Column, Empty, Table, TableState, Width, Words as _, card, chip, pill,
};

/// Below this width the list stands above what is chosen.
const WIDE: f32 = 860.0;

/// Which migrations the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    #[default]
    All,
    Running,
    Waiting,
    Over,
}

/// What the page remembers from frame to frame.
#[derive(Default)]
pub struct MovesState {
    shown: Shown,
    table: TableState,
    chosen: Option<MigrationId>,
    detail: Detail,
    migrate: Option<Migrate>,
    import: Option<Import>,
}

impl MovesState {
    /// Begins a migration; of an agent and to others, where they are known already.
    pub fn migrate(&mut self, source: Option<AgentId>, targets: &[AgentId]) {
        self.import = None;
        self.migrate = Some(Migrate::new(source, targets));
    }

    /// Begins an import, or goes on with the one that is open.
    pub fn import(&mut self) {
        self.migrate = None;
        self.import.get_or_insert_default();
    }
}

const COLUMNS: [Column; 4] = [
    Column::text("STATE", Width::Exact(104.0)).fixed(),
    Column::text("FROM → TO", Width::AtLeast(224.0)).fixed(),
    Column::text("KIND", Width::Exact(52.0)).fixed().spare(1),
    Column::text("WHEN", Width::Exact(48.0)).fixed().spare(2),
];

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut MovesState) {
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        bar(ui, cx, state);
        let moves = std::sync::Arc::clone(&cx.fleet.moves);
        if moves.is_empty() {
            nothing(ui, cx);
            return;
        }
        let known = |id: &MigrationId| moves.iter().any(|one| one.id == *id);
        state.chosen = state.chosen.filter(known);
        if state.chosen.is_none() {
            state.chosen = moves.first().map(|one| one.id);
        }
        let (room, height) = (ui.available_width(), ui.available_height());
        if room < WIDE {
            ui.scope(|ui| {
                ui.set_max_height(height * 0.4);
                list(ui, cx, state, &moves);
            });
            detail(ui, cx, state);
            return;
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            ui.vertical(|ui| {
                ui.set_width((room * 0.5).min(600.0));
                list(ui, cx, state, &moves);
            });
            ui.vertical(|ui| detail(ui, cx, state));
        });
    });
    let ctx = ui.ctx().clone();
    if let Some(migrate) = &mut state.migrate
        && let Some(way) = migrate.show(&ctx, cx)
    {
        if let migrate::Way::Begun(id) = way {
            state.chosen = Some(id);
            state.shown = Shown::All;
        }
        state.migrate = None;
    }
    if let Some(import) = &mut state.import
        && import.show(&ctx, cx)
    {
        state.import = None;
    }
}

fn detail(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut MovesState) {
    let chosen = state.chosen.and_then(|id| cx.fleet.migration(id)).cloned();
    if let Some(one) = chosen {
        state.detail.ui(ui, cx, &one);
    }
}

/// Chips that narrow the list, and what can be begun.
fn bar(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut MovesState) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.set_min_height(size::CONTROL);
        let count = |shown| {
            cx.fleet
                .moves
                .iter()
                .filter(|one| is_shown(one, shown))
                .count()
        };
        let chips = [
            (Shown::All, None, "All"),
            (Shown::Running, Some(State::Pending), "Running"),
            (Shown::Waiting, Some(State::Warn), "To decide"),
            (Shown::Over, Some(State::Ok), "Over"),
        ];
        for (shown, mark, word) in chips {
            let (on, count) = (state.shown == shown, count(shown));
            let wanted = shown == Shown::All || count > 0 || on;
            let room = ui.available_width() > 470.0;
            if wanted && room && chip(ui, on, mark, word, count).clicked() {
                state.shown = if on { Shown::All } else { shown };
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let migrate = Button::primary("Migrate an agent…").icon(Icon::ArrowRightLeft);
            if ui.add(migrate).clicked() {
                cx.run(UiCommand::MigrateAgent);
            }
            let import = Button::secondary("Import from SAP Cloud Connector…").icon(Icon::Import);
            if ui.add(import).clicked() {
                cx.run(UiCommand::ImportScc);
            }
        });
    });
}

fn is_shown(one: &MoveSnapshot, shown: Shown) -> bool {
    match shown {
        Shown::All => true,
        Shown::Running => one.job.is_some(),
        Shown::Waiting => one.waits() || one.migration.is_err(),
        Shown::Over => one.job.is_none() && one.migration.is_ok() && !one.waits(),
    }
}

/// What one would find here.
fn nothing(ui: &mut Ui, cx: &mut Cx<'_>) {
    let enough = cx.fleet.agents.len() > 1;
    let empty = Empty {
        icon: Icon::ArrowRightLeft,
        title: "Nothing was moved yet",
        text: "An agent moves to another host while applications go on calling: no request is lost, no enrolment token is needed, and each step can be taken back",
        action: enough.then_some("Migrate an agent"),
    };
    if empty.show(ui) {
        cx.run(UiCommand::MigrateAgent);
    }
}

fn list(ui: &mut Ui, cx: &Cx<'_>, state: &mut MovesState, moves: &[MoveSnapshot]) {
    let rows: Vec<&MoveSnapshot> = moves
        .iter()
        .filter(|one| is_shown(one, state.shown))
        .collect();
    if rows.is_empty() {
        card(ui, |ui| ui.quiet("No migration is in this state"));
        return;
    }
    let route = |one: &MoveSnapshot, to: fn(&FleetSnapshot, &Plan) -> String| {
        let route = |plan| format!("{} → {}", words::source(cx.fleet, plan), to(cx.fleet, plan));
        match &one.migration {
            Ok(migration) => route(&migration.plan),
            Err(reason) => text::sentence(reason),
        }
    };
    let name = |row: usize| {
        let (one, word) = (rows[row], words::stand(rows[row]).1);
        format!("{}, {word}", route(one, words::targets))
    };
    let chosen = state.chosen;
    let selected = |row: usize| Some(rows[row].id) == chosen;
    let out = Table::new("moves", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height().max(size::ROW_COMPACT))
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let (one, tokens) = (rows[row], ui.tokens());
            let plan = one.migration.as_ref().ok().map(|known| &known.plan);
            match column {
                0 => {
                    let (mark, word) = words::stand(one);
                    pill(ui, mark, word);
                }
                1 => {
                    ui.body(route(one, words::targets_in_brief))
                        .on_hover_text(route(one, words::targets));
                }
                2 => {
                    let kind = plan.map_or("", |plan| words::mode(plan));
                    ui.words(Text::Small, tokens.text_2, kind);
                }
                _ => {
                    if let Some(plan) = plan {
                        ui.quiet(text::age(cx.now_ms, plan.created_ms))
                            .on_hover_text(ui.times().both(plan.created_ms));
                    }
                }
            }
        });
    if let Some(row) = out.chosen.or(out.opened) {
        state.chosen = Some(rows[row].id);
    }
}
