//! Progress of work and meters of load.

use egui::{CornerRadius, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;

use super::{IconButton, Words as _};
use crate::theme::{State, Text, Themed as _, radius, size, space};

const BAR: f32 = 4.0;

/// Work under way: what, how far, and a way to stop it. True when it shall stop.
pub fn progress(
    ui: &mut Ui,
    name: &str,
    detail: &str,
    share: Option<f32>,
    cancellable: bool,
) -> bool {
    let tokens = ui.tokens();
    let mut cancelled = false;
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.bold(name);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if cancellable {
                let name = format!("Cancel {}", name.to_lowercase());
                cancelled = ui.add(IconButton::new(Icon::X, &name).small()).clicked();
            }
            if let Some(share) = share {
                ui.words(
                    Text::Caption,
                    tokens.text_3,
                    format!("{:.0} %", share * 100.0),
                );
            }
        });
    });
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), BAR), Sense::hover());
    response.widget_info(|| WidgetInfo {
        value: share.map(f64::from),
        ..WidgetInfo::labeled(Role::ProgressIndicator, true, name)
    });
    bar(
        ui,
        rect,
        share.unwrap_or(1.0),
        if share.is_some() {
            State::Info
        } else {
            State::Pending
        },
    );
    if !detail.is_empty() {
        ui.add_space(space::XS);
        ui.quiet(detail);
    }
    cancelled
}

/// A share of something, as bar and number: warns above 75 %, complains above 90 %.
pub fn meter(ui: &mut Ui, percent: f32, name: &str) {
    const WIDTH: f32 = 44.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(WIDTH, BAR), Sense::hover());
    response.widget_info(|| WidgetInfo {
        value: Some(f64::from(percent)),
        ..WidgetInfo::labeled(Role::Meter, true, name)
    });
    let state = match percent {
        high if high >= 90.0 => State::Error,
        high if high >= 75.0 => State::Warn,
        _ => State::Info,
    };
    bar(ui, rect, percent / 100.0, state);
    ui.words(Text::Small, ui.tokens().text_2, format!("{percent:.0} %"));
}

fn bar(ui: &Ui, rect: Rect, share: f32, state: State) {
    let tokens = ui.tokens();
    let corners = CornerRadius::same(radius::BAR);
    ui.painter().rect_filled(rect, corners, tokens.pressed);
    let width = rect.width() * share.clamp(0.0, 1.0);
    let color = if state == State::Info {
        tokens.series[0]
    } else {
        tokens.state(state)
    };
    let filled = Rect::from_min_size(rect.min, Vec2::new(width, rect.height()));
    ui.painter().rect_filled(filled, corners, color);
}
