//! Menus behind a button.

use egui::{Color32, CornerRadius, Popup, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;

use super::{focus_ring, galley, paint_icon};
use crate::theme::{Text, Themed as _, radius, size, space};

const WIDTH: f32 = 220.0;

/// The menu of a button that was just shown.
pub fn menu<R>(button: &Response, contents: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    Popup::menu(button)
        .gap(space::XS)
        .show(|ui| {
            ui.set_width(WIDTH);
            ui.spacing_mut().item_spacing.y = 0.0;
            contents(ui)
        })
        .map(|shown| shown.inner)
}

/// The menu of a right click on something that was just shown.
pub fn context_menu<R>(of: &Response, contents: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    Popup::context_menu(of)
        .show(|ui| {
            ui.set_width(WIDTH);
            ui.spacing_mut().item_spacing.y = 0.0;
            contents(ui)
        })
        .map(|shown| shown.inner)
}

/// A line between groups of entries.
pub fn menu_rule(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(
        Vec2::new(ui.available_width(), space::S + 1.0),
        Sense::hover(),
    );
    let line = Stroke::new(size::LINE, ui.tokens().border);
    ui.painter().hline(rect.x_range(), rect.center().y, line);
}

/// An entry: icon, word and shortcut.
pub fn menu_item(ui: &mut Ui, icon: Option<Icon>, word: &str, shortcut: &str) -> Response {
    let tokens = ui.tokens();
    let enabled = ui.is_enabled();
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::CONTROL), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, enabled, word));
    let fill = if response.hovered() || response.has_focus() {
        tokens.hover
    } else {
        Color32::TRANSPARENT
    };
    ui.painter()
        .rect_filled(rect, CornerRadius::same(radius::CONTROL), fill);
    let mut left = rect.left() + space::S;
    let center = egui::pos2(left + size::ICON / 2.0, rect.center().y);
    if let Some(icon) = icon {
        paint_icon(ui.painter(), icon, center, size::ICON - 1.0, tokens.text_3);
    }
    left += size::ICON + space::S;
    let keys = galley(ui, Text::Caption, tokens.text_3, shortcut, 120.0);
    let room = rect.right() - left - keys.size().x - space::M;
    let color = if enabled {
        tokens.text
    } else {
        tokens.text_off
    };
    let text = galley(ui, Text::Body, color, word, room);
    ui.painter().galley(
        egui::pos2(left, rect.center().y - text.size().y / 2.0),
        text,
        color,
    );
    let at = egui::pos2(
        rect.right() - space::S - keys.size().x,
        rect.center().y - keys.size().y / 2.0,
    );
    ui.painter().galley(at, keys, tokens.text_3);
    focus_ring(ui, &response, radius::CONTROL);
    if response.clicked() {
        ui.close();
    }
    response
}
