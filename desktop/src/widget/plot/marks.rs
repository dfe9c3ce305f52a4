//! What stands beside the lines: limits, and what happened meanwhile.

use egui::{Align2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo};
use egui_plot::PlotTransform;

use super::super::pill::shape;
use super::super::{Words as _, galley};
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;

/// A limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// Where it is.
    pub value: f64,
    /// What it is.
    pub label: String,
    /// How bad it is to be beyond.
    pub state: State,
}

/// Something that happened: a moment, or a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When it began, milliseconds UTC.
    pub at_ms: i64,
    /// When it ended, for what has a length; the future for what lasts.
    pub until_ms: Option<i64>,
    /// How it is meant.
    pub state: State,
    /// What it is.
    pub title: String,
    /// More about it.
    pub text: String,
}

const DASH: f32 = 4.0;
const GAP: f32 = 3.0;
const SIGN: f32 = 8.0;

/// Paints limits over the lines.
pub(super) fn thresholds(ui: &Ui, all: &[Threshold], transform: &PlotTransform, top: f64) {
    let (tokens, frame) = (ui.tokens(), *transform.frame());
    for one in all.iter().filter(|one| one.value <= top) {
        let color = tokens.state(one.state);
        let y = transform.position_from_point_y(one.value);
        let ends = [egui::pos2(frame.left(), y), egui::pos2(frame.right(), y)];
        let line = Stroke::new(size::LINE, color);
        let painter = ui.painter().with_clip_rect(frame);
        painter.extend(Shape::dashed_line(&ends, line, DASH, GAP));
        let text = galley(ui, Text::Caption, color, &one.label, frame.width() / 2.0);
        let room = text.size() + Vec2::new(space::S, 2.0);
        let anchor = egui::pos2(frame.right() - 2.0, y - 2.0);
        // Below the line where there is no room above it.
        let place = if y - room.y < frame.top() {
            Align2::RIGHT_TOP.anchor_size(egui::pos2(anchor.x, y + 2.0), room)
        } else {
            Align2::RIGHT_BOTTOM.anchor_size(anchor, room)
        };
        let ground = tokens.surface.gamma_multiply(0.8);
        ui.painter().rect_filled(place, 3.0, ground);
        let at = place.center() - text.size() / 2.0;
        ui.painter().galley(at, text, color);
    }
}

/// Paints the ground of what lasted, behind the lines.
pub(super) fn grounds(ui: &Ui, all: &[Mark], transform: &PlotTransform) {
    let (tokens, frame) = (ui.tokens(), *transform.frame());
    for one in all {
        let Some(until) = one.until_ms else { continue };
        let left = transform.position_from_point_x(one.at_ms as f64);
        let right = transform.position_from_point_x(until as f64);
        let ground = Rect::from_x_y_ranges(left..=right.max(left + 1.0), frame.y_range());
        let seen = ground.intersect(frame);
        if seen.is_positive() {
            let color = tokens.state(one.state).gamma_multiply(0.09);
            ui.painter().rect_filled(seen, 0.0, color);
        }
    }
}

/// Signs that would lie on each other are one.
const APART: f32 = SIGN + 3.0;

/// The signs from left to right, those that lie on each other together.
fn gathered<'a>(all: &'a [Mark], transform: &PlotTransform) -> Vec<(f32, Vec<&'a Mark>)> {
    let frame = transform.frame();
    let place = |one: &Mark| transform.position_from_point_x(one.at_ms as f64);
    let mut seen: Vec<(f32, &Mark)> = all.iter().map(|one| (place(one), one)).collect();
    seen.retain(|(x, _)| frame.x_range().contains(*x));
    seen.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut groups: Vec<(f32, Vec<&Mark>)> = vec![];
    for (x, one) in seen {
        match groups.last_mut().filter(|(before, _)| x - before < APART) {
            Some((_, group)) => group.push(one),
            None => groups.push((x, vec![one])),
        }
    }
    groups
}

/// The state that a sign of several shows.
fn worst(group: &[&Mark]) -> State {
    let order = [State::Error, State::Warn, State::Info];
    let has = |state: &State| group.iter().any(|one| one.state == *state);
    order.into_iter().find(has).unwrap_or(State::Off)
}

/// Marks that a sign of several tells of; nobody reads more.
const TOLD: usize = 6;

/// Paints what happened as lines with a sign at their head, which tells more under the pointer.
pub(super) fn marks(ui: &mut Ui, all: &[Mark], transform: &PlotTransform, id: egui::Id) {
    let (tokens, frame) = (ui.tokens(), *transform.frame());
    for (at, (x, group)) in gathered(all, transform).into_iter().enumerate() {
        let state = worst(&group);
        let color = tokens.state(state);
        let ends = [
            egui::pos2(x, frame.top() + SIGN),
            egui::pos2(x, frame.bottom()),
        ];
        let line = Stroke::new(size::LINE, color.gamma_multiply(0.75));
        ui.painter()
            .extend(Shape::dashed_line(&ends, line, DASH, GAP));
        let center = egui::pos2(x, frame.top() + SIGN / 2.0);
        shape(ui.painter(), center, SIGN, state, color);
        let area = Rect::from_center_size(center, Vec2::splat(SIGN + 6.0));
        let sign = ui.interact(area, id.with(("mark", at)), Sense::hover());
        let name = match group.as_slice() {
            [one] => one.title.clone(),
            many => crate::text::plural(many.len(), "event"),
        };
        sign.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
        sign.on_hover_ui(|ui| {
            ui.set_max_width(size::POPUP);
            for one in group.iter().take(TOLD) {
                ui.bold(one.title.as_str());
                if !one.text.is_empty() && group.len() == 1 {
                    ui.paragraph(one.text.as_str());
                }
                ui.quiet(ui.times().when(one.at_ms));
            }
            if group.len() > TOLD {
                ui.quiet(format!("and {} more", group.len() - TOLD));
            }
        });
    }
}
