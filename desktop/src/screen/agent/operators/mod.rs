//! Who may manage an agent.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct OperatorsState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut OperatorsState) {
    let _ = (cx, state);
    page(ui, "operators", |ui| {
        Empty {
            icon: Icon::UsersRound,
            title: "No operators",
            text: "People and programs that may manage this agent",
            action: None,
        }
        .show(ui)
    });
}
