//! How users of the cloud are known to the systems behind an agent.

mod clients;
mod identity;
mod rule;
mod rules;
mod sample;
mod times;

use std::sync::Arc;

use egui::Ui;

use self::clients::ClientsState;
use self::rules::RulesState;
use self::sample::SampleState;
use self::times::TimesState;
use super::common::shown;
use super::edit::document;
use crate::cx::Cx;
use crate::screen::page;
use crate::theme::space;

/// Below this width the sample stands below the rules.
const WIDE: f32 = 900.0;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct PropagationState {
    rules: RulesState,
    sample: SampleState,
    times: TimesState,
    clients: ClientsState,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut PropagationState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    page(ui, "propagation", |ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::splat(space::M);
        let (known, retry) = shown(ui, cx.now_ms, &agent.configuration);
        if retry {
            cx.send(underpass_fleet::command::Command::Refresh(agent.id));
        }
        let (Some(_), Some(document)) = (known, document(&agent)) else {
            return;
        };
        let rules = document.connector().subject_pattern_rules.clone();
        let sampled = state.sample.subject(&rules);
        let held = sampled
            .as_ref()
            .map_or_else(|none| none.rule, |found| found.rule);
        let room = ui.available_width();
        if room > WIDE {
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| {
                    ui.set_width(room * 0.6);
                    rules::ui(ui, cx, &rules, held, &mut state.rules);
                });
                ui.vertical(|ui| sample::ui(ui, &sampled, &rules, &mut state.sample));
            });
        } else {
            rules::ui(ui, cx, &rules, held, &mut state.rules);
            sample::ui(ui, &sampled, &rules, &mut state.sample);
        }
        times::ui(ui, cx, document, &mut state.times);
        identity::ui(ui, cx, document);
        clients::ui(ui, cx, document, &mut state.clients);
    });
    state.rules.show(ui, cx);
}
