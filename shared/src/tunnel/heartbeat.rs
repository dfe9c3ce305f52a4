//! When a silent connection is pinged and when it is given up.

use std::time::Duration;

use crate::protocol::timers::{DEAD_AFTER_PING, PING_AFTER};

/// What to do about a connection's silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Look again at this time.
    WaitUntil(Duration),
    /// Send a PING and ask again.
    Ping,
    /// Nothing came back: give the connection up.
    Dead,
}

/// Watches the silence of one connection. Any received byte counts as life.
#[derive(Debug, Default)]
pub struct Heartbeat {
    ping_sent: Option<Duration>,
}

impl Heartbeat {
    /// Decides at `now`, with the time at which the last byte came in. All times are monotonic.
    pub fn next(&mut self, now: Duration, last_received: Duration) -> Beat {
        if self.ping_sent.is_some_and(|sent| last_received >= sent) {
            self.ping_sent = None;
        }
        match self.ping_sent {
            Some(sent) if now >= sent + DEAD_AFTER_PING => Beat::Dead,
            Some(sent) => Beat::WaitUntil(sent + DEAD_AFTER_PING),
            None if now >= last_received + PING_AFTER => {
                self.ping_sent = Some(now);
                Beat::Ping
            }
            None => Beat::WaitUntil(last_received + PING_AFTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_connection_dies_twelve_seconds_after_its_last_byte() {
        let mut heartbeat = Heartbeat::default();
        assert_eq!(heartbeat.next(s(0), s(0)), Beat::WaitUntil(s(8)));
        assert_eq!(heartbeat.next(s(8), s(0)), Beat::Ping);
        assert_eq!(heartbeat.next(s(8), s(0)), Beat::WaitUntil(s(12)));
        assert_eq!(heartbeat.next(s(12), s(0)), Beat::Dead);
    }

    #[test]
    fn any_byte_after_the_ping_is_life() {
        let mut heartbeat = Heartbeat::default();
        assert_eq!(heartbeat.next(s(8), s(0)), Beat::Ping);
        assert_eq!(heartbeat.next(s(12), s(9)), Beat::WaitUntil(s(17)));
    }

    #[test]
    fn a_host_that_slept_pings_before_it_gives_up() {
        let mut heartbeat = Heartbeat::default();
        assert_eq!(heartbeat.next(s(3_600), s(0)), Beat::Ping);
        assert_eq!(heartbeat.next(s(3_600), s(0)), Beat::WaitUntil(s(3_604)));
    }
}
