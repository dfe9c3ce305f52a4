//! What a connection carries right now: streams, bytes held by stalled readers, windows.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use h2::FlowControl;
use underpass_shared::protocol::limits::{STREAM_WINDOW_MAX, STREAM_WINDOW_START};
use underpass_shared::tunnel::window;

/// Counters of one connection, shared by its streams and its driver.
#[derive(Debug)]
pub(super) struct Gauge {
    active: AtomicUsize,
    peak: AtomicUsize,
    opened: AtomicU64,
    buffered: AtomicUsize,
    read: AtomicUsize,
    window: AtomicU32,
    resize: AtomicBool,
    driver: AtomicWaker,
    flows: Mutex<Vec<Weak<Mutex<FlowControl>>>>,
    trip_us: AtomicU64,
    trips: Mutex<Vec<Duration>>,
}

/// Round trips that are kept until somebody takes them: more than there are between two looks.
const TRIPS_MAX: usize = 16;

/// No round trip was measured yet.
const NO_TRIP: u64 = u64::MAX;

impl Gauge {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            active: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            opened: AtomicU64::new(0),
            buffered: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            window: AtomicU32::new(STREAM_WINDOW_START),
            resize: AtomicBool::new(false),
            driver: AtomicWaker::new(),
            flows: Mutex::default(),
            trip_us: AtomicU64::new(NO_TRIP),
            trips: Mutex::default(),
        })
    }

    /// Streams that are open now.
    pub(super) fn active(&self) -> usize {
        self.active.load(Ordering::Relaxed)
    }

    /// Streams opened since the connection came up.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Bytes received that no reader took yet.
    pub(super) fn buffered(&self) -> usize {
        self.buffered.load(Ordering::Relaxed)
    }

    /// Most streams at once since the last call.
    pub(super) fn take_peak(&self) -> usize {
        self.peak.swap(self.active(), Ordering::Relaxed)
    }

    /// Bytes that consumers read since the last call.
    pub(super) fn take_read(&self) -> usize {
        self.read.swap(0, Ordering::Relaxed)
    }

    /// Bytes came in that nobody read yet.
    pub(super) fn hold(&self, bytes: usize) {
        self.buffered.fetch_add(bytes, Ordering::Relaxed);
        self.look_at_share();
    }

    /// Held bytes went away unread.
    pub(super) fn let_go(&self, bytes: usize) {
        self.buffered.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A PING came back.
    pub(super) fn came_back(&self, trip: Duration) {
        let us = u64::try_from(trip.as_micros()).unwrap_or(NO_TRIP);
        self.trip_us.store(us, Ordering::Relaxed);
        let mut trips = self.trips.lock().unwrap_or_else(PoisonError::into_inner);
        if trips.len() < TRIPS_MAX {
            trips.push(trip);
        }
    }

    /// The last round trip.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        let us = self.trip_us.load(Ordering::Relaxed);
        (us != NO_TRIP).then(|| Duration::from_micros(us))
    }

    /// Round trips since the last call.
    pub(super) fn take_round_trips(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.trips.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A consumer read held bytes; who read a whole window may need a larger one.
    pub(super) fn read(&self, bytes: usize) {
        self.let_go(bytes);
        let read = self.read.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let window = self.window.load(Ordering::Relaxed);
        if window < STREAM_WINDOW_MAX && read >= window as usize {
            self.ask_to_resize();
        }
    }

    /// A stream whose body comes in.
    pub(super) fn enlist(&self, flow: &Arc<Mutex<FlowControl>>) {
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        if flows.len() == flows.capacity() {
            flows.retain(|flow| flow.strong_count() > 0);
        }
        flows.push(Arc::downgrade(flow));
    }

    /// Lets the library see which streams lack a window update, once smaller windows hold.
    ///
    /// It looks only when a consumer reads. Where all was read before the windows shrank, the other
    /// end may have nothing left to send with, and nobody would ever read again.
    pub(super) fn look_at_windows(&self) {
        let flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        for flow in flows.iter().filter_map(Weak::upgrade) {
            let mut flow = flow.lock().unwrap_or_else(PoisonError::into_inner);
            // Fails only after the stream's end.
            drop(flow.release_capacity(0));
        }
    }

    /// The window that the driver announced.
    pub(super) fn announced(&self, window: u32) {
        self.window.store(window, Ordering::Relaxed);
    }

    /// Whether windows may have to change; also registers the driver to be woken for it.
    pub(super) fn poll_resize(&self, cx: &std::task::Context<'_>) -> bool {
        self.driver.register(cx.waker());
        self.resize.swap(false, Ordering::Relaxed)
    }

    fn look_at_share(&self) {
        let share = window::share(self.active(), self.buffered());
        if window::is_much_less(share, self.window.load(Ordering::Relaxed)) {
            self.ask_to_resize();
        }
    }

    fn ask_to_resize(&self) {
        if !self.resize.swap(true, Ordering::Relaxed) {
            self.driver.wake();
        }
    }
}

/// One open stream; counted until dropped.
#[derive(Debug)]
pub(super) struct ActiveStream(Arc<Gauge>);

impl ActiveStream {
    pub(super) fn new(gauge: &Arc<Gauge>) -> Self {
        let active = gauge.active.fetch_add(1, Ordering::Relaxed) + 1;
        gauge.peak.fetch_max(active, Ordering::Relaxed);
        gauge.opened.fetch_add(1, Ordering::Relaxed);
        gauge.look_at_share();
        Self(Arc::clone(gauge))
    }
}

impl Drop for ActiveStream {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}
