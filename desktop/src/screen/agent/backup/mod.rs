//! Backups of an agent, and the way back from one.

use std::sync::Arc;

use egui::Ui;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{Query, RestoreShown, RestoreTarget, Target};

use super::common::{Newer, loaded};
use crate::cx::Cx;
use crate::screen::page;
use crate::text;
use crate::widget::{Words as _, card_titled};

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct BackupState {
    last: Slot<RestoreShown>,
    newer: Newer,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut BackupState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    if state.newer.came(&agent) {
        state.last.refresh();
    }
    let target = Target::Restores(RestoreTarget::Last);
    state
        .last
        .request(cx.commands, agent.id, &target, &Query::default());
    page(ui, "backup", |ui| {
        let Some(shown) = loaded(ui, cx.now_ms, &state.last) else {
            return;
        };
        card_titled(
            ui,
            "Last restore",
            |_ui| {},
            |ui| match &shown.last {
                None => drop(ui.quiet("Nothing was restored on this agent yet")),
                Some(last) => {
                    ui.body(text::sentence(&last.reason));
                    ui.quiet(format!(
                        "{} · {}",
                        text::clean(&last.author),
                        text::when(last.time_stamp)
                    ));
                }
            },
        );
    });
}
