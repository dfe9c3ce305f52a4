//! The tiers of the history: how fine, for how long, and where a time lies in them.

/// A slot of the finest tier, milliseconds: how often is measured.
pub(crate) const FINE_MS: i64 = 15_000;
/// A slot of the middle tier.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// A slot of the coarsest tier.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// Slots of the finest tier in an hour.
pub(crate) const FINE_SLOTS: usize = 240;
/// Slots of the middle tier in an hour.
pub(crate) const MINUTE_SLOTS: usize = 60;
/// Slots of the coarsest tier in a week.
pub(crate) const WEEK_SLOTS: usize = 168;
/// Times beyond these are no times: the years 1 to 9999.
pub(crate) const TIME_MIN_MS: i64 = -62_135_596_800_000;
/// See [`TIME_MIN_MS`].
pub(crate) const TIME_MAX_MS: i64 = 253_402_300_799_000;

/// A resolution in which the history is kept, by fineness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// 15 seconds, in blocks of an hour.
    Fine,
    /// A minute, in blocks of an hour.
    Minute,
    /// An hour, in blocks of a week.
    Hour,
}

impl Tier {
    /// How long a slot is, milliseconds.
    pub(crate) const fn slot_ms(self) -> i64 {
        match self {
            Self::Fine => FINE_MS,
            Self::Minute => MINUTE_MS,
            Self::Hour => HOUR_MS,
        }
    }

    /// Its number in the file.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Fine => 0,
            Self::Minute => 1,
            Self::Hour => 2,
        }
    }

    /// How many slots a block has.
    pub(crate) const fn block_len(self) -> usize {
        match self {
            Self::Fine => FINE_SLOTS,
            Self::Minute => MINUTE_SLOTS,
            Self::Hour => WEEK_SLOTS,
        }
    }
}

/// The number of the finest slot of a time.
pub(crate) const fn fine_slot(ms: i64) -> i64 {
    ms.div_euclid(FINE_MS)
}

/// The number of the hour of a time.
pub(crate) const fn hour_of(ms: i64) -> i64 {
    ms.div_euclid(HOUR_MS)
}

/// The hour of a finest slot, and its place there.
pub(crate) fn in_hour(slot: i64) -> (i64, u16) {
    split(slot, FINE_SLOTS)
}

/// The week of an hour, and its place there. Weeks are counted from 1970, so they begin on a
/// Thursday.
pub(crate) fn in_week(hour: i64) -> (i64, u16) {
    split(hour, WEEK_SLOTS)
}

fn split(number: i64, len: usize) -> (i64, u16) {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let place = u16::try_from(number.rem_euclid(len)).unwrap_or(0);
    (number.div_euclid(len), place)
}

/// For how much measured time each tier is kept.
///
/// Hours in which the agent did not measure do not count: a clock that jumps ahead makes nothing
/// old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Hours of the tier of 15 s.
    pub fine_hours: u32,
    /// Days of the tier of a minute.
    pub minute_days: u32,
    /// Days of the tier of an hour.
    pub hour_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            fine_hours: 24,
            minute_days: 14,
            hour_days: 731,
        }
    }
}

impl Retention {
    /// All is kept, while there is room.
    pub const ALL: Self = Self {
        fine_hours: u32::MAX,
        minute_days: u32::MAX,
        hour_days: u32::MAX,
    };

    /// How many hours with figures a tier keeps. A coarser tier never keeps less than a finer one.
    pub(crate) fn hours(self, tier: Tier) -> u64 {
        let fine = u64::from(self.fine_hours.max(1));
        let minute = fine.max(u64::from(self.minute_days) * 24);
        match tier {
            Tier::Fine => fine,
            Tier::Minute => minute,
            Tier::Hour => minute.max(u64::from(self.hour_days) * 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_have_their_places_too() {
        assert_eq!(fine_slot(-1), -1);
        assert_eq!(in_hour(-1), (-1, 239));
        assert_eq!(in_hour(240), (1, 0));
        assert_eq!(in_week(-1), (-1, 167));
        assert_eq!(hour_of(-1), -1);
    }

    #[test]
    fn coarser_tiers_keep_at_least_as_much() {
        let short = Retention {
            fine_hours: 100,
            minute_days: 1,
            hour_days: 2,
        };
        let hours = [Tier::Fine, Tier::Minute, Tier::Hour].map(|tier| short.hours(tier));
        assert_eq!(hours, [100, 100, 100]);
    }
}
