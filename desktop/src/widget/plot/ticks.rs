//! Where the lines of a grid are, and what stands beside them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::unit::Unit;
use crate::times::Times;

/// A label of the time axis has so much room, points.
const LABEL: f32 = 88.0;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps of the time axis up to those of whole months.
const STEPS: [i64; 19] = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];

/// Months between labels beyond that.
const MONTHS: [i64; 5] = [1, 2, 3, 6, 12];

/// The lines of a time axis: how far they are apart, and where they are. They stand at full hours
/// and days of the clock that is shown.
pub(super) fn times(clock: &Times, from_ms: f64, to_ms: f64, width: f32) -> (i64, Vec<i64>) {
    let labels = f64::from((width / LABEL).max(1.0));
    let least = whole((to_ms - from_ms) / labels);
    let (from, to) = (whole(from_ms), whole(to_ms));
    let Some(step) = STEPS.into_iter().find(|step| *step >= least) else {
        return months(clock, from, to, least);
    };
    let Some(begin) = clock.civil(from).and_then(wall) else {
        return (step, vec![]);
    };
    // Weeks begin on Mondays; the first day of the count was a Thursday.
    let shift = if step >= 7 * DAY { 4 * DAY } else { 0 };
    let first = (begin - shift).div_euclid(step);
    let all = (first..).map_while(|at| clock.instant(of_wall(at * step + shift)?));
    let mut all: Vec<i64> = all.take_while(|at| *at <= to).collect();
    all.retain(|at| *at >= from);
    // Where a clock is put back it shows some times twice.
    all.dedup();
    (step, all)
}

/// What a clock on the wall shows, as milliseconds of its own count.
fn wall(civil: DateTime) -> Option<i64> {
    let at = TimeZone::UTC.to_timestamp(civil).ok()?;
    Some(at.as_millisecond())
}

fn of_wall(ms: i64) -> Option<DateTime> {
    let at = Timestamp::from_millisecond(ms).ok()?;
    Some(TimeZone::UTC.to_datetime(at))
}

fn months(clock: &Times, from: i64, to: i64, least: i64) -> (i64, Vec<i64>) {
    let step = MONTHS
        .into_iter()
        .find(|months| months * 30 * DAY >= least)
        .unwrap_or(12);
    let Some(begin) = clock.civil(from) else {
        return (step * 30 * DAY, vec![]);
    };
    let mut number = i64::from(begin.year()) * 12 + i64::from(begin.month()) - 1;
    number = number.div_euclid(step) * step;
    let mut all = vec![];
    while let Some(at) = start_of(number).and_then(|begin| clock.instant(begin)) {
        if at > to {
            break;
        }
        if at >= from {
            all.push(at);
        }
        number += step;
    }
    (step * 30 * DAY, all)
}

/// The first moment of a month, counted from the year 0.
fn start_of(number: i64) -> Option<DateTime> {
    let year = i16::try_from(number.div_euclid(12)).ok()?;
    let month = i8::try_from(number.rem_euclid(12) + 1).ok()?;
    let date = Date::new(year, month, 1).ok()?;
    Some(date.to_datetime(Time::midnight()))
}

/// What stands at a line of the time axis.
pub(super) fn time_label(clock: &Times, at_ms: i64, step_ms: i64) -> String {
    let Some(at) = clock.civil(at_ms) else {
        return String::new();
    };
    let month = month(at.month());
    if step_ms >= 28 * DAY {
        return match at.month() {
            1 => at.year().to_string(),
            _ if step_ms >= 180 * DAY => format!("{month} {}", at.year()),
            _ => month.to_owned(),
        };
    }
    if step_ms >= DAY || at.time() == Time::midnight() {
        return format!("{} {month}", at.day());
    }
    let minutes = format!("{:02}:{:02}", at.hour(), at.minute());
    if step_ms < MINUTE {
        format!("{minutes}:{:02}", at.second())
    } else {
        minutes
    }
}

/// A moment beside values: as exact as the steps are.
pub(super) fn time_told(clock: &Times, at_ms: f64, step_ms: i64) -> String {
    let Some(at) = clock.civil(whole(at_ms)) else {
        return String::new();
    };
    let day = format!("{} {}", at.day(), month(at.month()));
    let minutes = format!("{day} {:02}:{:02}", at.hour(), at.minute());
    match step_ms {
        ..MINUTE => format!("{minutes}:{:02}", at.second()),
        MINUTE..DAY => minutes,
        _ => format!("{day} {}", at.year()),
    }
}

fn month(number: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let at = usize::try_from(number - 1).unwrap_or_default();
    NAMES.get(at).copied().unwrap_or_default()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "times fit, and beyond them they saturate"
)]
const fn whole(value: f64) -> i64 {
    value as i64
}

/// How far the lines of the value axis are apart, and where it ends.
pub(super) fn values(unit: Unit, most: f64, lines: usize) -> (f64, f64) {
    if most <= 0.0 || !most.is_finite() {
        let top = match unit {
            Unit::Seconds => 0.1,
            Unit::Bytes | Unit::ByteRate => 1_024.0,
            Unit::Count | Unit::Rate | Unit::Share => 1.0,
        };
        return (top / 2.0, top);
    }
    let least = most / lines.max(1) as f64;
    let base = unit.base();
    let mut power = base.powf(least.log(base).floor());
    let mut step = least;
    'found: for _ in 0..2 {
        for factor in [
            1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0, 200.0, 250.0, 500.0,
        ] {
            if power * factor >= least * 0.999 {
                step = power * factor;
                break 'found;
            }
        }
        power *= base;
    }
    (step, (most / step * 0.999).ceil().max(1.0) * step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::times::ShownClock;

    /// 2026-03-02 09:30 UTC, a Monday.
    const NOW: f64 = 1_772_443_800_000.0;

    fn labels(span: i64) -> Vec<String> {
        labels_of(&Times::default(), span, NOW)
    }

    fn labels_of(clock: &Times, span: i64, end: f64) -> Vec<String> {
        let (step, all) = times(clock, end - span as f64, end, 450.0);
        let told = all.iter().map(|at| time_label(clock, *at, step));
        told.collect()
    }

    #[test]
    fn times_are_told_as_the_range_needs() {
        assert_eq!(labels(15 * MINUTE), ["09:15", "09:20", "09:25", "09:30"]);
        assert_eq!(
            labels(MINUTE),
            ["09:29:00", "09:29:15", "09:29:30", "09:29:45", "09:30:00"]
        );
        assert_eq!(labels(DAY), ["12:00", "18:00", "2 Mar", "06:00"]);
        assert_eq!(labels(7 * DAY), ["24 Feb", "26 Feb", "28 Feb", "2 Mar"]);
        assert_eq!(labels(28 * DAY), ["9 Feb", "16 Feb", "23 Feb", "2 Mar"]);
        assert_eq!(labels(365 * DAY), ["Apr", "Jul", "Oct", "2026"]);
        assert_eq!(labels(730 * DAY), ["Jul 2024", "2025", "Jul 2025", "2026"]);
        let clock = Times::default();
        assert_eq!(time_told(&clock, NOW, SECOND), "2 Mar 09:30:00");
        assert_eq!(time_told(&clock, NOW, DAY), "2 Mar 2026");
    }

    #[test]
    fn lines_stand_at_full_hours_and_days_of_the_clock_that_is_shown() {
        let kolkata = TimeZone::posix("IST-5:30").unwrap();
        let kolkata = Times::new(kolkata, ShownClock::Local);
        assert_eq!(
            labels_of(&kolkata, DAY, NOW),
            ["18:00", "2 Mar", "06:00", "12:00"]
        );
        assert_eq!(time_told(&kolkata, NOW, SECOND), "2 Mar 15:00:00");
        // Over the night in which the clocks are put back.
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let berlin = Times::new(berlin, ShownClock::Local);
        let end = berlin.instant(jiff::civil::date(2026, 10, 27).at(12, 0, 0, 0));
        let end = end.unwrap() as f64;
        assert_eq!(
            labels_of(&berlin, 3 * DAY, end),
            ["25 Oct", "26 Oct", "27 Oct"]
        );
    }

    #[test]
    fn lines_of_values_are_round_and_hold_the_greatest() {
        for (unit, most, step, top) in [
            (Unit::Rate, 4_700.0, 2_000.0, 6_000.0),
            (Unit::Rate, 1.0, 0.5, 1.0),
            (Unit::Share, 0.61, 0.25, 0.75),
            (
                Unit::Bytes,
                300.0 * 1_048_576.0,
                100.0 * 1_048_576.0,
                300.0 * 1_048_576.0,
            ),
            (Unit::Seconds, 0.231, 0.1, 0.3),
            (Unit::Count, 0.0, 0.5, 1.0),
        ] {
            let (found, end) = values(unit, most, 3);
            assert!(
                (found - step).abs() < step * 1e-9,
                "{unit:?} {most}: {found}"
            );
            assert!((end - top).abs() < top * 1e-9, "{unit:?} {most}: {end}");
        }
        assert_eq!(values(Unit::Count, f64::NAN, 3), (0.5, 1.0));
    }
}
