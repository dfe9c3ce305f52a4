//! Changes on many agents: planned, made on a few first, followed, taken back.

mod agents;
mod change;
mod detail;
mod how;
mod new;
mod parts;
pub(super) mod values;

use std::num::NonZeroUsize;
use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::bulk::{Ended, State as PartState, Stopped};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::RolloutSnapshot;

use self::detail::Detail;
use self::new::NewRollout;
use super::Wish;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Button, Column, Empty, Table, TableState, Width, Words as _, dot, select};

/// Below this width the list stands above what a rollout does.
const WIDE: f32 = 860.0;
const LIST: f32 = 300.0;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub(super) struct RolloutsState {
    table: TableState,
    chosen: Option<NonZeroUsize>,
    detail: Detail,
    new: Option<NewRollout>,
    /// The number of the newest rollout, 0 for none, before one was planned that is waited for.
    awaited: Option<usize>,
    /// What came of the newest plan.
    planning: Slot<Ended>,
}

impl RolloutsState {
    /// Begins a new one.
    pub(super) fn begin(&mut self, cx: &Cx<'_>, wish: Wish) {
        self.new = Some(NewRollout::new(cx, wish));
    }

    /// Goes to what was planned just now, as soon as it is there.
    fn follow(&mut self, cx: &mut Cx<'_>) {
        if let Some(ended) = self.planning.take()
            && let Some(Stopped::Unkept(reason)) = &ended.value.stopped
        {
            let words = format!("It cannot be written down: {}", text::clean(reason));
            cx.tell(State::Error, words);
        }
        let newest = cx.fleet.rollouts.first().map(|one| one.number);
        if let Some(before) = self.awaited
            && newest.is_some_and(|newest| newest.get() > before)
        {
            self.chosen = newest;
            self.awaited = None;
        }
        let is_there = |number| cx.fleet.rollout(number).is_some();
        if !self.chosen.is_some_and(is_there) {
            self.chosen = newest;
        }
    }
}

/// How a rollout is, as state and word.
fn state_of(one: &RolloutSnapshot) -> (State, &'static str) {
    let counts = one.counts();
    let is = |is: fn(&PartState) -> bool| one.parts.iter().any(|part| is(&part.state));
    match () {
        () if one.running.is_some() => (State::Pending, "Under way"),
        () if is(PartState::is_open) => (State::Warn, "Interrupted"),
        () if counts.failed + counts.unwell + counts.not_undone > 0 => (State::Error, "Failed"),
        () if counts.ready > 0 && counts.done > 0 => (State::Warn, "Stopped"),
        () if counts.ready > 0 => (State::Info, "Planned"),
        () if counts.done > 0 => (State::Ok, "Done"),
        () if counts.undone > 0 => (State::Off, "Taken back"),
        () if counts.refused > 0 => (State::Error, "Refused"),
        () if counts.unplanned > 0 => (State::Off, "Not planned"),
        () => (State::Off, "Nothing to do"),
    }
}

/// Shows the tab.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RolloutsState) {
    state.follow(cx);
    if cx.fleet.rollouts.is_empty() {
        let empty = Empty {
            icon: Icon::Rocket,
            title: "No rollouts yet",
            text: "A rollout makes one change on many agents: planned on each of them, made on a \
                   few first, stopped when something goes wrong, and taken back as a whole",
            action: Some("Change many agents…"),
        };
        if empty.show(ui) {
            state.begin(cx, Wish::default());
        }
    } else {
        body(ui, cx, state);
    }
    let newest = cx.fleet.rollouts.first().map(|one| one.number);
    if let Some(new) = &mut state.new {
        match new.show(ui.ctx(), cx, &state.planning) {
            new::Turned::Open => {}
            new::Turned::Left => state.new = None,
            new::Turned::Planned => {
                state.new = None;
                state.awaited = Some(newest.map_or(0, NonZeroUsize::get));
            }
        }
    }
}

fn body(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RolloutsState) {
    let shown = |ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RolloutsState| {
        let chosen = state.chosen.and_then(|number| cx.fleet.rollout(number));
        if let Some(one) = chosen.map(Arc::clone) {
            state.detail.ui(ui, cx, &one);
        }
    };
    if ui.available_width() < WIDE {
        choice(ui, cx, state);
        ui.add_space(space::S);
        shown(ui, cx, state);
        return;
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::L;
        ui.vertical(|ui| {
            ui.set_width(LIST);
            list(ui, cx, state);
        });
        ui.vertical(|ui| shown(ui, cx, state));
    });
}

/// Where there is no room for the list: one line of it.
fn choice(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RolloutsState) {
    let choices: Vec<(Option<NonZeroUsize>, String)> = cx
        .fleet
        .rollouts
        .iter()
        .map(|one| {
            let (_, word) = state_of(one);
            let title = text::clean(&one.title);
            (
                Some(one.number),
                format!("{} · {title} · {word}", one.number),
            )
        })
        .collect();
    let add = ui.horizontal(|ui| {
        let add = Button::primary("Change many agents…").icon(Icon::Rocket);
        ui.add(add).clicked()
    });
    if add.inner {
        state.begin(cx, Wish::default());
    }
    select(ui, "Rollout", &mut state.chosen, &choices, size::FORM);
}

const COLUMNS: [Column; 2] = [
    Column::text("ROLLOUT", Width::AtLeast(160.0)).fixed(),
    Column::text("WHEN", Width::Exact(48.0)).fixed(),
];

fn list(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RolloutsState) {
    let add = Button::primary("Change many agents…").icon(Icon::Rocket);
    if ui.add(add).clicked() {
        state.begin(cx, Wish::default());
    }
    ui.add_space(space::S);
    let all = Arc::clone(&cx.fleet.rollouts);
    let name = |row: usize| {
        let one = &all[row];
        let (_, word) = state_of(one);
        format!(
            "Rollout {}, {}, {word}",
            one.number,
            text::clean(&one.title)
        )
    };
    let chosen = state.chosen;
    let selected = |row: usize| Some(all[row].number) == chosen;
    let out = Table::new("rollouts", &COLUMNS, all.len(), &name)
        .row_height(size::LABELLED)
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let (one, tokens) = (&all[row], ui.tokens());
            if column == 1 {
                ui.quiet(text::age(cx.now_ms, one.created_ms))
                    .on_hover_text(text::when(one.created_ms));
                return;
            }
            let (state, word) = state_of(one);
            dot(ui, state, word);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add_space(6.0);
                let title = format!("{} · {}", one.number, text::clean(&one.title));
                ui.words(Text::Strong, tokens.text, title);
                let agents = text::plural(one.parts.len(), "agent");
                ui.words(Text::Small, tokens.text_3, format!("{agents} · {word}"));
            });
        });
    if let Some(row) = out.chosen.or(out.opened) {
        state.chosen = Some(all[row].number);
    }
}
