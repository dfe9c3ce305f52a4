//! Choices: boxes, switches, chips, segments and lists.

use egui::{
    CornerRadius, Popup, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};
use lucide_icons::Icon;

use super::pill::shape;
use super::{Words as _, focus_ring, galley, menu_item, paint_icon};
use crate::theme::{State, Text, Themed as _, radius, size, space};

const BOX: f32 = 16.0;
const SWITCH: Vec2 = Vec2::new(32.0, 18.0);

/// A box without a word, for rows; `None` is neither on nor off.
pub fn checkbox(ui: &mut Ui, on: Option<bool>, name: &str) -> Response {
    let tokens = ui.tokens();
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(BOX), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on == Some(true), name)
    });
    let filled = on != Some(false);
    let (fill, border) = match (filled, response.hovered()) {
        (true, _) => (tokens.accent, tokens.accent),
        (false, true) => (tokens.field, tokens.accent_text),
        (false, false) => (tokens.field, tokens.border_strong),
    };
    ui.painter().rect(
        rect,
        CornerRadius::same(radius::SMALL),
        fill,
        Stroke::new(size::LINE, border),
        StrokeKind::Inside,
    );
    if filled {
        let icon = if on.is_some() {
            Icon::Check
        } else {
            Icon::Minus
        };
        paint_icon(ui.painter(), icon, rect.center(), 12.0, tokens.on_accent);
    }
    focus_ring(ui, &response, 4);
    response
}

/// A switch with its word; `reason` says why it cannot be used, if so.
pub fn toggle(ui: &mut Ui, on: &mut bool, label: &str, reason: Option<&str>) -> Response {
    let tokens = ui.tokens();
    let enabled = ui.is_enabled() && reason.is_none();
    let color = if enabled {
        tokens.text
    } else {
        tokens.text_off
    };
    let room = ui.available_width() - SWITCH.x - space::S;
    let text = galley(ui, Text::Body, color, label, room);
    let size = Vec2::new(SWITCH.x + space::S + text.size().x, size::CONTROL_SMALL);
    let sense = if enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, mut response) = ui.allocate_exact_size(size, sense);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, enabled, *on, label));
    let track = Rect::from_center_size(
        egui::pos2(rect.left() + SWITCH.x / 2.0, rect.center().y),
        SWITCH,
    );
    let fill = match (enabled, *on) {
        (false, _) => tokens.border,
        (true, true) => tokens.accent,
        (true, false) => tokens.track,
    };
    ui.painter()
        .rect_filled(track, CornerRadius::same(radius::PILL), fill);
    let how = ui.animate_bool(response.id, *on);
    let x = egui::lerp(track.left() + 9.0..=track.right() - 9.0, how);
    ui.painter()
        .circle_filled(egui::pos2(x, track.center().y), 6.5, tokens.on_accent);
    let at = egui::pos2(
        track.right() + space::S,
        rect.center().y - text.size().y / 2.0,
    );
    ui.painter().galley(at, text, color);
    focus_ring(ui, &response.clone().with_new_rect(track), 9);
    match reason {
        Some(reason) => response.on_hover_text(reason),
        None => response,
    }
}

/// A filter that is on or off, with the number of things it would show.
pub fn chip(ui: &mut Ui, on: bool, state: Option<State>, word: &str, count: usize) -> Response {
    let tokens = ui.tokens();
    let color = if on { tokens.text } else { tokens.text_2 };
    let text = galley(ui, Text::Small, color, word, 200.0);
    let number = galley(
        ui,
        Text::Small,
        tokens.text_3,
        &crate::text::count(count),
        100.0,
    );
    let mark = if state.is_some() {
        7.0 + space::XS + 2.0
    } else {
        0.0
    };
    let width = text.size().x + number.size().x + mark + space::XS + 2.0 + 2.0 * space::M;
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(width, size::CONTROL - 2.0), Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, format!("{word}, {count}")));
    let (fill, border) = match (on, response.hovered()) {
        (true, _) => (tokens.selected, tokens.accent),
        (false, true) => (tokens.hover, tokens.border_strong),
        (false, false) => (tokens.surface, tokens.border),
    };
    let corners = CornerRadius::same(radius::PILL);
    ui.painter().rect(
        rect,
        corners,
        fill,
        Stroke::new(size::LINE, border),
        StrokeKind::Inside,
    );
    let mut x = rect.left() + space::M;
    if let Some(state) = state {
        shape(
            ui.painter(),
            egui::pos2(x + 3.5, rect.center().y),
            7.0,
            state,
            tokens.state(state),
        );
        x += mark;
    }
    let after = x + text.size().x + space::XS + 2.0;
    ui.painter().galley(
        egui::pos2(x, rect.center().y - text.size().y / 2.0),
        text,
        color,
    );
    ui.painter().galley(
        egui::pos2(after, rect.center().y - number.size().y / 2.0),
        number,
        tokens.text_3,
    );
    focus_ring(ui, &response, radius::PILL);
    response
}

/// A few choices side by side, of which one holds; true when another was taken.
pub fn segmented<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    choices: &[(T, &str)],
) -> bool {
    let tokens = ui.tokens();
    let galleys: Vec<_> = choices
        .iter()
        .map(|(choice, word)| {
            let color = if choice == value {
                tokens.text
            } else {
                tokens.text_2
            };
            galley(ui, Text::Caption, color, word, 200.0)
        })
        .collect();
    let widths: Vec<f32> = galleys
        .iter()
        .map(|text| text.size().x + 2.0 * space::S + 2.0)
        .collect();
    let total = Vec2::new(widths.iter().sum::<f32>() + 4.0, size::CONTROL);
    let (rect, group) = ui.allocate_exact_size(total, Sense::hover());
    group.widget_info(|| WidgetInfo::labeled(Role::RadioGroup, true, name));
    let corners = CornerRadius::same(radius::CONTROL);
    let line = Stroke::new(size::LINE, tokens.border_strong);
    ui.painter()
        .rect(rect, corners, tokens.field, line, StrokeKind::Inside);
    let mut changed = false;
    let mut left = rect.left() + 2.0;
    for (((choice, word), text), width) in choices.iter().zip(galleys).zip(widths) {
        let cell = Rect::from_min_size(
            egui::pos2(left, rect.top() + 2.0),
            Vec2::new(width, rect.height() - 4.0),
        );
        left += width;
        let response = ui.interact(cell, group.id.with(word), Sense::click());
        let on = choice == value;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, *word));
        let corners = CornerRadius::same(radius::CONTROL - 2);
        if on {
            ui.painter()
                .rect(cell, corners, tokens.raised, line, StrokeKind::Inside);
        } else if response.hovered() {
            ui.painter().rect_filled(cell, corners, tokens.hover);
        }
        let at = cell.center() - text.size() / 2.0;
        ui.painter().galley(at, text, tokens.text);
        focus_ring(ui, &response, radius::CONTROL - 2);
        if response.clicked() && !on {
            *value = *choice;
            changed = true;
        }
    }
    changed
}

/// One choice of many, with its label above; true when another was taken.
pub fn select<T: PartialEq + Clone>(
    ui: &mut Ui,
    label: &str,
    value: &mut T,
    choices: &[(T, String)],
    width: f32,
) -> bool {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.words(Text::Caption, ui.tokens().text_2, label);
        picker(ui, label, value, choices, width)
    })
    .inner
}

/// The same in a row, where what stands before it says what it is.
pub fn picker<T: PartialEq + Clone>(
    ui: &mut Ui,
    label: &str,
    value: &mut T,
    choices: &[(T, String)],
    width: f32,
) -> bool {
    let tokens = ui.tokens();
    let width = width.min(ui.available_width());
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::CONTROL), Sense::click());
    let chosen = choices
        .iter()
        .find(|(choice, _)| choice == value)
        .map_or("", |(_, word)| word.as_str());
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(chosen.to_owned()),
        ..WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), label)
    });
    let border = if response.hovered() {
        tokens.accent_text
    } else {
        tokens.border_strong
    };
    let corners = CornerRadius::same(radius::CONTROL);
    ui.painter().rect(
        rect,
        corners,
        tokens.field,
        Stroke::new(size::LINE, border),
        StrokeKind::Inside,
    );
    let text = galley(ui, Text::Body, tokens.text, chosen, width - 40.0);
    ui.painter().galley(
        egui::pos2(rect.left() + 10.0, rect.center().y - text.size().y / 2.0),
        text,
        tokens.text,
    );
    let arrow = egui::pos2(rect.right() - 16.0, rect.center().y);
    paint_icon(
        ui.painter(),
        Icon::ChevronsUpDown,
        arrow,
        size::ICON_MEDIUM,
        tokens.text_3,
    );
    focus_ring(ui, &response, radius::CONTROL);
    let mut changed = false;
    Popup::menu(&response).width(width).show(|ui| {
        egui::ScrollArea::vertical()
            .max_height(size::LIST)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for (choice, word) in choices {
                    let icon = (choice == value).then_some(Icon::Check);
                    if menu_item(ui, icon, word, "").clicked() {
                        *value = choice.clone();
                        changed = true;
                    }
                }
            });
    });
    changed
}
