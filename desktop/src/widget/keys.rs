//! Panels of keys and values.

use egui::{Align, Layout, Ui};

use super::{Words as _, copyable};
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::times::Timed as _;

/// A panel of rows that share one column of names.
pub fn keys<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        contents(ui)
    })
    .inner
}

/// A row whose value is drawn by `value`.
pub fn key_row<R>(ui: &mut Ui, name: &str, value: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = ui.tokens();
    let width = ui.available_width();
    let key = size::KEY.min(width * 0.42);
    ui.allocate_ui_with_layout(
        egui::vec2(width, size::CONTROL_SMALL),
        Layout::left_to_right(Align::Center),
        |ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            ui.allocate_ui_with_layout(
                egui::vec2(key, size::CONTROL_SMALL),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_min_width(key);
                    ui.words(Text::Small, tokens.text_3, name);
                },
            );
            value(ui)
        },
    )
    .inner
}

/// A row with a text; hosts, hashes and names can be copied.
pub fn key_text(ui: &mut Ui, name: &str, value: &str, mono: bool, copy: bool) {
    key_row(ui, name, |ui| {
        let role = if mono { Text::Mono } else { Text::Body };
        if copy {
            copyable(ui, role, value, name);
        } else {
            ui.words(role, ui.tokens().text, value);
        }
    });
}

/// A row with a moment; the pointer above it tells that by the other clock too.
pub fn key_moment(ui: &mut Ui, name: &str, at_ms: i64) {
    let times = ui.times();
    moment(ui, name, times.when(at_ms), times.both(at_ms));
}

/// The same with how long ago it was.
pub fn key_aged(ui: &mut Ui, name: &str, at_ms: i64, now_ms: i64) {
    let (times, age) = (ui.times(), text::age(now_ms, at_ms));
    let ago = if age == "now" {
        age
    } else {
        format!("{age} ago")
    };
    let told = format!("{}, {ago}", times.when(at_ms));
    moment(ui, name, told, times.both(at_ms));
}

/// The same with the day alone.
pub fn key_day(ui: &mut Ui, name: &str, at_ms: i64) {
    let times = ui.times();
    moment(ui, name, times.day(at_ms), times.both(at_ms));
}

fn moment(ui: &mut Ui, name: &str, told: String, more: String) {
    key_row(ui, name, |ui| {
        ui.words(Text::Body, ui.tokens().text, told)
            .on_hover_text(more);
    });
}
