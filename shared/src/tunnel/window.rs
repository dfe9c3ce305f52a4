//! How large the receive window of a stream is: a budget shared among the active streams.

use std::time::Duration;

use crate::protocol::limits::{STREAM_WINDOW_MAX, STREAM_WINDOW_MIN, WINDOW_BUDGET};
use crate::protocol::timers::WINDOW_GROW_AFTER;

/// What to do about the windows of a connection's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// Announce this window, in bytes.
    Set(u32),
    /// Decide again at this time.
    AskAt(Duration),
    /// Nothing to do until the number of streams changes.
    Rest,
}

/// The window for `active` streams of which stalled ones hold `buffered` bytes already.
pub fn wanted(active: usize, buffered: usize) -> u32 {
    let held = u32::try_from(buffered).unwrap_or(u32::MAX);
    // Powers of two, so that a stream more or less seldom changes anything.
    let shares = u32::try_from(active.max(1).next_power_of_two()).unwrap_or(u32::MAX);
    (WINDOW_BUDGET.saturating_sub(held) / shares).clamp(STREAM_WINDOW_MIN, STREAM_WINDOW_MAX)
}

/// Shrinks windows at once and grows them only after a quiet time, so that they do not flap.
#[derive(Debug)]
pub struct Windows {
    current: u32,
    grow_at: Option<Duration>,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            current: STREAM_WINDOW_MAX,
            grow_at: None,
        }
    }
}

impl Windows {
    /// The window announced last.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Decides at the monotonic time `now`; `peak` is the largest number of streams since the last call.
    pub fn next(&mut self, now: Duration, peak: usize, buffered: usize) -> Resize {
        let wanted = wanted(peak, buffered);
        if wanted < self.current {
            self.grow_at = None;
            self.current = wanted;
            return Resize::Set(wanted);
        }
        if wanted == self.current {
            self.grow_at = None;
            return Resize::Rest;
        }
        match self.grow_at {
            Some(at) if now >= at => {
                self.grow_at = None;
                self.current = wanted;
                Resize::Set(wanted)
            }
            Some(at) => Resize::AskAt(at),
            None => {
                let at = now + WINDOW_GROW_AFTER;
                self.grow_at = Some(at);
                Resize::AskAt(at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_shared_and_bounded() {
        assert_eq!(wanted(0, 0), STREAM_WINDOW_MAX);
        assert_eq!(wanted(1, 0), STREAM_WINDOW_MAX);
        assert_eq!(wanted(20, 0), WINDOW_BUDGET / 32);
        assert_eq!(wanted(10_000, 0), STREAM_WINDOW_MIN);
        assert_eq!(wanted(1, usize::MAX), STREAM_WINDOW_MIN);
    }

    #[test]
    fn twenty_streams_that_stall_one_after_another_stay_below_40_mib() {
        let mut buffered = 0;
        for active in 1..=20 {
            buffered += wanted(active, buffered) as usize;
        }
        assert!(buffered < 24 << 20, "{buffered}");
    }

    #[test]
    fn windows_shrink_at_once_and_grow_after_a_quiet_second() {
        let mut windows = Windows::default();
        let at = Duration::from_millis;
        assert_eq!(windows.next(at(0), 64, 0), Resize::Set(WINDOW_BUDGET / 64));
        assert_eq!(windows.next(at(10), 1, 0), Resize::AskAt(at(1_010)));
        assert_eq!(windows.next(at(500), 64, 0), Resize::Rest);
        assert_eq!(windows.next(at(600), 1, 0), Resize::AskAt(at(1_600)));
        assert_eq!(
            windows.next(at(1_600), 1, 0),
            Resize::Set(STREAM_WINDOW_MAX)
        );
    }
}
