//! Which part of time plots are over.

use egui::{Context, Ui};
use jiff::civil::{Date, Time};
use lucide_icons::Icon;
use serde::{Deserialize, Serialize};

use crate::cx::Cx;
use crate::theme::space;
use crate::times::{Timed as _, Times};
use crate::widget::{Answer, Button, Dialog, Field, Words as _, segmented};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Points that a plot asks for: about one for each of its columns.
const POINTS: i64 = 600;
/// The finest steps that agents keep.
const FINE_MS: i64 = 15_000;

/// The last of some length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Span {
    /// Fifteen minutes.
    Quarter,
    /// An hour.
    Hour,
    /// Six hours.
    #[default]
    SixHours,
    /// A day.
    Day,
    /// A week.
    Week,
    /// Thirty days.
    Month,
    /// Ninety days.
    Season,
    /// A year.
    Year,
    /// Two years.
    TwoYears,
}

impl Span {
    /// All of them, with their words.
    pub const ALL: [(Self, &str); 9] = [
        (Self::Quarter, "15m"),
        (Self::Hour, "1h"),
        (Self::SixHours, "6h"),
        (Self::Day, "24h"),
        (Self::Week, "7d"),
        (Self::Month, "30d"),
        (Self::Season, "90d"),
        (Self::Year, "1y"),
        (Self::TwoYears, "2y"),
    ];

    const fn length(self) -> i64 {
        match self {
            Self::Quarter => 15 * MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::SixHours => 6 * HOUR_MS,
            Self::Day => DAY_MS,
            Self::Week => 7 * DAY_MS,
            Self::Month => 30 * DAY_MS,
            Self::Season => 90 * DAY_MS,
            Self::Year => 365 * DAY_MS,
            Self::TwoYears => 730 * DAY_MS,
        }
    }
}

/// A part of time, and how fine it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins, milliseconds UTC.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
    /// How long a step is at least, milliseconds.
    pub step: i64,
}

impl Window {
    /// From one time to another.
    pub fn between(from: i64, to: i64) -> Self {
        let step = ((to - from) / POINTS).max(FINE_MS);
        Self { from, to, step }
    }

    /// The last of some length; it moves on by whole steps alone, so that what was asked for is
    /// good for a while.
    pub fn last(span: Span, now_ms: i64) -> Self {
        let length = span.length();
        let step = (length / POINTS).max(FINE_MS);
        let every = step.min(5 * MINUTE_MS);
        let to = (now_ms.div_euclid(every) + 1) * every;
        Self {
            from: to - length,
            to,
            step,
        }
    }
}

/// A part of time that the operator named.
#[derive(Clone, Debug, Default)]
struct Custom {
    from: String,
    to: String,
}

/// The choice of the part of time.
#[derive(Debug, Default)]
pub struct WindowBar {
    custom: Option<(i64, i64)>,
    open: Option<Custom>,
}

impl WindowBar {
    /// The part of time that is chosen.
    pub fn window(&self, cx: &Cx<'_>) -> Window {
        match self.custom {
            Some((from, to)) => Window::between(from, to),
            None => Window::last(cx.prefs.span, cx.now_ms),
        }
    }

    /// Shows the choice.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let mut chosen = self.custom.is_none().then_some(cx.prefs.span);
        let choices = Span::ALL.map(|(span, word)| (Some(span), word));
        if segmented(ui, "Range of time", &mut chosen, &choices)
            && let Some(span) = chosen
        {
            self.custom = None;
            cx.prefs.span = span;
        }
        let times = ui.times();
        let words = self.custom.map_or("Custom…".to_owned(), |(from, to)| {
            format!("{} – {}", times.minute(from), times.minute(to))
        });
        let button = Button::ghost(&words)
            .icon(Icon::Clock)
            .selected(self.custom.is_some())
            .name("Custom range…");
        if ui.add(button).clicked() {
            let now = Window::last(cx.prefs.span, cx.now_ms);
            let (from, to) = self.custom.unwrap_or((now.from, cx.now_ms));
            self.open = Some(Custom {
                from: times.minute(from),
                to: times.minute(to),
            });
        }
        self.dialog(ui.ctx(), cx.now_ms);
    }

    fn dialog(&mut self, ctx: &Context, now_ms: i64) {
        let Some(open) = &mut self.open else { return };
        let times = ctx.times();
        let (from, to) = (parse(&times, &open.from), parse(&times, &open.to));
        let wrong = match (from, to) {
            (Some(from), Some(to)) if from >= to => Some("The end must be after the beginning"),
            (Some(from), Some(_)) if from >= now_ms => Some("Nothing is measured there yet"),
            (Some(_), Some(_)) => None,
            _ => Some("Write both times as 2026-03-02 09:30"),
        };
        let rule = |time: Option<i64>| time.is_none().then_some("must be like 2026-03-02 09:30");
        let answer = Dialog::new("range", "Custom range", "Show")
            .enabled_if(wrong.is_none(), wrong.unwrap_or_default())
            .show(ctx, |ui| {
                ui.paragraph(format!("Times are {}.", times.zone(now_ms)));
                ui.add_space(space::S);
                Field::new("From", &mut open.from)
                    .hint("2026-03-02 08:00")
                    .error(rule(from))
                    .mono()
                    .show(ui);
                Field::new("To", &mut open.to)
                    .hint("2026-03-02 09:30")
                    .error(rule(to).or(wrong.filter(|_| from.is_some())))
                    .mono()
                    .show(ui);
            });
        match (answer, from, to) {
            (Answer::Open, ..) => {}
            (Answer::Confirmed, Some(from), Some(to)) => {
                self.custom = Some((from, to));
                self.open = None;
            }
            _ => self.open = None,
        }
    }
}

/// Reads `2026-03-02 09:30`; the time may be missing.
fn parse(times: &Times, text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let day: Date = day.parse().ok()?;
    let (hour, minute) = time.split_once(':')?;
    let time = Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
    times.instant(day.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_772_443_800_000;

    #[test]
    fn times_are_read_as_they_are_written() {
        let times = Times::default();
        for at in [NOW, 0, NOW - 86_400_000] {
            assert_eq!(parse(&times, &times.minute(at)), Some(at));
        }
        assert_eq!(parse(&times, "1970-01-02"), Some(86_400_000));
        for wrong in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-30 00:00",
            "2026-02-01 25:00",
        ] {
            assert_eq!(parse(&times, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_window_stands_still_for_a_step() {
        for (span, _) in Span::ALL {
            let window = Window::last(span, NOW);
            assert_eq!(window.to - window.from, span.length());
            assert!(window.to > NOW && window.to - NOW <= 5 * MINUTE_MS);
            assert_eq!(Window::last(span, NOW + 1), window);
            assert!((window.to - window.from) / window.step <= POINTS);
        }
    }
}
