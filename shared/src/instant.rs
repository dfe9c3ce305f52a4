//! The time as an argument: pure code never reads a clock.

use std::time::Duration;

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Time since some fixed point of this process; never goes back. For intervals.
    pub monotonic: Duration,
    /// Milliseconds since 1970 UTC; may jump. For what is shown or compared between hosts.
    pub wall_ms: i64,
}

impl Now {
    /// How long ago `earlier` was, zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        self.monotonic.saturating_sub(earlier.monotonic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_never_go_below_zero() {
        let at = |seconds| Now {
            monotonic: Duration::from_secs(seconds),
            wall_ms: 0,
        };
        assert_eq!(at(5).since(at(3)), Duration::from_secs(2));
        assert_eq!(at(3).since(at(5)), Duration::ZERO);
    }
}
