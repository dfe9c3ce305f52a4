//! What a connection's driver does beside moving frames: heartbeat and window sizes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::Sleep;
use underpass_shared::protocol::limits::STREAM_WINDOW_START;
use underpass_shared::protocol::timers::MEASURE_EVERY;
use underpass_shared::tunnel::heartbeat::{Beat, Heartbeat};
use underpass_shared::tunnel::window::{Resize, Seen, Windows};

use super::gauge::Gauge;
use super::io::Wire;
use crate::clock;

/// A window that could not be announced yet is tried again after this.
const ANNOUNCE_AGAIN: Duration = Duration::from_millis(20);

/// What the driver has to do.
pub(super) enum Order {
    /// Announce this window for streams.
    Announce(u32),
    /// Give the connection up.
    Dead,
}

pub(super) struct Upkeep {
    heartbeat: Heartbeat,
    wire: Wire,
    pings: PingPong,
    windows: Windows,
    unannounced: Option<u32>,
    announced: u32,
    /// Windows shrank; whether the other end knows is not known yet.
    shrank: bool,
    gauge: Arc<Gauge>,
    timer: Pin<Box<Sleep>>,
    /// When the PING under way was sent.
    pinged: Option<Duration>,
    /// When the last one was.
    last_ping: Option<Duration>,
}

impl Upkeep {
    pub(super) fn new(pings: PingPong, wire: Wire, gauge: Arc<Gauge>) -> Self {
        Self {
            heartbeat: Heartbeat::default(),
            wire,
            pings,
            windows: Windows::default(),
            unannounced: None,
            announced: STREAM_WINDOW_START,
            shrank: false,
            gauge,
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            pinged: None,
            last_ping: None,
        }
    }

    /// Cheap while nothing is due.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Order> {
        // Taking the pong in frees the library for the next ping; life is told by received bytes.
        if self.pings.poll_pong(cx).is_ready()
            && let Some(pinged) = self.pinged.take()
        {
            let trip = clock::monotonic().saturating_sub(pinged);
            self.gauge.came_back(trip);
            self.windows.came_back(trip);
        }
        let resize = self.gauge.poll_resize(cx);
        if !resize && self.timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        loop {
            let now = clock::monotonic();
            let Some(beat_at) = self.beat(now) else {
                return Poll::Ready(Order::Dead);
            };
            let window_at = match self.window(now) {
                Ok(at) => at,
                Err(order) => return Poll::Ready(order),
            };
            let next = window_at.map_or(beat_at, |at| at.min(beat_at));
            let deadline = tokio::time::Instant::now() + next.saturating_sub(now);
            self.timer.as_mut().reset(deadline);
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Whether the window could be announced, which the library allows once the other end has
    /// confirmed the one before.
    pub(super) fn announced(&mut self, window: u32, done: bool) {
        if !done {
            self.unannounced = Some(window);
            return;
        }
        if std::mem::replace(&mut self.shrank, window < self.announced) {
            self.gauge.look_at_windows();
        }
        if self.shrank {
            // Announced once more, only to learn that the other end has confirmed it.
            self.unannounced = Some(window);
        }
        self.announced = window;
    }

    fn beat(&mut self, now: Duration) -> Option<Duration> {
        loop {
            match self.heartbeat.next(now, self.wire.last_received()) {
                Beat::WaitUntil(at) => return Some(at.min(self.measure(now))),
                Beat::Ping => self.ping(now),
                Beat::Dead => return None,
            }
        }
    }

    /// Where traffic keeps the heartbeat quiet, PINGs still measure the way; answers when the next
    /// one is due.
    fn measure(&mut self, now: Duration) -> Duration {
        let due = |last: Option<Duration>| last.map_or(now, |last| last + MEASURE_EVERY);
        if due(self.last_ping) <= now {
            self.ping(now);
        }
        due(self.last_ping)
    }

    fn ping(&mut self, now: Duration) {
        self.last_ping = Some(now);
        // A ping still under way is as good as a new one.
        if self.pings.send_ping(Ping::opaque()).is_ok() {
            self.pinged = Some(now);
        }
    }

    fn window(&mut self, now: Duration) -> Result<Option<Duration>, Order> {
        let seen = Seen {
            peak: self.gauge.take_peak(),
            buffered: self.gauge.buffered(),
            read: self.gauge.take_read(),
        };
        let resize = self.windows.next(now, seen);
        self.gauge.announced(self.windows.current());
        match (resize, self.unannounced.take()) {
            (Resize::Set(window), _) | (_, Some(window)) => {
                // The timer must ring again for what comes after.
                let deadline = tokio::time::Instant::now() + ANNOUNCE_AGAIN;
                self.timer.as_mut().reset(deadline);
                Err(Order::Announce(window))
            }
            (Resize::AskAt(at), None) => Ok(Some(at)),
            (Resize::Rest, None) => Ok(None),
        }
    }
}
