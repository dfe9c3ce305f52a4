//! Moments as the operator's clock shows them: in the zone of this computer, or in UTC.
//!
//! What is written to files for others is in UTC always; see [`underpass_runtime::clock::rfc3339`].

use egui::{Context, Id};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What stands for a moment that no calendar has.
const NONE: &str = "–";

/// By which clock moments are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShownClock {
    /// That of this computer.
    #[default]
    Local,
    /// That of all computers.
    Utc,
}

/// Tells moments, milliseconds UTC.
#[derive(Clone, Debug)]
pub struct Times {
    zone: TimeZone,
    /// The clock that is not chosen, for who wants to know.
    other: TimeZone,
}

impl Times {
    /// By one of the two clocks, where this computer is in the zone `local`.
    pub fn new(local: TimeZone, shown: ShownClock) -> Self {
        match shown {
            ShownClock::Local => Self {
                zone: local,
                other: TimeZone::UTC,
            },
            ShownClock::Utc => Self {
                zone: TimeZone::UTC,
                other: local,
            },
        }
    }

    /// Day and time to the second, and the zone.
    pub fn when(&self, ms: i64) -> String {
        told(ms, &self.zone, "%Y-%m-%d %H:%M:%S %Z")
    }

    /// The same by both clocks, a line each; one where they are the same.
    pub fn both(&self, ms: i64) -> String {
        let shown = self.when(ms);
        let other = told(ms, &self.other, "%Y-%m-%d %H:%M:%S %Z");
        if shown == other {
            shown
        } else {
            format!("{shown}\n{other}")
        }
    }

    /// Day and time to the second, for columns.
    pub fn plain(&self, ms: i64) -> String {
        told(ms, &self.zone, "%Y-%m-%d %H:%M:%S")
    }

    /// Day and time to the minute, as they are typed.
    pub fn minute(&self, ms: i64) -> String {
        told(ms, &self.zone, "%Y-%m-%d %H:%M")
    }

    /// The day.
    pub fn day(&self, ms: i64) -> String {
        told(ms, &self.zone, "%Y-%m-%d")
    }

    /// The time, to the millisecond.
    pub fn clock(&self, ms: i64) -> String {
        told(ms, &self.zone, "%H:%M:%S%.3f")
    }

    /// How the zone is called at that time.
    pub fn zone(&self, ms: i64) -> String {
        told(ms, &self.zone, "%Z")
    }

    /// What a calendar and a clock on the wall show.
    pub fn civil(&self, ms: i64) -> Option<DateTime> {
        let at = Timestamp::from_millisecond(ms).ok()?;
        Some(self.zone.to_datetime(at))
    }

    /// When a calendar and a clock on the wall show this. Where a clock is put back and shows it
    /// twice that is the first time; where it is put forward and skips it, as much later.
    pub fn instant(&self, civil: DateTime) -> Option<i64> {
        let at = self.zone.to_timestamp(civil).ok()?;
        Some(at.as_millisecond())
    }
}

impl Default for Times {
    fn default() -> Self {
        Self::new(TimeZone::UTC, ShownClock::Utc)
    }
}

fn told(ms: i64, zone: &TimeZone, how: &str) -> String {
    let at = Timestamp::from_millisecond(ms).map(|at| at.to_zoned(zone.clone()));
    at.map_or(NONE.to_owned(), |at| at.strftime(how).to_string())
}

fn id() -> Id {
    Id::unique("times")
}

/// Gives the clock that is chosen.
pub trait Timed {
    /// The clock that is chosen.
    fn times(&self) -> Times;
}

impl Timed for Context {
    fn times(&self) -> Times {
        let known = self.data(|data| data.get_temp(id()));
        known.unwrap_or_default()
    }
}

/// Tells all moments by this clock from now on.
pub fn set_times(ctx: &Context, times: Times) {
    ctx.data_mut(|data| data.insert_temp(id(), times));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-02 09:30:05.007 UTC.
    const AT: i64 = 1_772_443_805_007;

    fn berlin(shown: ShownClock) -> Times {
        Times::new(
            TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
            shown,
        )
    }

    #[test]
    fn moments_are_told_by_the_clock_that_is_chosen() {
        let local = berlin(ShownClock::Local);
        assert_eq!(local.when(AT), "2026-03-02 10:30:05 CET");
        assert_eq!(
            local.both(AT),
            "2026-03-02 10:30:05 CET\n2026-03-02 09:30:05 UTC"
        );
        assert_eq!(
            [local.clock(AT), local.plain(AT), local.minute(AT)],
            ["10:30:05.007", "2026-03-02 10:30:05", "2026-03-02 10:30"]
        );
        // In summer it is another name, and midnight is another day.
        let night = AT + 150 * 86_400_000 + 13 * 3_600_000;
        assert_eq!(
            (local.zone(night), local.day(night)),
            ("CEST".to_owned(), "2026-07-31".to_owned())
        );
        let utc = berlin(ShownClock::Utc);
        assert_eq!(
            utc.both(AT),
            "2026-03-02 09:30:05 UTC\n2026-03-02 10:30:05 CET"
        );
        assert_eq!(utc.day(night), "2026-07-30");
        assert_eq!(Times::default().both(AT), "2026-03-02 09:30:05 UTC");
        assert_eq!(local.when(i64::MAX), "–");
    }

    #[test]
    fn what_a_clock_on_the_wall_shows_is_found_again() {
        let local = berlin(ShownClock::Local);
        let at = AT.div_euclid(60_000) * 60_000;
        assert_eq!(local.instant(local.civil(at).unwrap()), Some(at));
        // Skipped on the last Sunday of March, and twice on that of October.
        let skipped = jiff::civil::date(2026, 3, 29).at(2, 30, 0, 0);
        assert_eq!(
            local.when(local.instant(skipped).unwrap()),
            "2026-03-29 03:30:00 CEST"
        );
        let twice = jiff::civil::date(2026, 10, 25).at(2, 30, 0, 0);
        assert_eq!(
            local.when(local.instant(twice).unwrap()),
            "2026-10-25 02:30:00 CEST"
        );
    }
}
