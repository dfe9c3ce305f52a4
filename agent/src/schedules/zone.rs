//! The clock of the host: how far it is ahead of UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time zone of the host. One that names none has UTC.
pub(super) struct Zone(TimeZone);

impl Zone {
    pub(super) fn of_host() -> Self {
        Self(TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    /// Seconds that its clock is ahead of UTC at a time, milliseconds UTC.
    pub(super) fn ahead(&self, utc_ms: i64) -> i64 {
        let time = Timestamp::from_millisecond(utc_ms);
        time.map_or(0, |time| self.0.to_offset(time).seconds().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daylight_saving_time_counts() {
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        let zone = Zone(TimeZone::posix(berlin).unwrap());
        // New Year and midsummer of 2026.
        assert_eq!(zone.ahead(1_767_225_600_000), 3_600);
        assert_eq!(zone.ahead(1_782_000_000_000), 7_200);
        // Of a time that no calendar has nothing is known.
        assert_eq!(zone.ahead(i64::MAX), 0);
    }
}
