//! Settings of this app.

use egui::{ThemePreference, Ui};

use super::page;
use crate::cx::Cx;
use crate::theme::{set_theme, space};
use crate::widget::{card_titled, key_row, segmented};

/// What the page remembers from frame to frame.
#[derive(Debug, Default)]
pub struct SettingsState {}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, _state: &mut SettingsState) {
    page(ui, "settings", |ui| {
        card_titled(
            ui,
            "Appearance",
            |_| {},
            |ui| {
                key_row(ui, "Theme", |ui| {
                    let choices = [
                        (ThemePreference::System, "System"),
                        (ThemePreference::Light, "Light"),
                        (ThemePreference::Dark, "Dark"),
                    ];
                    if segmented(ui, "Theme", &mut cx.prefs.theme, &choices) {
                        set_theme(ui.ctx(), cx.prefs.theme);
                    }
                });
                ui.add_space(space::S);
                key_row(ui, "Rows", |ui| {
                    segmented(
                        ui,
                        "Rows",
                        &mut cx.prefs.compact,
                        &[(false, "Comfortable"), (true, "Compact")],
                    );
                });
            },
        );
    });
}
