//! Channels from an agent's network to the cloud.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct ChannelsState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut ChannelsState) {
    let _ = (cx, state);
    page(ui, "channels", |ui| {
        Empty {
            icon: Icon::Cable,
            title: "No channels",
            text: "A channel opens a local port that leads to a service of the cloud",
            action: None,
        }
        .show(ui)
    });
}
