//! Blocks of text that machines read.

use egui::{Align, CornerRadius, Frame, Label, Layout, RichText, Stroke, Ui};

use super::copy_button;
use crate::theme::{Text, Themed as _, font, inset, radius, size};

/// A block of text in letters of one width, wrapped, with a button that copies it.
pub fn code(ui: &mut Ui, name: &str, text: &str) {
    let tokens = ui.tokens();
    Frame::new()
        .fill(tokens.field)
        .stroke(Stroke::new(size::LINE, tokens.border))
        .corner_radius(CornerRadius::same(radius::CONTROL))
        .inner_margin(inset::BANNER)
        .show(ui, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                copy_button(ui, text, name);
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    let text = RichText::new(text)
                        .font(font(Text::Mono))
                        .color(tokens.text);
                    ui.add(Label::new(text).wrap().selectable(true));
                });
            });
        });
}
