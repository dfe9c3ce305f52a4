//! When an agent dials again: for ever, with full jitter, eager at first.

use std::time::Duration;

use crate::protocol::timers::{
    BACKOFF_BASE, BACKOFF_CAP, BACKOFF_CAP_EAGER, BACKOFF_EAGER, BACKOFF_STABLE, RETRY_AFTER_MAX,
};

/// Waits between the attempts of one tunnel connection. Times are monotonic.
#[derive(Debug, Default)]
pub struct Backoff {
    outage_since: Option<Duration>,
    up_since: Option<Duration>,
    failures: u32,
    ordered: Option<Duration>,
}

impl Backoff {
    /// The connection is up.
    pub fn connected(&mut self, now: Duration) {
        self.up_since = Some(now);
    }

    /// The gateway asked to wait; this wins over our own reckoning, once. No order keeps an agent
    /// away for longer than [`RETRY_AFTER_MAX`].
    pub fn retry_after(&mut self, wait: Duration) {
        self.ordered = Some(wait.min(RETRY_AFTER_MAX));
    }

    /// An attempt failed or a connection ended: how long to wait before the next attempt.
    ///
    /// `random` is uniform over its whole range.
    pub fn lost(&mut self, now: Duration, random: u32) -> Duration {
        if let Some(up) = self.up_since.take() {
            // Each loss is an outage of its own, so that a gateway that is restarted several times
            // is found as soon after the last time as after the first.
            self.outage_since = None;
            if now.saturating_sub(up) >= BACKOFF_STABLE {
                self.failures = 0;
            }
        }
        if let Some(wait) = self.ordered.take() {
            return wait + jitter(wait / 4, random);
        }
        let since = *self.outage_since.get_or_insert(now);
        let attempt = self.failures;
        self.failures = attempt.saturating_add(1);
        if attempt == 0 {
            return Duration::ZERO;
        }
        let cap = if now.saturating_sub(since) < BACKOFF_EAGER {
            BACKOFF_CAP_EAGER
        } else {
            BACKOFF_CAP
        };
        let doubled =
            BACKOFF_BASE.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        jitter(doubled.min(cap), random)
    }
}

fn jitter(limit: Duration, random: u32) -> Duration {
    limit.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_first_attempt_follows_at_once_and_the_cap_rises_after_the_eager_part() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.lost(ms(0), u32::MAX), Duration::ZERO);
        let mut now = ms(0);
        let mut longest_eager = ms(0);
        while now < ms(10_000) {
            let wait = backoff.lost(now, u32::MAX);
            longest_eager = longest_eager.max(wait);
            now += wait;
        }
        assert_eq!(longest_eager, BACKOFF_CAP_EAGER);
        for _ in 0..40 {
            now += backoff.lost(now, u32::MAX);
        }
        assert_eq!(backoff.lost(now, u32::MAX), BACKOFF_CAP);
        assert_eq!(backoff.lost(now, 0), Duration::ZERO);
    }

    #[test]
    fn a_short_connection_makes_attempts_eager_and_a_stable_one_immediate() {
        let mut backoff = Backoff::default();
        for _ in 0..20 {
            backoff.lost(ms(0), u32::MAX);
        }
        assert_eq!(backoff.lost(ms(60_000), u32::MAX), BACKOFF_CAP);
        backoff.connected(ms(60_000));
        assert_eq!(backoff.lost(ms(61_000), u32::MAX), BACKOFF_CAP_EAGER);
        assert_eq!(backoff.lost(ms(71_000), u32::MAX), BACKOFF_CAP);
        backoff.connected(ms(72_000));
        assert_eq!(backoff.lost(ms(102_000), u32::MAX), Duration::ZERO);
    }

    #[test]
    fn the_gateway_s_wait_wins_once() {
        let mut backoff = Backoff::default();
        backoff.retry_after(ms(8_000));
        assert_eq!(backoff.lost(ms(0), 0), ms(8_000));
        assert_eq!(backoff.lost(ms(0), u32::MAX), Duration::ZERO);
        backoff.retry_after(ms(u64::MAX));
        assert_eq!(backoff.lost(ms(0), 0), ms(300_000));
    }
}
