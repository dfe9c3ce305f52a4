//! Which systems and paths are open.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct AccessState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AccessState) {
    let _ = (cx, state);
    page(ui, "access", |ui| {
        Empty {
            icon: Icon::ShieldCheck,
            title: "Nothing is open",
            text: "A mapping opens one internal system to the cloud",
            action: None,
        }
        .show(ui)
    });
}
