//! How large the receive window of a stream is: a budget shared among the active streams.

use std::time::Duration;

use crate::protocol::limits::{
    STREAM_WINDOW_MAX, STREAM_WINDOW_MIN, STREAM_WINDOW_START, WINDOW_BUDGET,
};
use crate::protocol::timers::WINDOW_QUIET;

/// What to do about the windows of a connection's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// Announce this window, in bytes.
    Set(u32),
    /// Decide again at this time.
    AskAt(Duration),
    /// Nothing to do until streams come or consumers read.
    Rest,
}

/// The largest window for `active` streams of which stalled ones hold `buffered` bytes already.
pub fn share(active: usize, buffered: usize) -> u32 {
    let held = u32::try_from(buffered).unwrap_or(u32::MAX);
    // Powers of two, so that a stream more or less seldom changes anything.
    let shares = u32::try_from(active.max(1).next_power_of_two()).unwrap_or(u32::MAX);
    (WINDOW_BUDGET.saturating_sub(held) / shares).clamp(STREAM_WINDOW_MIN, STREAM_WINDOW_MAX)
}

/// Whether windows must shrink from `current` to `share`. Small differences are let be: each change
/// concerns every stream.
pub fn is_much_less(share: u32, current: u32) -> bool {
    share <= current / 2
}

/// Shrinks windows at once when streams come, doubles them for consumers that read a whole window,
/// and goes back to the first size when nobody reads.
#[derive(Debug)]
pub struct Windows {
    current: u32,
    read: usize,
    read_at: Duration,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            current: STREAM_WINDOW_START,
            read: 0,
            read_at: Duration::ZERO,
        }
    }
}

impl Windows {
    /// The window announced last.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Decides at the monotonic time `now`. Since the last call there were at most `peak` streams,
    /// and consumers read `read` bytes; stalled ones hold `buffered` bytes.
    pub fn next(&mut self, now: Duration, peak: usize, buffered: usize, read: usize) -> Resize {
        let share = share(peak, buffered);
        self.read = self.read.saturating_add(read);
        if read > 0 {
            self.read_at = now;
        }
        if is_much_less(share, self.current) {
            return self.set(share);
        }
        if self.read >= self.current as usize && self.current < share {
            return self.set(self.current.saturating_mul(2).min(share));
        }
        if self.current <= STREAM_WINDOW_START {
            return Resize::Rest;
        }
        let quiet_at = self.read_at + WINDOW_QUIET;
        if now < quiet_at {
            return Resize::AskAt(quiet_at);
        }
        self.set(STREAM_WINDOW_START)
    }

    fn set(&mut self, window: u32) -> Resize {
        self.current = window;
        self.read = 0;
        Resize::Set(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u32 = 1 << 20;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_budget_is_shared_and_bounded() {
        assert_eq!(share(0, 0), STREAM_WINDOW_MAX);
        assert_eq!(share(1, 0), STREAM_WINDOW_MAX);
        assert_eq!(share(20, 0), WINDOW_BUDGET / 32);
        assert_eq!(share(10_000, 0), STREAM_WINDOW_MIN);
        assert_eq!(share(1, usize::MAX), STREAM_WINDOW_MIN);
    }

    #[test]
    fn windows_double_for_a_consumer_that_keeps_reading_and_fall_back_when_it_stops() {
        let mut windows = Windows::default();
        assert_eq!(windows.next(at(0), 1, 0, 1_000), Resize::Rest);
        for doubled in [2, 4, 8, 16] {
            let read = windows.current() as usize;
            assert_eq!(windows.next(at(10), 1, 0, read), Resize::Set(doubled * MIB));
        }
        let read = windows.current() as usize;
        assert_eq!(windows.next(at(20), 1, 0, read), Resize::AskAt(at(1_020)));
        assert_eq!(windows.next(at(500), 1, 0, 0), Resize::AskAt(at(1_020)));
        assert_eq!(
            windows.next(at(1_020), 1, 0, 0),
            Resize::Set(STREAM_WINDOW_START)
        );
        assert_eq!(windows.next(at(1_030), 1, 0, 0), Resize::Rest);
    }

    #[test]
    fn windows_shrink_at_once_when_streams_come() {
        let mut windows = Windows::default();
        assert_eq!(
            windows.next(at(0), 64, 0, 0),
            Resize::Set(STREAM_WINDOW_MIN)
        );
        assert_eq!(windows.next(at(1), 1, 0, 0), Resize::Rest);
        let read = windows.current() as usize;
        assert_eq!(
            windows.next(at(2), 1, 0, read),
            Resize::Set(2 * STREAM_WINDOW_MIN)
        );
    }

    #[test]
    fn what_stalled_streams_hold_is_no_longer_shared_out() {
        let mut windows = Windows::default();
        assert_eq!(
            windows.next(at(0), 1, 16 * MIB as usize, 0),
            Resize::Set(STREAM_WINDOW_MIN)
        );
    }
}
