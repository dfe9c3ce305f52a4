//! When something is due again: the five fields of cron, read on a clock.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::serde_as_text;
use crate::schema::schema;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Days that are looked ahead: within them every date comes that there is, the 29th of February
/// over a year that is no leap year among them.
const DAYS_AHEAD: i64 = 8 * 366 + 1;
/// Bytes of an expression; one that lists all minutes has fewer.
const LEN_MAX: usize = 256;

/// The fields, with the numbers that they take, and names for these from the smallest on.
const FIELDS: [Field; 5] = [
    Field::new("minute", 0, 59, &[]),
    Field::new("hour", 0, 23, &[]),
    Field::new("day of the month", 1, 31, &[]),
    Field::new("month", 1, 12, &MONTHS),
    Field::new("day of the week", 0, 7, &WEEKDAYS),
];
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Seconds that a clock is ahead of UTC at a time, given in milliseconds since 1970 UTC.
pub type Ahead<'a> = &'a dyn Fn(i64) -> i64;

/// Which clock an expression is read on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CronClock {
    /// UTC, which never jumps.
    #[default]
    Utc,
    /// The clock of the agent's host, with its daylight saving time. Times that it skips in spring
    /// count as the moment of its jump; times that come twice in autumn count the first time only.
    Local,
}

impl CronClock {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Minutes by five fields: minute, hour, day of the month, month, day of the week (0 and 7 are
/// Sunday). Each is `*`, a number or name, a range `1-5`, steps `*/15`, or a list of these. A day
/// has to fit both fields of days, unless both are restricted: then one of them is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: Box<str>,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether one of two restricted fields of days is enough.
    either_day: bool,
}

/// A text that is no such expression.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidCron {
    /// Other than five fields.
    #[error(
        "must have five fields: minute, hour, day of the month, month, day of the week, such as 30 2 * * *"
    )]
    Fields,
    /// A field breaks its rule.
    #[error(
        "the {name} must be *, numbers from {least} to {most}, ranges such as {least}-{most}, steps such as */2, or a list of these"
    )]
    Field {
        /// Which.
        name: &'static str,
        /// Its smallest number.
        least: u8,
        /// Its largest number.
        most: u8,
    },
    /// No day fits.
    #[error("names a day that there is not within eight years")]
    Never,
}

/// One of the five.
struct Field {
    name: &'static str,
    least: u8,
    most: u8,
    names: &'static [&'static str],
}

impl Cron {
    /// The next time after `now_ms`, milliseconds since 1970 UTC, on a clock that is so far ahead
    /// of UTC.
    pub fn next_after(&self, now_ms: i64, ahead: Ahead<'_>) -> Option<i64> {
        let read = now_ms + ahead(now_ms) * 1_000;
        let today = read.div_euclid(DAY_MS);
        let days = (today..=today + DAYS_AHEAD).filter(|day| self.has_day(*day));
        // Of the first days nothing may be left; a clock never skips more than one.
        days.take(3).find_map(|day| {
            let minutes = (0..24 * 60).filter(|minute| self.has_minute(*minute));
            let shown = minutes.map(|minute| day * DAY_MS + minute * MINUTE_MS);
            // What the clock has shown already is past.
            let times = shown.filter(|shown| *shown > read);
            let mut times = times.map(|shown| when(shown, ahead));
            times.find(|time| *time > now_ms)
        })
    }

    fn has_day(&self, day: i64) -> bool {
        let (month, of_month) = month_and_day(day);
        // The first of January of 1970 was a Thursday.
        let of_week = (day + 4).rem_euclid(7);
        let has = |set: u64, number: i64| set >> number & 1 == 1;
        let (in_month, in_week) = (has(self.days, of_month), has(self.weekdays, of_week));
        let fits = if self.either_day {
            in_month || in_week
        } else {
            in_month && in_week
        };
        has(self.months, month) && fits
    }

    const fn has_minute(&self, minute: i64) -> bool {
        self.hours >> (minute / 60) & 1 == 1 && self.minutes >> (minute % 60) & 1 == 1
    }
}

/// When a clock first shows a time, or jumps over it.
fn when(shown: i64, ahead: Ahead<'_>) -> i64 {
    let (before, after) = (ahead(shown - DAY_MS), ahead(shown + DAY_MS));
    // Of a time that comes twice the first.
    let candidates = [before, after].map(|offset| (offset, shown - offset * 1_000));
    if let Some((_, time)) = candidates
        .into_iter()
        .find(|(at, time)| ahead(*time) == *at)
    {
        return time;
    }
    // The clock jumps between the two; it does so at a whole second.
    let [(_, mut still), (_, mut jumped)] = candidates;
    if still > jumped {
        (still, jumped) = (jumped, still);
    }
    while jumped - still > 1_000 {
        let middle = still + (jumped - still) / 2_000 * 1_000;
        if ahead(middle) == before {
            still = middle;
        } else {
            jumped = middle;
        }
    }
    jumped
}

/// Month and day of the month of a day since 1970.
fn month_and_day(day: i64) -> (i64, i64) {
    // Years begin with March, so that the odd day is the last one of its year.
    let day = day + 719_468;
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    ((month + 2) % 12 + 1, of_month)
}

impl FromStr for Cron {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split_ascii_whitespace().collect();
        if text.len() > LEN_MAX || parts.len() != FIELDS.len() {
            return Err(InvalidCron::Fields);
        }
        let mut sets = [0; 5];
        for ((part, field), set) in parts.iter().zip(&FIELDS).zip(&mut sets) {
            let Field {
                name, least, most, ..
            } = *field;
            let wrong = InvalidCron::Field { name, least, most };
            *set = field.read(part).ok_or(wrong)?;
        }
        let [minutes, hours, days, months, weekdays] = sets;
        let any = |at: usize| parts.get(at).is_some_and(|part| part.starts_with('*'));
        let cron = Self {
            text: parts.join(" ").into(),
            minutes,
            hours,
            days,
            months,
            // Both are Sunday.
            weekdays: weekdays | weekdays >> 7,
            either_day: !any(2) && !any(4),
        };
        let first = cron.next_after(0, &|_utc| 0);
        first.map(|_| cron).ok_or(InvalidCron::Never)
    }
}

impl Field {
    const fn new(name: &'static str, least: u8, most: u8, names: &'static [&'static str]) -> Self {
        Self {
            name,
            least,
            most,
            names,
        }
    }

    /// The numbers that a text stands for, as bits.
    fn read(&self, part: &str) -> Option<u64> {
        part.split(',').try_fold(0, |set, one| {
            let (range, step) = match one.split_once('/') {
                Some((range, step)) => (range, number(step).filter(|step| *step > 0)?),
                None => (one, 1),
            };
            let (from, to) = match range.split_once('-') {
                Some((from, to)) => (self.value(from)?, self.value(to)?),
                None if range == "*" => (self.least, self.most),
                None if one.contains('/') => (self.value(range)?, self.most),
                None => (self.value(range)?, self.value(range)?),
            };
            if from < self.least || to > self.most || from > to {
                return None;
            }
            let numbers = (from..=to).step_by(step.into());
            Some(numbers.fold(set, |set: u64, number| set | 1 << number))
        })
    }

    /// A number, or a name that stands for one.
    fn value(&self, text: &str) -> Option<u8> {
        let mut names = (self.least..).zip(self.names);
        let named = names.find(|(_, name)| name.eq_ignore_ascii_case(text));
        named.map(|(number, _)| number).or_else(|| number(text))
    }
}

fn number(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

serde_as_text!(Cron);
schema!(Cron = {
    "description": "Minute, hour, day of the month, month and day of the week, as cron has them.",
    "type": "string",
    "pattern": "^\\s*[0-9*,/-]+\\s+[0-9*,/-]+\\s+[0-9*,/-]+\\s+[0-9A-Za-z*,/-]+\\s+[0-9A-Za-z*,/-]+\\s*$",
    "maxLength": LEN_MAX,
});

#[cfg(test)]
mod tests {
    use super::*;

    /// The first of January of 2026, a Thursday.
    const NEW_YEAR: i64 = 1_767_225_600_000;

    fn next(text: &str, after: i64) -> i64 {
        let cron: Cron = text.parse().unwrap();
        assert_eq!(cron.to_string(), text);
        cron.next_after(after, &|_utc| 0).unwrap()
    }

    /// A time of 2026 in UTC, by the number of its day.
    const fn at(day: i64, hour: i64, minute: i64) -> i64 {
        NEW_YEAR + (day - 1) * DAY_MS + (hour * 60 + minute) * MINUTE_MS
    }

    #[test]
    fn times_come_as_cron_has_them() {
        assert_eq!(next("30 2 * * *", NEW_YEAR), at(1, 2, 30));
        assert_eq!(next("30 2 * * *", at(1, 2, 30)), at(2, 2, 30));
        assert_eq!(next("30 2 * * *", at(1, 2, 30) - 1), at(1, 2, 30));
        assert_eq!(next("*/15 * * * *", at(1, 0, 46)), at(1, 1, 0));
        assert_eq!(next("0 22-23,4 * * *", at(1, 4, 0)), at(1, 22, 0));
        assert_eq!(next("7/20 * * * *", at(1, 0, 30)), at(1, 0, 47));
        assert_eq!(next("0 0 1 mar *", NEW_YEAR), at(60, 0, 0));
        // Sunday the 4th, by all of its names.
        for sunday in ["0", "7", "SUN", "sun"] {
            assert_eq!(next(&format!("0 6 * * {sunday}"), NEW_YEAR), at(4, 6, 0));
        }
        assert_eq!(next("0 6 * * Mon-Fri", at(2, 7, 0)), at(5, 6, 0));
        // The 13th, or a Friday.
        assert_eq!(next("0 0 13 * 5", NEW_YEAR), at(2, 0, 0));
        assert_eq!(next("0 0 13 * 5", at(10, 0, 0)), at(13, 0, 0));
        // A leap day: 2028.
        assert_eq!(next("0 0 29 2 *", NEW_YEAR), at(790, 0, 0));
        assert_eq!(next("59 23 31 12 *", 0), 364 * DAY_MS + 1_439 * MINUTE_MS);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "+1 * * * *",
            "a * * * *",
            "1, * * * *",
            "-1 * * * *",
            "1-2-3 * * * *",
            "@daily",
            "MON * * * *",
            "* * * MON *",
            "* * * * JAN",
        ] {
            assert!(wrong.parse::<Cron>().is_err(), "{wrong}");
        }
        assert_eq!("0 0 31 2 *".parse::<Cron>(), Err(InvalidCron::Never));
        let hour = "0 24 * * *".parse::<Cron>().unwrap_err().to_string();
        assert!(
            hour.starts_with("the hour must be *, numbers from 0 to 23"),
            "{hour}"
        );
    }

    /// Central Europe in 2026: ahead by two hours from the 29th of March, 1:00 UTC, to the 25th of
    /// October, 1:00 UTC.
    fn berlin(utc: i64) -> i64 {
        let summer = at(88, 1, 0)..at(298, 1, 0);
        if summer.contains(&utc) { 7_200 } else { 3_600 }
    }

    #[test]
    fn a_clock_that_jumps_loses_no_run_and_makes_none_twice() {
        let local = |text: &str, after| {
            let cron: Cron = text.parse().unwrap();
            cron.next_after(after, &berlin).unwrap()
        };
        // Winter and summer.
        assert_eq!(local("30 2 * * *", NEW_YEAR), at(1, 1, 30));
        assert_eq!(local("30 2 * * *", at(100, 12, 0)), at(101, 0, 30));
        // 2:30 does not come on the day of the jump: it counts as 3:00, which is 1:00 UTC.
        assert_eq!(local("30 2 * * *", at(87, 12, 0)), at(88, 1, 0));
        assert_eq!(local("30 2 * * *", at(88, 1, 0)), at(89, 0, 30));
        assert_eq!(local("*/30 2,3 * * *", at(87, 12, 0)), at(88, 1, 0));
        assert_eq!(local("*/30 2,3 * * *", at(88, 1, 0)), at(88, 1, 30));
        // 2:30 comes twice, at 0:30 and at 1:30 UTC.
        assert_eq!(local("30 2 * * *", at(297, 12, 0)), at(298, 0, 30));
        assert_eq!(local("30 2 * * *", at(298, 0, 30)), at(299, 1, 30));
        assert_eq!(local("30 2 * * *", at(298, 1, 15)), at(299, 1, 30));
        // Every run of a year is later than the one before.
        let cron: Cron = "*/20 * * * *".parse().unwrap();
        let (mut time, mut runs) = (NEW_YEAR, 0);
        while let Some(next) = cron
            .next_after(time, &berlin)
            .filter(|one| *one < at(366, 0, 0))
        {
            assert!(next > time && next - time <= 80 * MINUTE_MS, "{next}");
            (time, runs) = (next, runs + 1);
        }
        // Of a whole year, less the hour that comes twice, and without the start itself.
        assert_eq!(runs, 365 * 72 - 3 - 1);
    }
}
