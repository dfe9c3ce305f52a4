//! The plots of a section, side by side where there is room.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;

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

/// Shows the plots.
pub(super) fn grid(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut MonitoringState,
    agent: &AgentSnapshot,
    window: Window,
    specs: &[Spec],
) {
    let other = state.other.filter(|_| state.section.compares());
    for spec in specs {
        spec.want(cx, &mut state.reads, agent.id, window);
        if let Some(other) = other {
            spec.want(cx, &mut state.reads, other, window);
        }
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
    for row in specs.chunks(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            for spec in row {
                ui.scope(|ui| {
                    ui.set_width(width);
                    ui.vertical(|ui| one(ui, cx, state, agent, window, spec, height));
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
    agent: &AgentSnapshot,
    window: Window,
    spec: &Spec,
    height: f32,
) {
    let other = state.other.filter(|_| state.section.compares());
    let other = other.and_then(|id| cx.fleet.agent(id));
    let tracks = match other {
        Some(other) => {
            let pair = [(agent.id, &*agent.label), (other.id, &*other.label)];
            spec.compared(&mut state.reads, pair)
        }
        None => spec.tracks(&mut state.reads, agent.id),
    };
    let step = spec.step(&state.reads, agent.id, window);
    let marks = if state.hides_marks {
        vec![]
    } else {
        state.happened.marks(spec.categories, window, cx.now_ms)
    };
    let out = Plot::new(spec.title, spec.unit, &tracks, step)
        .thresholds(&spec.thresholds)
        .marks(&marks)
        .height(height)
        .at_least(spec.at_least)
        .show(ui, &mut state.group);
    state
        .exports
        .take(ui.ctx(), &out, spec.title, spec.unit, &tracks);
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
