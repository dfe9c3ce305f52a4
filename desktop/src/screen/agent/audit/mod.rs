//! Who did what on an agent.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct AuditState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    let _ = (cx, state);
    page(ui, "audit", |ui| {
        Empty {
            icon: Icon::ScrollText,
            title: "No records",
            text: "Each change and each refused request is recorded",
            action: None,
        }
        .show(ui)
    });
}
