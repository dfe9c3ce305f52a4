//! How users are known to the systems.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct PropagationState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut PropagationState) {
    let _ = (cx, state);
    page(ui, "propagation", |ui| {
        Empty {
            icon: Icon::UserRoundCheck,
            title: "No rules",
            text: "A rule makes the certificate with which a user is known to a system",
            action: None,
        }
        .show(ui)
    });
}
