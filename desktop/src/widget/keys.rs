//! Panels of keys and values.

use egui::{Align, Layout, Ui};

use super::{Words as _, copyable};
use crate::theme::{Text, Themed as _, size, space};

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
