//! What the gateway counts: a closed set of numbers, one copy of the busy ones per data thread.
//!
//! Counting is one relaxed addition on a cache line that only one thread writes; adding up and
//! writing the text happens when somebody asks.

mod label;
mod report;
mod stream;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

pub use label::{EnrolmentOutcome, Label, RequestOutcome, TokenOutcome, TunnelRefusal};
pub use report::Report;
pub(crate) use stream::Counted;

/// Numbers of one kind, one for each value of a label.
#[derive(Debug)]
pub struct Counters<L, const N: usize> {
    counts: [AtomicU64; N],
    label: std::marker::PhantomData<L>,
}

impl<L, const N: usize> Default for Counters<L, N> {
    fn default() -> Self {
        Self {
            counts: [const { AtomicU64::new(0) }; N],
            label: std::marker::PhantomData,
        }
    }
}

impl<L: Label, const N: usize> Counters<L, N> {
    /// Counts one.
    pub fn count(&self, label: L) {
        if let Some(count) = self.counts.get(label.index()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn get(&self, label: L) -> u64 {
        let count = self.counts.get(label.index());
        count.map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// What one data thread counts. On cache lines of its own: processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Traffic {
    requests: Counters<RequestOutcome, { RequestOutcome::COUNT }>,
    consumers: AtomicUsize,
    accepted: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Traffic {
    /// Counts a request when it has its answer.
    pub(crate) fn request(&self, outcome: RequestOutcome) {
        self.requests.count(outcome);
    }

    /// Consumers that are connected.
    pub(crate) fn consumers(&self) -> usize {
        self.consumers.load(Ordering::Relaxed)
    }

    /// Counts a consumer from now until the answer is dropped.
    pub(crate) fn consumer(self: &Arc<Self>) -> Consumer {
        self.consumers.fetch_add(1, Ordering::Relaxed);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Consumer(Arc::clone(self))
    }

    fn add_received(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    fn add_sent(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A connected consumer; counted until dropped.
#[derive(Debug)]
pub(crate) struct Consumer(Arc<Traffic>);

impl Drop for Consumer {
    fn drop(&mut self) {
        self.0.consumers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// When certificates end, milliseconds UTC.
#[derive(Debug, Default)]
pub struct CertificateEnds {
    /// The CA of the agents.
    pub ca_ms: AtomicI64,
    /// The public port's certificate.
    pub server_ms: AtomicI64,
    /// The token endpoint's certificate.
    pub token_ms: AtomicI64,
}

/// All that the gateway counts.
#[derive(Debug)]
pub struct Metrics {
    threads: Box<[Arc<Traffic>]>,
    /// Consumers that were closed at once because their address is not allowed.
    pub consumers_refused: AtomicU64,
    /// Requests to the token endpoint.
    pub tokens: Counters<TokenOutcome, { TokenOutcome::COUNT }>,
    /// Enrolments and renewals.
    pub enrolments: Counters<EnrolmentOutcome, { EnrolmentOutcome::COUNT }>,
    /// Tunnel connections that came up.
    pub tunnels_opened: AtomicU64,
    /// Tunnel connections that were turned away or ended by the gateway.
    pub tunnels_refused: Counters<TunnelRefusal, { TunnelRefusal::COUNT }>,
    /// Handshakes on the public port that failed.
    pub handshakes_failed: AtomicU64,
    /// When certificates end.
    pub certificates: CertificateEnds,
}

impl Metrics {
    /// Counters for so many data threads, all zero.
    pub fn new(threads: usize) -> Self {
        Self {
            threads: (0..threads).map(|_| Arc::default()).collect(),
            consumers_refused: AtomicU64::new(0),
            tokens: Counters::default(),
            enrolments: Counters::default(),
            tunnels_opened: AtomicU64::new(0),
            tunnels_refused: Counters::default(),
            handshakes_failed: AtomicU64::new(0),
            certificates: CertificateEnds::default(),
        }
    }

    /// What the data thread counts.
    pub fn traffic(&self, thread: usize) -> Arc<Traffic> {
        self.threads.get(thread).cloned().unwrap_or_default()
    }

    fn sum(&self, of: impl Fn(&Traffic) -> u64) -> u64 {
        self.threads.iter().map(|one| of(one)).sum()
    }
}
