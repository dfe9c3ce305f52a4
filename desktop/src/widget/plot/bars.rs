//! Bars: how many values were of which size, and the parts of one value.

use std::sync::Arc;

use egui::{CornerRadius, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::super::{Words as _, galley};
use super::{Hue, Unit, ticks};
use crate::text;
use crate::theme::{Text, Themed as _, radius, size, space};

/// A bar of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What stands below it.
    pub label: String,
    /// What its values are, for people.
    pub told: String,
    /// How many there are.
    pub count: u64,
}

const AXIS: f32 = 62.0;
const FOOT: f32 = 20.0;

/// Shows how many values were of which size; a bar tells its count under the pointer.
pub fn histogram(ui: &mut Ui, name: &str, bars: &[Bar], height: f32, hue: Hue) {
    let tokens = ui.tokens();
    let area = Vec2::new(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(area, Sense::hover());
    let all: u64 = bars.iter().map(|bar| bar.count).sum();
    let total = usize::try_from(all).unwrap_or(usize::MAX);
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Image,
            true,
            format!("{name}: {} values", text::count(total)),
        )
    });
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let (step, top) = ticks::values(Unit::Count, most as f64, 3);
    let inner = Rect::from_min_max(
        egui::pos2(rect.left() + AXIS, rect.top() + space::XS),
        egui::pos2(rect.right(), rect.bottom() - FOOT),
    );
    let lines = (0..8).map(|at| f64::from(at) * step);
    for value in lines.filter(|value| *value <= top * 1.001) {
        let y = inner.bottom() - share(value, top) * inner.height();
        let line = egui::Stroke::new(size::LINE, tokens.border);
        ui.painter().hline(inner.x_range(), y, line);
        let label = Unit::Count.short(value);
        let label = galley(ui, Text::Caption, tokens.text_3, &label, AXIS);
        let place = egui::pos2(
            inner.left() - space::XS - label.size().x,
            y - label.size().y / 2.0,
        );
        ui.painter().galley(place, label, tokens.text_3);
    }
    let width = inner.width() / bars.len().max(1) as f32;
    let labels: Vec<Arc<egui::Galley>> = bars
        .iter()
        .map(|bar| galley(ui, Text::Caption, tokens.text_3, &bar.label, 80.0))
        .collect();
    let widest = labels.iter().map(|one| one.size().x).fold(1.0, f32::max);
    // Labels that would touch each other are left out evenly.
    let every = labels_every(widest + space::S, width);
    for (at, (bar, label)) in bars.iter().zip(labels).enumerate() {
        let left = inner.left() + at as f32 * width;
        let cell = Rect::from_x_y_ranges(left..=left + width, inner.y_range());
        let rise = share(bar.count as f64, top) * inner.height();
        // What is there at all is to be seen.
        let rise = if bar.count > 0 { rise.max(2.0) } else { 0.0 };
        let shape = Rect::from_min_max(
            egui::pos2(left + 1.5, inner.bottom() - rise),
            egui::pos2(left + width - 1.5, inner.bottom()),
        );
        let hover = ui.interact(cell, response.id.with(at), Sense::hover());
        let color = hue.color(tokens);
        let fill = color.gamma_multiply(if hover.hovered() { 1.0 } else { 0.75 });
        ui.painter()
            .rect_filled(shape, CornerRadius::same(radius::BAR), fill);
        if at.is_multiple_of(every) {
            let place = egui::pos2(
                left + (width - label.size().x) / 2.0,
                inner.bottom() + space::XS,
            );
            ui.painter().galley(place, label, tokens.text_3);
        }
        hover.on_hover_ui_at_pointer(|ui| {
            let of = if all == 0 {
                0.0
            } else {
                bar.count as f64 / all as f64
            };
            ui.bold(bar.told.as_str());
            let count = usize::try_from(bar.count).unwrap_or(usize::MAX);
            ui.quiet(format!("{}, {}", text::count(count), Unit::Share.tell(of)));
        });
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "labels are few"
)]
fn labels_every(label: f32, bar: f32) -> usize {
    (label / bar.max(1.0)).ceil().max(1.0) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "a share of 1")]
fn share(value: f64, whole: f64) -> f32 {
    (value / whole.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) as f32
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// What it is.
    pub name: &'static str,
    /// How much of the whole.
    pub value: f64,
    /// In which colour.
    pub hue: Hue,
}

/// Shows the parts of a value as one bar, with their names and values below.
pub fn slices(ui: &mut Ui, name: &str, unit: Unit, parts: &[Slice]) {
    const BAR: f32 = 14.0;
    const ROW: f32 = 20.0;
    let tokens = ui.tokens();
    let whole: f64 = parts.iter().map(|part| part.value).sum();
    let area = Vec2::new(ui.available_width(), BAR);
    let (rect, response) = ui.allocate_exact_size(area, Sense::hover());
    response.widget_info(|| {
        let told = |part: &Slice| format!("{} {}", part.name, unit.tell(part.value));
        let all: Vec<String> = parts.iter().map(told).collect();
        WidgetInfo::labeled(Role::Image, true, format!("{name}: {}", all.join(", ")))
    });
    ui.painter()
        .rect_filled(rect, CornerRadius::same(radius::BAR), tokens.pressed);
    let mut left = rect.left();
    for part in parts {
        let width = share(part.value, whole) * rect.width();
        let slice = Rect::from_min_size(egui::pos2(left, rect.top()), Vec2::new(width, BAR));
        let color = part.hue.color(tokens);
        ui.painter().rect_filled(
            slice.shrink2(Vec2::new(0.5, 0.0)),
            CornerRadius::same(radius::BAR),
            color,
        );
        left += width;
    }
    ui.add_space(space::XS);
    ui.spacing_mut().item_spacing.y = space::XXS;
    for part in parts {
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = ROW;
            ui.spacing_mut().item_spacing.x = space::S;
            let (dot, _) = ui.allocate_exact_size(Vec2::splat(9.0), Sense::hover());
            let color = part.hue.color(tokens);
            ui.painter()
                .rect_filled(dot, CornerRadius::same(radius::BAR), color);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let of = Unit::Share.tell(part.value / whole.max(f64::MIN_POSITIVE));
                ui.scope(|ui| {
                    ui.set_width(size::NAME);
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        ui.words(Text::Small, tokens.text_3, of);
                    });
                });
                ui.words(Text::Strong, tokens.text, unit.tell(part.value));
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.words(Text::Body, tokens.text_2, part.name);
                });
            });
        });
    }
}
