//! The history of an agent's configuration.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct RevisionsState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut RevisionsState) {
    let _ = (cx, state);
    page(ui, "revisions", |ui| {
        Empty {
            icon: Icon::History,
            title: "No revisions",
            text: "Each change of the configuration is a revision",
            action: None,
        }
        .show(ui)
    });
}
