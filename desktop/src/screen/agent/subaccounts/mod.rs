//! Subaccounts of an agent.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct SubaccountsState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SubaccountsState) {
    let _ = (cx, state);
    page(ui, "subaccounts", |ui| {
        Empty {
            icon: Icon::Cloud,
            title: "No subaccounts",
            text: "Add one with the enrolment token of its gateway",
            action: None,
        }
        .show(ui)
    });
}
