//! Settings of an agent.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct SettingsState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SettingsState) {
    let _ = (cx, state);
    page(ui, "settings", |ui| {
        Empty {
            icon: Icon::SlidersHorizontal,
            title: "No settings",
            text: "Proxy, tunnels, logging, alerts",
            action: None,
        }
        .show(ui)
    });
}
