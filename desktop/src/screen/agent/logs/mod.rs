//! What an agent writes.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct LogsState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut LogsState) {
    let _ = (cx, state);
    page(ui, "logs", |ui| {
        Empty {
            icon: Icon::Logs,
            title: "No lines",
            text: "What the agent writes appears here",
            action: None,
        }
        .show(ui)
    });
}
