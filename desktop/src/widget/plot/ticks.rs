//! Where the lines of a grid are, and what stands beside them.

use time::{Date, Month, OffsetDateTime};

use super::unit::Unit;

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

/// The lines of a time axis: how far they are apart, and where they are.
pub(super) fn times(from_ms: f64, to_ms: f64, width: f32) -> (i64, Vec<i64>) {
    let labels = f64::from((width / LABEL).max(1.0));
    let least = whole((to_ms - from_ms) / labels);
    let (from, to) = (whole(from_ms), whole(to_ms));
    match STEPS.into_iter().find(|step| *step >= least) {
        Some(step) => {
            // Weeks begin on Mondays; the first day of the count was a Thursday.
            let shift = if step >= 7 * DAY { 4 * DAY } else { 0 };
            let first = (from - shift).div_euclid(step) + i64::from((from - shift) % step != 0);
            let all = (first..).map(|at| at * step + shift);
            (step, all.take_while(|at| *at <= to).collect())
        }
        None => months(from, to, least),
    }
}

fn months(from: i64, to: i64, least: i64) -> (i64, Vec<i64>) {
    let step = MONTHS
        .into_iter()
        .find(|months| months * 30 * DAY >= least)
        .unwrap_or(12);
    let Some(begin) = moment(from) else {
        return (step * 30 * DAY, vec![]);
    };
    let mut number = i64::from(begin.year()) * 12 + i64::from(u8::from(begin.month())) - 1;
    number = number.div_euclid(step) * step;
    let mut all = vec![];
    while let Some(at) = start_of(number) {
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
fn start_of(number: i64) -> Option<i64> {
    let year = i32::try_from(number.div_euclid(12)).ok()?;
    let month = u8::try_from(number.rem_euclid(12) + 1).ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, 1).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp() * SECOND)
}

/// What stands at a line of the time axis.
pub(super) fn time_label(at_ms: i64, step_ms: i64) -> String {
    let Some(at) = moment(at_ms) else {
        return String::new();
    };
    let (date, time) = (at.date(), at.time());
    let month = month(date.month());
    if step_ms >= 28 * DAY {
        return match date.month() {
            Month::January => date.year().to_string(),
            _ if step_ms >= 180 * DAY => format!("{month} {}", date.year()),
            Month::February
            | Month::March
            | Month::April
            | Month::May
            | Month::June
            | Month::July
            | Month::August
            | Month::September
            | Month::October
            | Month::November
            | Month::December => month.to_owned(),
        };
    }
    if step_ms >= DAY || at_ms.rem_euclid(DAY) == 0 {
        return format!("{} {month}", date.day());
    }
    let minutes = format!("{:02}:{:02}", time.hour(), time.minute());
    if step_ms < MINUTE {
        format!("{minutes}:{:02}", time.second())
    } else {
        minutes
    }
}

/// A moment beside values: as exact as the steps are.
pub(super) fn time_told(at_ms: f64, step_ms: i64) -> String {
    let Some(at) = moment(whole(at_ms)) else {
        return String::new();
    };
    let (date, time) = (at.date(), at.time());
    let day = format!("{} {}", date.day(), month(date.month()));
    match step_ms {
        ..MINUTE => format!(
            "{day} {:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        ),
        MINUTE..DAY => format!("{day} {:02}:{:02}", time.hour(), time.minute()),
        _ => format!("{day} {}", date.year()),
    }
}

const fn month(month: Month) -> &'static str {
    match month {
        Month::January => "Jan",
        Month::February => "Feb",
        Month::March => "Mar",
        Month::April => "Apr",
        Month::May => "May",
        Month::June => "Jun",
        Month::July => "Jul",
        Month::August => "Aug",
        Month::September => "Sep",
        Month::October => "Oct",
        Month::November => "Nov",
        Month::December => "Dec",
    }
}

fn moment(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(SECOND)).ok()
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

    /// 2026-03-02 09:30 UTC, a Monday.
    const NOW: f64 = 1_772_443_800_000.0;

    fn labels(span: i64) -> Vec<String> {
        let (step, all) = times(NOW - span as f64, NOW, 450.0);
        all.iter().map(|at| time_label(*at, step)).collect()
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
        assert_eq!(time_told(NOW, SECOND), "2 Mar 09:30:00");
        assert_eq!(time_told(NOW, DAY), "2 Mar 2026");
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
