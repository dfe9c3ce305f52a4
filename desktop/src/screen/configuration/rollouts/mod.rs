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
use super::listed::{Line, Listed};
use crate::cx::Cx;
use crate::text;
use crate::theme::State;
use crate::widget::{Button, Empty, TableState};

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
    let all = Arc::clone(&cx.fleet.rollouts);
    let lines: Vec<Line> = all.iter().map(|one| line(one)).collect();
    let at = all.iter().position(|one| Some(one.number) == state.chosen);
    let listed = Listed {
        one: "rollout",
        head: "ROLLOUT",
        lines: &lines,
        chosen: at,
        now_ms: cx.now_ms,
    };
    let mut begin = false;
    let add = |ui: &mut Ui| {
        let add = Button::primary("Change many agents…").icon(Icon::Rocket);
        begin = ui.add(add).clicked();
    };
    let (table, detail) = (&mut state.table, &mut state.detail);
    let taken = listed.show(ui, table, add, |ui| {
        if let Some(one) = at.and_then(|at| all.get(at)) {
            detail.ui(ui, cx, one);
        }
    });
    if let Some(one) = taken.and_then(|at| all.get(at)) {
        state.chosen = Some(one.number);
    }
    if begin {
        state.begin(cx, Wish::default());
    }
}

fn line(one: &RolloutSnapshot) -> Line {
    let (state, word) = state_of(one);
    let title = text::clean(&one.title);
    let agents = text::plural(one.parts.len(), "agent");
    Line {
        name: format!("Rollout {}, {title}, {word}", one.number),
        mark: Some((state, word)),
        title: format!("{} · {title}", one.number),
        detail: format!("{agents} · {word}"),
        at_ms: Some(one.created_ms),
    }
}
