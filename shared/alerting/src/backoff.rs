//! When a parcel that was not taken is sent again: for ever, with full jitter.

use std::time::Duration;

/// Waits between the attempts of one channel.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits at most `first` after the first failure, twice as long after each further one, and
    /// never longer than `most`.
    pub(crate) const fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most,
            failures: 0,
        }
    }

    /// An attempt failed: how long to wait. `random` is uniform over its whole range.
    pub(crate) fn failed(&mut self, random: u32) -> Duration {
        let doublings = self.failures;
        self.failures = doublings.saturating_add(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let limit = self.first.saturating_mul(factor).min(self.most);
        limit.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// An attempt succeeded.
    pub(crate) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Attempts that failed since the last that did not.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(seconds(2), seconds(60));
        let waits: Vec<u64> = (0..8).map(|_| backoff.failed(u32::MAX).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
        for _ in 0..100 {
            assert!(backoff.failed(u32::MAX) <= seconds(60));
        }
        assert_eq!(backoff.failed(0), Duration::ZERO);
        assert_eq!(backoff.failures(), 109);
        backoff.succeeded();
        assert_eq!(backoff.failed(u32::MAX), seconds(2));
    }

    #[test]
    fn waits_are_spread_over_their_whole_range() {
        let wait = |random| Backoff::new(seconds(8), seconds(60)).failed(random);
        for part in 0..=4_u32 {
            let random = u32::try_from(u64::from(part) * u64::from(u32::MAX) / 4).unwrap();
            let expected = seconds(u64::from(part) * 2);
            assert!(wait(random).abs_diff(expected) < Duration::from_millis(1));
        }
    }
}
