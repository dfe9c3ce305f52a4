//! The plots of a section, side by side where there is room.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;

use super::beside::Beside;
use super::{MonitoringState, is_behind};
use crate::cx::Cx;
use crate::measured::{Spec, Window};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Banner, Empty, Plot, skeleton};

/// Below this width plots stand below each other.
const WIDE: f32 = 700.0;
/// What a card has beside its picture.
const CARD: f32 = 110.0;

/// What is shown.
pub(super) struct Shown<'a> {
    pub(super) agent: &'a AgentSnapshot,
    pub(super) specs: &'a [Spec],
    /// What it is compared with.
    pub(super) beside: Option<&'a Beside>,
    pub(super) window: Window,
}

/// Shows the plots.
pub(super) fn grid(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut MonitoringState, shown: &Shown<'_>) {
    let Shown { agent, window, .. } = *shown;
    for spec in shown.specs {
        spec.want(cx, &mut state.reads, agent.id, window);
    }
    for (spec, beside) in shown
        .beside
        .iter()
        .flat_map(|one| one.specs().iter().map(move |spec| (spec, one)))
    {
        spec.want(cx, &mut state.reads, beside.agent.id, window);
    }
    if is_behind(state, window) {
        absent(ui, state);
        return;
    }
    if let Some(reason) = state.reads.problem() {
        let reason = text::sentence(&reason);
        let old = Banner::new(State::Warn, "New figures cannot be fetched").detail(&reason);
        if old.action("Retry").show(ui) {
            state.refresh();
        }
        ui.add_space(space::S);
    }
    let room = ui.available_width();
    let columns = if room >= WIDE { 2 } else { 1 };
    let width = (room - space::M * (columns as f32 - 1.0)) / columns as f32;
    // Two rows are seen at once.
    let height = ((ui.clip_rect().height() - space::M) / 2.0 - CARD).clamp(110.0, 230.0);
    for row in shown.specs.chunks(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            for spec in row {
                ui.scope(|ui| {
                    ui.set_width(width);
                    ui.vertical(|ui| one(ui, cx, state, shown, spec, height));
                });
            }
        });
        ui.add_space(space::M - space::S);
    }
}

fn one(
    ui: &mut Ui,
    cx: &Cx<'_>,
    state: &mut MonitoringState,
    shown: &Shown<'_>,
    spec: &Spec,
    height: f32,
) {
    let Shown { agent, window, .. } = *shown;
    let lines: Vec<&str> = spec.lines.iter().map(|line| line.name).collect();
    let place = state.compared.get(spec.title).copied();
    let place = place.unwrap_or_else(|| spec.foremost());
    let (tracks, title) = match shown.beside {
        Some(beside) => {
            let other = beside.spec(spec.title);
            let tracks = [
                spec.track(&mut state.reads, (agent.id, &agent.label), place, false),
                other.and_then(|spec| {
                    let other = (beside.agent.id, &*beside.agent.label);
                    spec.track(&mut state.reads, other, place, true)
                }),
            ];
            let title = match lines.get(place) {
                Some(line) if lines.len() > 1 => format!("{}: {line}", spec.title),
                Some(_) | None => spec.title.to_owned(),
            };
            (tracks.into_iter().flatten().collect(), title)
        }
        None => (
            spec.tracks(&mut state.reads, agent.id),
            spec.title.to_owned(),
        ),
    };
    let step = spec.step(&state.reads, agent.id, window);
    let marks = if state.hides_marks {
        vec![]
    } else {
        state.happened.marks(spec, window, cx.now_ms)
    };
    let choice = (shown.beside.is_some() && lines.len() > 1).then_some((&lines[..], place));
    let out = Plot::new(spec.title, spec.unit, &tracks, step)
        .choice(choice)
        .thresholds(&spec.thresholds)
        .marks(&marks)
        .height(height)
        .at_least(spec.at_least)
        .show(ui, &mut state.group);
    if let Some(place) = out.line {
        state.compared.insert(spec.title, place);
    }
    state
        .exports
        .take(ui.ctx(), &out, &title, spec.unit, &tracks);
}

/// In the place of plots of which nothing is known yet.
fn absent(ui: &mut Ui, state: &mut MonitoringState) {
    let Some(reason) = state.reads.problem() else {
        skeleton(ui, 8);
        return;
    };
    let reason = text::sentence(&reason);
    let empty = Empty {
        icon: Icon::CloudOff,
        title: "The figures cannot be fetched",
        text: &reason,
        action: Some("Retry"),
    };
    if empty.show(ui) {
        state.refresh();
    }
}
