//! Certificates and stores.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct TrustState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut TrustState) {
    let _ = (cx, state);
    page(ui, "trust", |ui| {
        Empty {
            icon: Icon::FileKey2,
            title: "No certificates",
            text: "Certificates that this agent uses and trusts",
            action: None,
        }
        .show(ui)
    });
}
