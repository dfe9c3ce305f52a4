//! Settings of this app.

mod about;
mod certificates;
mod keys;
mod move_keys;

use std::path::PathBuf;

use egui::{Align, Layout, ThemePreference, Ui, Vec2};
use lucide_icons::Icon;

use super::page;
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::prefs::Zoom;
use crate::theme::{set_theme, space};
use crate::times::{ShownClock, Timed as _};
use crate::widget::{Button, Words as _, card_titled, copyable, key_row, segmented};

/// What the page remembers from frame to frame.
#[derive(Default)]
pub struct SettingsState {
    /// Where the data of this app is, where that is known.
    pub profile: Option<PathBuf>,
    licence: Option<usize>,
    move_keys: Option<move_keys::MoveDialog>,
}

/// Two columns need this much room.
const TWO_COLUMNS: f32 = 760.0;

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SettingsState) {
    page(ui, "settings", |ui| {
        let wide = ui.available_width() > TWO_COLUMNS;
        ui.spacing_mut().item_spacing = Vec2::splat(space::M);
        let right = usize::from(wide);
        ui.columns(if wide { 2 } else { 1 }, |columns| {
            column(&mut columns[0], |ui| {
                card_titled(ui, "Appearance", |_| {}, |ui| appearance(ui, cx));
                keys::ui(ui, cx, &mut state.move_keys);
                data(ui, state);
            });
            column(&mut columns[right], |ui| {
                certificates::ui(ui, cx);
                about::ui(ui, cx, &mut state.licence);
            });
        });
    });
    let moving = state.move_keys.as_mut();
    if moving.is_some_and(|dialog| dialog.show(ui.ctx(), cx)) {
        state.move_keys = None;
    }
}

/// Columns stretch their lines, which running text does not want.
fn column(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::top_down(Align::Min), contents);
}

fn appearance(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.spacing_mut().item_spacing.y = space::S;
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
    key_row(ui, "Rows", |ui| {
        let choices = [(false, "Comfortable"), (true, "Compact")];
        segmented(ui, "Rows", &mut cx.prefs.compact, &choices);
    });
    key_row(ui, "Zoom", |ui| {
        let words = Zoom::ALL.map(|zoom| format!("{} %", zoom.percent()));
        let choices: Vec<(Zoom, &str)> = Zoom::ALL
            .into_iter()
            .zip(words.iter().map(String::as_str))
            .collect();
        if segmented(ui, "Zoom", &mut cx.prefs.zoom, &choices) {
            ui.ctx().set_zoom_factor(cx.prefs.zoom.factor());
        }
    });
    key_row(ui, "Times", |ui| {
        let choices = [(ShownClock::Local, "Local"), (ShownClock::Utc, "UTC")];
        segmented(ui, "Times", &mut cx.prefs.clock, &choices);
        let times = ui.times();
        ui.quiet(times.when(cx.now_ms))
            .on_hover_text(times.both(cx.now_ms));
    });
    key_row(ui, "Keyboard", |ui| {
        let sheet = Button::secondary("Shortcuts…").icon(Icon::Keyboard).small();
        if ui.add(sheet).clicked() {
            cx.run(UiCommand::Shortcuts);
        }
    });
}

fn data(ui: &mut Ui, state: &SettingsState) {
    card_titled(
        ui,
        "Data",
        |_| {},
        |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            let Some(folder) = &state.profile else {
                ui.quiet("Nothing is kept on this computer");
                return;
            };
            key_row(ui, "Profile folder", |ui| {
                let folder = folder.display().to_string();
                copyable(ui, crate::theme::Text::Mono, &folder, "Profile folder");
            });
            ui.paragraph("Known agents, drafts and sealed keys are there. Copy it as a whole while this app is closed, or name another one by UNDERPASS_PROFILE.");
        },
    );
}
