//! Choices that need a line of explanation: one card each.

use egui::{CornerRadius, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::{focus_ring, galley};
use crate::theme::{Text, Themed as _, radius, size, space};

/// A choice with its explanation; true when it was taken.
pub fn option_card(ui: &mut Ui, on: bool, title: &str, text: &str, width: f32) -> bool {
    const HEIGHT: f32 = 52.0;
    let tokens = ui.tokens();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), on, title));
    let (fill, border) = match (on, response.hovered()) {
        (true, _) => (tokens.selected, tokens.accent),
        (false, true) => (tokens.hover, tokens.border_strong),
        (false, false) => (tokens.surface, tokens.border_strong),
    };
    let corners = CornerRadius::same(radius::CONTROL);
    ui.painter().rect(
        rect,
        corners,
        fill,
        Stroke::new(size::LINE, border),
        StrokeKind::Inside,
    );
    let room = width - 2.0 * space::M;
    let title = galley(ui, Text::Strong, tokens.text, title, room);
    let text = galley(ui, Text::Caption, tokens.text_3, text, room);
    let height = title.size().y + 2.0 + text.size().y;
    let top = rect.center().y - height / 2.0;
    let left = rect.left() + space::M;
    let below = top + title.size().y + 2.0;
    ui.painter()
        .galley(egui::pos2(left, top), title, tokens.text);
    ui.painter()
        .galley(egui::pos2(left, below), text, tokens.text_3);
    focus_ring(ui, &response, radius::CONTROL);
    response.clicked()
}
