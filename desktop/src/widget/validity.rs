//! How long certificates are good: as a bar, and as a line of time.

use egui::{CornerRadius, Rangef, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::pill::shape;
use super::{Words as _, galley};
use crate::text;
use crate::theme::{State, Text, Themed as _, radius, size, space};
use crate::times::Timed as _;

const DAY_MS: i64 = 86_400_000;
/// Fewer days than this are an error ...
const SOON_DAYS: i64 = 7;
/// ... and fewer than this a warning.
const NEAR_DAYS: i64 = 30;
const BAR: f32 = 6.0;

/// A certificate on a line of time.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub note: String,
    /// When it ends, milliseconds UTC.
    pub until_ms: i64,
    /// Whether it is renewed by itself.
    pub renews: bool,
}

/// Whole days from now until a moment; negative when it is past.
fn days(now_ms: i64, until_ms: i64) -> i64 {
    until_ms.saturating_sub(now_ms).div_euclid(DAY_MS)
}

/// How an end is to be taken.
pub fn ending(now_ms: i64, until_ms: i64) -> State {
    match days(now_ms, until_ms) {
        ..SOON_DAYS => State::Error,
        SOON_DAYS..NEAR_DAYS => State::Warn,
        _ => State::Ok,
    }
}

/// What is left, in words.
pub fn days_word(now_ms: i64, until_ms: i64) -> String {
    match days(now_ms, until_ms) {
        ..0 => "Expired".to_owned(),
        0 => "Ends today".to_owned(),
        1 => "1 day left".to_owned(),
        many => format!(
            "{} days left",
            text::count(usize::try_from(many).unwrap_or(usize::MAX))
        ),
    }
}

/// From when until when something is good, and where now is.
pub fn validity(ui: &mut Ui, now_ms: i64, from_ms: i64, until_ms: i64) {
    let tokens = ui.tokens();
    let state = ending(now_ms, until_ms);
    let word = days_word(now_ms, until_ms);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), BAR + 4.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, format!("Validity, {word}")));
    let bar = Rect::from_center_size(rect.center(), Vec2::new(rect.width(), BAR));
    let corners = CornerRadius::same(radius::BAR);
    ui.painter().rect_filled(bar, corners, tokens.pressed);
    let whole = until_ms.saturating_sub(from_ms).max(1) as f32;
    let share = (now_ms.saturating_sub(from_ms) as f32 / whole).clamp(0.0, 1.0);
    let x = bar.left() + bar.width() * share;
    let left = Rect::from_min_max(egui::pos2(x, bar.top()), bar.max);
    ui.painter().rect_filled(left, corners, tokens.state(state));
    if share >= 1.0 {
        ui.painter()
            .rect_filled(bar, corners, tokens.state_fill(state));
    }
    ui.painter().circle(
        egui::pos2(
            x.min(bar.right() - 3.0).max(bar.left() + 3.0),
            bar.center().y,
        ),
        4.0,
        tokens.surface,
        Stroke::new(size::STROKE_STRONG, tokens.text_2),
    );
    ui.spacing_mut().interact_size.y = 0.0;
    ui.horizontal(|ui| {
        let times = ui.times();
        ui.quiet(times.day(from_ms))
            .on_hover_text(times.both(from_ms));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.quiet(times.day(until_ms))
                .on_hover_text(times.both(until_ms));
            ui.with_layout(egui::Layout::top_down(egui::Align::Center), |ui| {
                ui.words(Text::Caption, tokens.state(state), word);
            });
        });
    });
}

/// The marks of the line: days from now, and their words. Far ends stand close together.
const MARKS: [(i64, &str); 7] = [
    (0, "Today"),
    (30, "30 d"),
    (90, "90 d"),
    (180, "6 mo"),
    (365, "1 y"),
    (730, "2 y"),
    (FAR_DAYS, "4 y+"),
];
/// What lies farther stands at the end of the line.
const FAR_DAYS: i64 = 1_460;

/// Where a number of days stands between 0 and 1.
fn place(days: f32) -> f32 {
    (days.max(0.0) / FAR_DAYS as f32).sqrt().min(1.0)
}

/// The room of names before the line, of days behind it, and the height of one row.
const NAME: f32 = 210.0;
const DAYS: f32 = 100.0;
const ROW: f32 = 26.0;

/// Ends of certificates on a line of time, one below the other; the caller sorts them.
pub fn timeline(ui: &mut Ui, now_ms: i64, spans: &[Span]) {
    let tokens = ui.tokens();
    let width = ui.available_width();
    let (head, _) = ui.allocate_exact_size(Vec2::new(width, 18.0), Sense::hover());
    let height = ROW * spans.len() as f32;
    let line = Rangef::new(
        head.left() + NAME.min(width * 0.34) + space::M,
        head.right() - DAYS - space::M,
    );
    for (days, word) in MARKS {
        let at = egui::lerp(line, place(days as f32));
        let word = galley(ui, Text::Caption, tokens.text_3, word, 60.0);
        let left = (at - word.size().x / 2.0).max(line.min);
        ui.painter()
            .galley(egui::pos2(left, head.top()), word, tokens.text_3);
        let color = if days == 0 {
            tokens.accent_text
        } else {
            tokens.border
        };
        let reach = head.bottom()..=head.bottom() + height;
        ui.painter()
            .vline(at, reach, Stroke::new(size::LINE, color));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    for span in spans {
        one(ui, now_ms, span, line);
    }
}

/// One certificate on the line.
fn one(ui: &mut Ui, now_ms: i64, span: &Span, line: Rangef) {
    let tokens = ui.tokens();
    let size = Vec2::new(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let state = ending(now_ms, span.until_ms);
    let word = days_word(now_ms, span.until_ms);
    let name = format!("{}, {word}", span.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &name));
    let y = rect.center().y;
    let room = line.min - rect.left() - space::M;
    let text = galley(ui, Text::Body, tokens.text, &span.name, room);
    let at = egui::pos2(rect.left(), y - text.size().y / 2.0);
    ui.painter().galley(at, text, tokens.text);
    let days_left = span.until_ms.saturating_sub(now_ms) as f32 / DAY_MS as f32;
    let end = egui::lerp(line, place(days_left));
    let bar = Rect::from_min_max(
        egui::pos2(line.min, y - 2.0),
        egui::pos2(end.max(line.min + 2.0), y + 2.0),
    );
    let color = if span.renews && state == State::Ok {
        tokens.off
    } else {
        tokens.state(state)
    };
    ui.painter().rect_filled(
        bar,
        CornerRadius::same(radius::BAR),
        color.gamma_multiply(0.55),
    );
    shape(ui.painter(), egui::pos2(end, y), 9.0, state, color);
    let word = galley(ui, Text::Small, tokens.state(state), &word, DAYS);
    let at = egui::pos2(rect.right() - word.size().x, y - word.size().y / 2.0);
    ui.painter().galley(at, word, tokens.text_2);
    let renews = if span.renews {
        " · renewed by itself"
    } else {
        ""
    };
    let until = ui.times().when(span.until_ms);
    response.on_hover_text(format!("{} · until {until}{renews}", span.note));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_have_their_state() {
        let now = 1_000 * DAY_MS;
        for (until, word, state) in [
            (now - 1, "Expired", State::Error),
            (now + 1, "Ends today", State::Error),
            (now + DAY_MS, "1 day left", State::Error),
            (now + 7 * DAY_MS, "7 days left", State::Warn),
            (now + 30 * DAY_MS, "30 days left", State::Ok),
        ] {
            assert_eq!(
                (days_word(now, until).as_str(), ending(now, until)),
                (word, state)
            );
        }
        assert!(place(-3.0) <= 0.0 && place(1e9) >= 1.0);
    }
}
