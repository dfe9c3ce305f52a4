//! What weakens an agent.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct SecurityState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SecurityState) {
    let _ = (cx, state);
    page(ui, "security", |ui| {
        Empty {
            icon: Icon::ShieldAlert,
            title: "Nothing known yet",
            text: "What weakens the security of this agent",
            action: None,
        }
        .show(ui)
    });
}
