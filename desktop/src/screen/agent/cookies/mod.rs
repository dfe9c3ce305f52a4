//! Domains of cookies.

use egui::Ui;
use lucide_icons::Icon;

use crate::cx::Cx;
use crate::screen::page;
use crate::widget::Empty;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct CookiesState {}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut CookiesState) {
    let _ = (cx, state);
    page(ui, "cookies", |ui| {
        Empty {
            icon: Icon::Cookie,
            title: "No cookie domains",
            text: "A rule rewrites the domain of cookies that internal systems set",
            action: None,
        }
        .show(ui)
    });
}
