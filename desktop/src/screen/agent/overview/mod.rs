//! How an agent is: the way of a request through it, what wants attention, facts and figures.

mod attention;
mod backends;
mod facts;
mod path;
mod setup;
mod stations;

use std::sync::Arc;

use egui::{Ui, Vec2};
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{DocumentTarget, Query, Target};
use underpass_shared::config::Revision;
use underpass_shared::rights::Access;

use self::backends::Backends;
use super::common::Newer;
use super::edit::prevented;
use super::trouble::Seen;
use crate::cx::Cx;
use crate::screen::page;
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{Button, Words as _, card_titled};

/// Below this width there is one column.
const WIDE: f32 = 700.0;
/// Changes that are listed.
const CHANGES: usize = 6;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct OverviewState {
    backends: Backends,
    changes: Slot<Vec<Revision>>,
    newer: Newer,
    diagnoses: Seen,
    setup: setup::Setup,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut OverviewState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    if state.newer.came(&agent) {
        state.changes.refresh();
    }
    let query = Query {
        limit: Some(CHANGES),
        ..Query::default()
    };
    state.changes.request(
        cx.commands,
        agent.id,
        &Target::Document(DocumentTarget::Revisions),
        &query,
    );
    state.diagnoses.want(cx, &agent);
    page(ui, "overview", |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(space::M);
        state.setup.ui(ui, cx, &agent);
        let diagnoses = state.diagnoses.known();
        let diagnoses = diagnoses.as_ref().map_or(&[][..], |one| &one.diagnoses);
        let way = stations::way(&agent, diagnoses, &state.backends.found());
        let refused = prevented(cx, Access::Subaccounts);
        let mut check = false;
        card_titled(
            ui,
            "Way of a request",
            |ui| {
                let button = Button::secondary("Check back ends")
                    .icon(Icon::Activity)
                    .small();
                let reason = refused.as_deref().unwrap_or_default();
                check = ui
                    .add(button.enabled_if(refused.is_none(), reason))
                    .clicked();
            },
            |ui| {
                path::show(ui, &way);
                if let Some(broken) = &way.broken {
                    let tokens = ui.tokens();
                    ui.words(Text::Small, tokens.state(State::Error), broken);
                }
            },
        );
        if check {
            state.backends.check(cx, &agent);
        }
        let is_wide = ui.available_width() > WIDE;
        let (left, right) = if is_wide { (0, 1) } else { (0, 0) };
        ui.columns(if is_wide { 2 } else { 1 }, |columns| {
            attention::show(&mut columns[left], cx, &agent, &state.diagnoses);
            facts::show(&mut columns[left], cx, &agent);
            facts::load(&mut columns[right], &agent);
            facts::changes(&mut columns[right], cx, &agent, &state.changes);
        });
    });
}
