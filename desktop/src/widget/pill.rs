//! States: shape, colour and word, so that no single one of them carries the meaning.

use egui::{
    CornerRadius, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

use super::galley;
use crate::theme::{State, Text, Themed as _, radius, size, space};

const HEIGHT: f32 = 20.0;
const MARK: f32 = 7.0;

/// The state of something as shape, colour and word.
pub fn pill(ui: &mut Ui, state: State, word: &str) -> Response {
    let tokens = ui.tokens();
    let color = tokens.state(state);
    let text = galley(ui, Text::Caption, color, word, ui.available_width());
    let width = text.size().x + MARK + space::XS + 2.0 * space::S;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    if ui.is_rect_visible(rect) {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(radius::PILL),
            tokens.state_fill(state),
        );
        let mark = egui::pos2(rect.left() + space::S + MARK / 2.0, rect.center().y);
        shape(ui.painter(), mark, MARK, state, color);
        let at = egui::pos2(
            rect.left() + space::S + MARK + space::XS,
            rect.center().y - text.size().y / 2.0,
        );
        ui.painter().galley(at, text, color);
    }
    response
}

/// The mark of a state alone, named for screen readers.
pub fn dot(ui: &mut Ui, state: State, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(MARK + 2.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let color = ui.tokens().state(state);
    shape(ui.painter(), rect.center(), MARK, state, color);
    response
}

/// Paints the mark of a state: no two states share a shape.
pub fn shape(painter: &Painter, center: Pos2, size: f32, state: State, color: egui::Color32) {
    let half = size / 2.0;
    let point = |x: f32, y: f32| center + Vec2::new(x * half, y * half);
    match state {
        State::Ok => {
            painter.circle_filled(center, half, color);
        }
        State::Warn => {
            let points = vec![point(0.0, -1.1), point(1.15, 0.95), point(-1.15, 0.95)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        State::Error => {
            let rect = Rect::from_center_size(center, Vec2::splat(size - 0.5));
            painter.rect_filled(rect, CornerRadius::same(radius::BAR), color);
        }
        State::Info => {
            let points = vec![
                point(0.0, -1.2),
                point(1.2, 0.0),
                point(0.0, 1.2),
                point(-1.2, 0.0),
            ];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        State::Off => {
            painter.circle_stroke(center, half - 0.5, Stroke::new(size::STROKE, color));
        }
        State::Pending => {
            painter.circle_stroke(center, half - 0.5, Stroke::new(size::STROKE, color));
            let inner = Rect::from_center_size(center, Vec2::splat(half * 0.9));
            painter.rect(
                inner,
                CornerRadius::same(radius::SMALL),
                color,
                Stroke::NONE,
                StrokeKind::Inside,
            );
        }
    }
}
