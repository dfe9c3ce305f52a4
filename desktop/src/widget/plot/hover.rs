//! The pointer over a plot: the line at its time, the values there, and the part that it draws.

use egui::{
    CornerRadius, Key, LayerId, Order, Rect, Response, Shape, Stroke, StrokeKind, Ui, Vec2,
};
use egui_plot::PlotTransform;

use super::group::PlotGroup;
use super::ticks::time_told;
use super::{Plot, galley};
use crate::theme::{Text, Themed as _, radius, size, space};
use crate::times::Timed as _;

/// A drag shorter than this is a click.
const DRAG_MIN: f32 = 4.0;
/// How far one key press moves what is seen.
const STEP: f64 = 0.25;

/// Takes what the pointer and the keyboard do.
pub(super) fn act(ui: &Ui, group: &mut PlotGroup, response: &Response, transform: &PlotTransform) {
    let time = |x: f32| transform.value_from_position(egui::pos2(x, 0.0)).x;
    if response.double_clicked() {
        group.reset();
        group.drag = None;
        return;
    }
    if response.drag_started()
        && let Some(origin) = ui.input(|input| input.pointer.press_origin())
    {
        group.drag = Some((response.id, time(origin.x)));
    }
    if response.drag_stopped()
        && let Some((_, begun)) = group.drag.take()
        && let Some(end) = response.interact_pointer_pos()
    {
        let distance = (end.x - transform.position_from_point_x(begun)).abs();
        if distance >= DRAG_MIN {
            let end = time(end.x);
            group.zoom_to(begun.min(end), begun.max(end));
        }
    }
    if let Some(pointer) = response.hover_pos() {
        group.point(time(pointer.x));
        let (zoom, pan) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta().x));
        if (zoom - 1.0).abs() > f32::EPSILON {
            group.zoom_by(f64::from(zoom), time(pointer.x));
        }
        if pan.abs() > 0.0 {
            group.pan(f64::from(-pan / transform.frame().width()));
        }
    }
    if response.has_focus() {
        keys(ui, group);
    }
}

fn keys(ui: &Ui, group: &mut PlotGroup) {
    let pressed = |key: Key| ui.input(|input| input.key_pressed(key));
    let (from, to) = group.view();
    let middle = f64::midpoint(from, to);
    if pressed(Key::Plus) || pressed(Key::Equals) {
        group.zoom_by(2.0, middle);
    }
    if pressed(Key::Minus) {
        group.zoom_by(0.5, middle);
    }
    if pressed(Key::ArrowLeft) {
        group.pan(-STEP);
    }
    if pressed(Key::ArrowRight) {
        group.pan(STEP);
    }
    if pressed(Key::Num0) {
        group.reset();
    }
}

/// Paints the part that is being drawn, and the line at the pointer's time.
pub(super) fn paint(
    ui: &Ui,
    group: &PlotGroup,
    plot: &Plot<'_>,
    response: &Response,
    transform: &PlotTransform,
) {
    let (tokens, frame) = (ui.tokens(), *transform.frame());
    if let Some((id, begun)) = group.drag
        && id == response.id
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let from = transform.position_from_point_x(begun);
        let part = Rect::from_two_pos(
            egui::pos2(from, frame.top()),
            egui::pos2(pointer.x, frame.bottom()),
        )
        .intersect(frame);
        ui.painter()
            .rect_filled(part, 0.0, tokens.accent.gamma_multiply(0.18));
    }
    let Some(time) = group.cursor() else { return };
    let x = transform.position_from_point_x(time);
    if !frame.x_range().contains(x) {
        return;
    }
    let ends = [egui::pos2(x, frame.top()), egui::pos2(x, frame.bottom())];
    let line = Stroke::new(size::LINE, tokens.text_3);
    ui.painter()
        .extend(Shape::dashed_line(&ends, line, 3.0, 3.0));
    for track in plot.tracks {
        if group.is_hidden(&plot.key(track)) {
            continue;
        }
        if let Some(dot) = super::at(&track.dots, time, plot.step_ms) {
            let at = egui::pos2(x, transform.position_from_point_y(dot.value));
            ui.painter().circle_filled(at, 3.0, track.hue.color(tokens));
            let rim = Stroke::new(size::LINE, tokens.surface);
            ui.painter().circle_stroke(at, 3.5, rim);
        }
    }
    if response.hovered() {
        panel(ui, group, plot, time, egui::pos2(x, frame.top()), frame);
    }
}

/// The values at a time, beside the pointer.
fn panel(ui: &Ui, group: &PlotGroup, plot: &Plot<'_>, time: f64, at: egui::Pos2, frame: Rect) {
    const ROW: f32 = 18.0;
    let tokens = ui.tokens();
    let head = time_told(&ui.times(), time, plot.step_ms.min(3_600_000));
    let head = galley(ui, Text::Caption, tokens.text_2, &head, 220.0);
    let rows: Vec<_> = plot
        .tracks
        .iter()
        .filter(|track| !group.is_hidden(&plot.key(track)))
        .map(|track| {
            let value = plot.value(track, Some(time));
            (
                track.hue.color(tokens),
                galley(ui, Text::Small, tokens.text_2, &track.name, 150.0),
                galley(ui, Text::Caption, tokens.text, &value, 110.0),
            )
        })
        .collect();
    let names = rows.iter().map(|row| row.1.size().x).fold(0.0, f32::max);
    let values = rows.iter().map(|row| row.2.size().x).fold(0.0, f32::max);
    let width = (names + values + 14.0 + space::M).max(head.size().x) + 2.0 * space::S;
    let height = ROW * (rows.len() as f32 + 1.0) + space::S;
    // On the side with more room, so that the line under the pointer stays in view.
    let left = if at.x + space::M + width > frame.right() {
        at.x - space::M - width
    } else {
        at.x + space::M
    };
    let rect = Rect::from_min_size(
        egui::pos2(left, frame.top() + space::S),
        Vec2::new(width, height),
    );
    let layer = LayerId::new(Order::Tooltip, response_id(ui));
    let painter = ui.ctx().layer_painter(layer);
    painter.rect(
        rect,
        CornerRadius::same(radius::CONTROL),
        tokens.raised,
        Stroke::new(size::LINE, tokens.border_strong),
        StrokeKind::Inside,
    );
    let mut y = rect.top() + space::XS;
    painter.galley(
        egui::pos2(rect.left() + space::S, y + 2.0),
        head,
        tokens.text_2,
    );
    for (color, name, value) in rows {
        y += ROW;
        let middle = y + ROW / 2.0;
        painter.circle_filled(egui::pos2(rect.left() + space::S + 4.0, middle), 3.5, color);
        let place = egui::pos2(rect.left() + space::S + 14.0, middle - name.size().y / 2.0);
        painter.galley(place, name, tokens.text_2);
        let place = egui::pos2(
            rect.right() - space::S - value.size().x,
            middle - value.size().y / 2.0,
        );
        painter.galley(place, value, tokens.text);
    }
}

fn response_id(ui: &Ui) -> egui::Id {
    ui.scope_id().with("plot values")
}
