//! Two agents side by side.

use egui::Ui;
use lucide_icons::Icon;

use super::page;
use crate::cx::Cx;
use crate::widget::Empty;

/// What the page remembers from frame to frame.
#[derive(Debug, Default)]
pub struct CompareState {}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut CompareState) {
    let _ = (cx, state);
    page(ui, "compare", |ui| {
        Empty {
            icon: Icon::GitCompareArrows,
            title: "Nothing to compare",
            text: "Choose a source and a target to see how their configurations differ",
            action: None,
        }
        .show(ui)
    });
}
