//! Small pictures of numbers: the line of the last hour and the bars of tunnels.

use egui::epaint::{Mesh, PathShape, Vertex};
use egui::{
    Color32, CornerRadius, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
};

use super::Words as _;
use crate::theme::{Text, Themed as _, radius, size};

/// A line without axes. Values that are not numbers leave a hole.
pub fn sparkline(ui: &mut Ui, size: Vec2, values: &[f32], color: Color32, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}, last hour")));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite().fold((f32::MAX, f32::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return response;
    }
    // A steady value lies in the middle; a small change does not look like a large one.
    let reach = (high - low).max(high.abs() * 0.25).max(f32::MIN_POSITIVE);
    let middle = f32::midpoint(low, high);
    let step = rect.width() / values.len().saturating_sub(1).max(1) as f32;
    let place = |index: usize, value: f32| -> Pos2 {
        let y = rect.center().y - (value - middle) / reach * (rect.height() - 3.0);
        egui::pos2(
            rect.left() + index as f32 * step,
            y.clamp(rect.top(), rect.bottom()),
        )
    };
    let mut run = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        if value.is_finite() {
            run.push(place(index, *value));
        } else {
            paint_run(ui, rect, std::mem::take(&mut run), color);
        }
    }
    paint_run(ui, rect, run, color);
    response
}

fn paint_run(ui: &Ui, rect: Rect, run: Vec<Pos2>, color: Color32) {
    if run.len() < 2 {
        return;
    }
    let mut area = Mesh::default();
    let (above, below) = (color.gamma_multiply(0.28), color.gamma_multiply(0.02));
    for (index, point) in (0_u32..).zip(&run) {
        let foot = egui::pos2(point.x, rect.bottom());
        for (pos, color) in [(*point, above), (foot, below)] {
            area.vertices.push(Vertex {
                pos,
                uv: egui::epaint::WHITE_UV,
                color,
            });
        }
        if index > 0 {
            let at = 2 * index;
            area.add_triangle(at - 2, at - 1, at);
            area.add_triangle(at - 1, at, at + 1);
        }
    }
    ui.painter().add(Shape::mesh(area));
    ui.painter().add(Shape::Path(PathShape::line(
        run,
        Stroke::new(size::STROKE, color),
    )));
}

/// Bars, one for each tunnel: those that are up first.
pub fn tunnels(ui: &mut Ui, up: usize, total: usize, reachable: bool) -> Response {
    const SHOWN: usize = 6;
    const BAR: Vec2 = Vec2::new(7.0, 12.0);
    let tokens = ui.tokens();
    let shown = total.min(SHOWN);
    let width = (shown.max(1) as f32) * (BAR.x + 3.0);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, BAR.y), Sense::hover());
    let name = format!("{up} of {total} tunnels up");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    for index in 0..shown {
        let color = match (reachable, index < up) {
            (false, _) => tokens.track,
            (true, true) => tokens.ok,
            (true, false) => tokens.error,
        };
        let left = rect.left() + index as f32 * (BAR.x + 3.0);
        let bar = Rect::from_min_size(egui::pos2(left, rect.top()), BAR);
        ui.painter()
            .rect_filled(bar, CornerRadius::same(radius::BAR), color);
    }
    if total == 0 {
        ui.painter().hline(
            rect.left()..=rect.left() + BAR.x,
            rect.center().y,
            Stroke::new(size::LINE, tokens.text_3),
        );
    }
    if total > SHOWN {
        ui.words(Text::Caption, tokens.text_3, format!("+{}", total - SHOWN));
    }
    response.on_hover_text(name)
}
