//! Who did what, on all agents.

use egui::Ui;
use lucide_icons::Icon;

use super::page;
use crate::cx::Cx;
use crate::widget::Empty;

/// What the page remembers from frame to frame.
#[derive(Debug, Default)]
pub struct AuditState {}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AuditState) {
    let _ = (cx, state);
    page(ui, "audit", |ui| {
        Empty {
            icon: Icon::ScrollText,
            title: "No agent chosen",
            text: "Choose an agent to read its audit log",
            action: None,
        }
        .show(ui)
    });
}
