//! The picture of the way: three boxes, and what connects them.

use egui::{
    CornerRadius, Painter, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};
use lucide_icons::Icon;

use super::stations::{Station, Way};
use crate::theme::{State, Text, Themed as _, radius, size, space};
use crate::widget::{galley, paint_icon, shape};

const HEIGHT: f32 = 76.0;
/// What a connection takes of the width: enough for its words, or for its mark alone.
const CONNECTION: f32 = 132.0;
const CONNECTION_NARROW: f32 = 44.0;
/// Below this width connections lose their words.
const WIDE: f32 = 720.0;
const MARK: f32 = 9.0;

/// Paints the way over the width that there is.
pub(super) fn show(ui: &mut Ui, way: &Way) {
    let width = ui.available_width();
    let gap = if width < WIDE {
        CONNECTION_NARROW
    } else {
        CONNECTION
    };
    let one = ((width - 2.0 * gap) / 3.0).max(0.0);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(width, HEIGHT), Sense::hover());
    let boxes = [
        (Icon::Cloud, "Cloud", &way.cloud),
        (Icon::Server, "Agent", &way.agent),
        (Icon::Database, "Back ends", &way.backends),
    ];
    let mut left = rect.left();
    for (index, (icon, name, station)) in boxes.into_iter().enumerate() {
        let place = Rect::from_min_size(Pos2::new(left, rect.top()), Vec2::new(one, HEIGHT));
        station_box(ui, place, icon, name, station);
        left = place.right() + gap;
        let between = Rect::from_min_max(place.right_top(), Pos2::new(left, rect.bottom()));
        match index {
            0 => connection(ui, between, &way.tunnels),
            1 => connection(ui, between, &way.network),
            _ => {}
        }
    }
}

fn station_box(ui: &Ui, rect: Rect, icon: Icon, name: &str, station: &Station) {
    let tokens = ui.tokens();
    let color = tokens.state(station.state);
    name_for_readers(ui, rect, name, station);
    let border = if station.state == State::Ok || station.state == State::Off {
        tokens.border_strong
    } else {
        color
    };
    let (corners, line) = (
        CornerRadius::same(radius::CARD),
        Stroke::new(size::LINE, border),
    );
    ui.painter()
        .rect(rect, corners, tokens.raised, line, StrokeKind::Inside);
    let painter = ui.painter().with_clip_rect(rect);
    let left = rect.left() + space::M;
    let room = rect.right() - space::M;
    let badge = Pos2::new(left + size::ICON / 2.0, rect.top() + 20.0);
    paint_icon(&painter, icon, badge, size::ICON, tokens.text_3);
    let text_left = left + size::ICON + space::S;
    line_of(
        ui,
        &painter,
        Pos2::new(text_left, badge.y),
        room,
        (Text::Caption, tokens.text_3),
        name,
    );
    shape(
        &painter,
        Pos2::new(room - MARK / 2.0, badge.y),
        MARK,
        station.state,
        color,
    );
    let what = Pos2::new(left, rect.top() + 41.0);
    line_of(
        ui,
        &painter,
        what,
        room,
        (Text::Strong, tokens.text),
        &station.what,
    );
    let note = Pos2::new(left, rect.top() + 60.0);
    let note_color = match station.state {
        State::Ok | State::Off => tokens.text_3,
        State::Warn | State::Error | State::Info | State::Pending => color,
    };
    line_of(
        ui,
        &painter,
        note,
        room,
        (Text::Small, note_color),
        &station.note,
    );
}

fn connection(ui: &Ui, rect: Rect, station: &Station) {
    let tokens = ui.tokens();
    let color = tokens.state(station.state);
    name_for_readers(ui, rect, &station.what, station);
    let inner = rect.shrink2(Vec2::new(space::XS, 0.0));
    let (y, middle) = (rect.center().y, rect.center().x);
    let reach = MARK / 2.0 + space::S;
    let is_broken = matches!(station.state, State::Error | State::Off);
    for side in [
        inner.left()..=middle - reach,
        middle + reach..=inner.right(),
    ] {
        let line = Stroke::new(size::FOCUS, color);
        if is_broken {
            let (from, to) = (Pos2::new(*side.start(), y), Pos2::new(*side.end(), y));
            ui.painter().extend(egui::Shape::dashed_line(
                &[from, to],
                line,
                space::XS,
                space::XS,
            ));
        } else {
            ui.painter().hline(side, y, line);
        }
    }
    shape(ui.painter(), rect.center(), MARK, station.state, color);
    if rect.width() < CONNECTION {
        return;
    }
    for (role, color, text, y) in [
        (Text::Strong, tokens.text_2, &station.what, y - space::L),
        (Text::Caption, tokens.text_3, &station.note, y + space::L),
    ] {
        let galley = galley(ui, role, color, text, inner.width());
        let at = Pos2::new(middle - galley.size().x / 2.0, y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, color);
    }
}

fn line_of(
    ui: &Ui,
    painter: &Painter,
    left_middle: Pos2,
    right: f32,
    (role, color): (Text, egui::Color32),
    text: &str,
) {
    let room = (right
        - left_middle.x
        - if role == Text::Caption {
            MARK + space::XS
        } else {
            0.0
        })
    .max(0.0);
    let galley = galley(ui, role, color, text, room);
    let at = Pos2::new(left_middle.x, left_middle.y - galley.size().y / 2.0);
    painter.galley(at, galley, color);
}

/// What eyes see as a picture, ears hear as a sentence.
fn name_for_readers(ui: &Ui, rect: Rect, name: &str, station: &Station) {
    let id = ui.scope_id().with(("station", name));
    let text = match station.what.as_str() {
        what if what == name => format!("{name}: {}", station.note),
        what => format!("{name}: {what}, {}", station.note),
    };
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &text));
    response.on_hover_text(text);
}
