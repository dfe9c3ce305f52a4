//! How large the receive window of a stream is: a budget shared among the active streams.

use std::time::Duration;

use crate::protocol::limits::{
    STREAM_WINDOW_MAX, STREAM_WINDOW_MIN, STREAM_WINDOW_START, WINDOW_BUDGET,
};
use crate::protocol::timers::{WINDOW_QUIET, WINDOW_SLACK};

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

/// The shortest of this many round trips counts: the others met full queues.
const TRIPS: usize = 4;

/// What a connection's streams did since the last look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Most streams at once.
    pub peak: usize,
    /// Bytes that stalled streams hold.
    pub buffered: usize,
    /// Bytes that consumers read.
    pub read: usize,
}

/// Shrinks windows at once when streams come, doubles them for consumers that read a whole window
/// about as fast as the way lets it come, and goes back to the first size when nobody reads.
///
/// Who reads slower is not held up by the window: a larger one would only hold more bytes.
#[derive(Debug)]
pub struct Windows {
    current: u32,
    read: usize,
    read_at: Duration,
    /// When the present window was begun to be read.
    since: Duration,
    trips: [Duration; TRIPS],
    trip_next: usize,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            current: STREAM_WINDOW_START,
            read: 0,
            read_at: Duration::ZERO,
            since: Duration::ZERO,
            trips: [Duration::MAX; TRIPS],
            trip_next: 0,
        }
    }
}

impl Windows {
    /// The window announced last.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// A round trip was measured.
    pub fn came_back(&mut self, trip: Duration) {
        self.trips[self.trip_next] = trip;
        self.trip_next = (self.trip_next + 1) % TRIPS;
    }

    /// Decides at the monotonic time `now` by what was `seen` since the last call.
    pub fn next(&mut self, now: Duration, seen: Seen) -> Resize {
        let share = share(seen.peak, seen.buffered);
        self.read = self.read.saturating_add(seen.read);
        if seen.read > 0 {
            self.read_at = now;
        }
        if is_much_less(share, self.current) {
            return self.set(now, share);
        }
        if self.read >= self.current as usize {
            if self.current < share && now.saturating_sub(self.since) <= self.reach() {
                return self.set(now, self.current.saturating_mul(2).min(share));
            }
            (self.read, self.since) = (0, now);
        }
        if self.current <= STREAM_WINDOW_START {
            return Resize::Rest;
        }
        let quiet_at = self.read_at + WINDOW_QUIET;
        if now < quiet_at {
            return Resize::AskAt(quiet_at);
        }
        self.set(now, STREAM_WINDOW_START)
    }

    /// How long a window that holds its consumer up takes to be read: it is full once in a round
    /// trip. Before one was measured, any time.
    fn reach(&self) -> Duration {
        let trip = self.trips.into_iter().min().unwrap_or(Duration::MAX);
        trip.saturating_mul(2).saturating_add(WINDOW_SLACK)
    }

    fn set(&mut self, now: Duration, window: u32) -> Resize {
        self.current = window;
        (self.read, self.since) = (0, now);
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

    fn seen(peak: usize, buffered: usize, read: usize) -> Seen {
        Seen {
            peak,
            buffered,
            read,
        }
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
        assert_eq!(windows.next(at(0), seen(1, 0, 1_000)), Resize::Rest);
        for doubled in [2, 4, 8, 16] {
            let read = windows.current() as usize;
            assert_eq!(
                windows.next(at(10), seen(1, 0, read)),
                Resize::Set(doubled * MIB)
            );
        }
        let read = windows.current() as usize;
        assert_eq!(
            windows.next(at(20), seen(1, 0, read)),
            Resize::AskAt(at(1_020))
        );
        assert_eq!(
            windows.next(at(500), seen(1, 0, 0)),
            Resize::AskAt(at(1_020))
        );
        assert_eq!(
            windows.next(at(1_020), seen(1, 0, 0)),
            Resize::Set(STREAM_WINDOW_START)
        );
        assert_eq!(windows.next(at(1_030), seen(1, 0, 0)), Resize::Rest);
    }

    #[test]
    fn windows_stay_for_a_consumer_that_reads_slower_than_the_way_brings() {
        let mut windows = Windows::default();
        for trip in [90, 40, 70] {
            windows.came_back(at(trip));
        }
        let mib = MIB as usize;
        // The shortest trip counts: twice 40 ms and the slack.
        assert_eq!(windows.next(at(83), seen(1, 0, mib)), Resize::Rest);
        assert_eq!(windows.next(at(130), seen(1, 0, mib / 2)), Resize::Rest);
        assert_eq!(windows.next(at(166), seen(1, 0, mib / 2)), Resize::Rest);
        assert_eq!(windows.next(at(248), seen(1, 0, mib)), Resize::Set(2 * MIB));
        // What is old is forgotten.
        for _ in 0..TRIPS {
            windows.came_back(at(90));
        }
        assert_eq!(
            windows.next(at(430), seen(1, 0, 2 * mib)),
            Resize::Set(4 * MIB)
        );
        assert_eq!(
            windows.next(at(613), seen(1, 0, 4 * mib)),
            Resize::AskAt(at(1_613))
        );
    }

    #[test]
    fn windows_shrink_at_once_when_streams_come() {
        let mut windows = Windows::default();
        assert_eq!(
            windows.next(at(0), seen(64, 0, 0)),
            Resize::Set(STREAM_WINDOW_MIN)
        );
        assert_eq!(windows.next(at(1), seen(1, 0, 0)), Resize::Rest);
        let read = windows.current() as usize;
        assert_eq!(
            windows.next(at(2), seen(1, 0, read)),
            Resize::Set(2 * STREAM_WINDOW_MIN)
        );
    }

    #[test]
    fn what_stalled_streams_hold_is_no_longer_shared_out() {
        let mut windows = Windows::default();
        assert_eq!(
            windows.next(at(0), seen(1, 16 * MIB as usize, 0)),
            Resize::Set(STREAM_WINDOW_MIN)
        );
    }
}
