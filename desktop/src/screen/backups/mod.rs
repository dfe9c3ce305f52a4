//! Backups of agents.

use egui::Ui;
use lucide_icons::Icon;

use super::page;
use crate::cx::Cx;
use crate::widget::Empty;

/// What the page remembers from frame to frame.
#[derive(Debug, Default)]
pub struct BackupsState {}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut BackupsState) {
    let _ = (cx, state);
    page(ui, "backups", |ui| {
        Empty {
            icon: Icon::ArchiveRestore,
            title: "No backups",
            text: "Backups that you pull from agents are listed here",
            action: None,
        }
        .show(ui)
    });
}
