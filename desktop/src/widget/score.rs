//! A share of something good, as a ring with its number.

use egui::{Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo};

use super::galley;
use crate::theme::{State, Text, Themed as _};

const SIDE: f32 = 72.0;
const LINE: f32 = 7.0;
/// Pieces of a full ring; more are not seen.
const PIECES: usize = 72;

/// How many of all are well, in the colour of a state.
pub fn score(ui: &mut Ui, well: usize, all: usize, state: State, name: &str) {
    let tokens = ui.tokens();
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
    response
        .widget_info(|| WidgetInfo::labeled(Role::Meter, true, format!("{name}: {well} of {all}")));
    let (center, reach) = (rect.center(), SIDE / 2.0 - LINE / 2.0);
    ui.painter()
        .circle_stroke(center, reach, Stroke::new(LINE, tokens.pressed));
    let pieces = (PIECES * well.min(all)).checked_div(all).unwrap_or(0);
    let point = |piece: usize| {
        let turn =
            std::f32::consts::TAU * piece as f32 / PIECES as f32 - std::f32::consts::FRAC_PI_2;
        center + reach * Vec2::angled(turn)
    };
    if pieces > 0 {
        let line = (0..=pieces).map(point).collect();
        ui.painter()
            .add(Shape::line(line, Stroke::new(LINE, tokens.state(state))));
    }
    let number = galley(ui, Text::Heading, tokens.text, &well.to_string(), SIDE);
    let whole = galley(ui, Text::Caption, tokens.text_3, &format!("of {all}"), SIDE);
    let height = number.size().y + whole.size().y - 4.0;
    let top = center.y - height / 2.0;
    let at = egui::pos2(center.x - number.size().x / 2.0, top);
    let below = egui::pos2(center.x - whole.size().x / 2.0, top + number.size().y - 4.0);
    ui.painter().galley(at, number, tokens.text);
    ui.painter().galley(below, whole, tokens.text_3);
}
