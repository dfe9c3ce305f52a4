//! What the gateway counts: a bounded set of numbers, one copy of the busy ones per data thread.
//!
//! Counting is one relaxed addition on a cache line that only one thread writes; adding up and
//! writing the text happens when somebody asks.

mod histogram;
mod label;
mod process;
mod report;
mod stream;
mod text;
mod usage;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use underpass_shared::id::SubaccountId;

use self::histogram::Durations;
pub use label::{EnrolmentOutcome, Label, RequestOutcome, TokenCheck, TokenOutcome, TunnelRefusal};
pub use process::Host;
pub use report::Report;
pub(crate) use stream::Counted;
pub(crate) use usage::{Account, Usage};
pub use usage::{SUBACCOUNTS_MAX, Subaccounts, Used};

/// Bounds of the time until an answer begins: what a person notices, and what times out.
const ANSWER_BOUNDS: [Duration; 11] = [
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(10),
    Duration::from_secs(60),
];
/// Bounds of the time inside the gateway: a known token takes some microseconds, an unknown one the
/// time of a signature check, and more means that a thread is busy.
const INSIDE_BOUNDS: [Duration; 6] = [
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
];

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

    fn add(&self, label: L, more: u64) {
        if let Some(count) = self.counts.get(label.index()) {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }

    fn get(&self, label: L) -> u64 {
        let count = self.counts.get(label.index());
        count.map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// What one data thread counts. On cache lines of its own: processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub struct Traffic {
    thread: usize,
    requests: Counters<RequestOutcome, { RequestOutcome::COUNT }>,
    waiting: AtomicUsize,
    answered: Durations<{ ANSWER_BOUNDS.len() }>,
    inside: Durations<{ INSIDE_BOUNDS.len() }>,
    tokens: Counters<TokenCheck, { TokenCheck::COUNT }>,
    consumers: AtomicUsize,
    accepted: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    subaccounts: Arc<Subaccounts>,
}

impl Traffic {
    fn new(thread: usize, subaccounts: Arc<Subaccounts>) -> Self {
        Self {
            thread,
            requests: Counters::default(),
            waiting: AtomicUsize::new(0),
            answered: Durations::new(&ANSWER_BOUNDS),
            inside: Durations::new(&INSIDE_BOUNDS),
            tokens: Counters::default(),
            consumers: AtomicUsize::new(0),
            accepted: AtomicU64::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            subaccounts,
        }
    }

    /// Counts a request that waits for its answer from now on.
    pub(crate) fn begin(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request when it has its answer, `after` it came.
    pub(crate) fn end(&self, outcome: RequestOutcome, after: Duration) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.requests.count(outcome);
        if outcome.is_answer() {
            self.answered.count(after);
        }
    }

    /// Counts how long a request was inside the gateway before it was sent on a tunnel.
    pub(crate) fn sent_after(&self, inside: Duration) {
        self.inside.count(inside);
    }

    /// Counts what a request's token was found to be.
    pub(crate) fn token(&self, check: TokenCheck) {
        self.tokens.count(check);
    }

    /// Consumers that are connected.
    pub(crate) fn consumers(&self) -> usize {
        self.consumers.load(Ordering::Relaxed)
    }

    /// Counts a consumer from now until the answer is dropped.
    pub(crate) fn consumer(self: &Arc<Self>) -> Consumer {
        self.consumers.fetch_add(1, Ordering::Relaxed);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Consumer {
            traffic: Arc::clone(self),
            account: Arc::default(),
        }
    }

    fn usage(&self, subaccount: SubaccountId) -> Arc<Usage> {
        self.subaccounts.usage(subaccount, self.thread)
    }
}

/// A connected consumer; counted until dropped.
#[derive(Debug)]
pub(crate) struct Consumer {
    traffic: Arc<Traffic>,
    account: Arc<Account>,
}

impl Consumer {
    /// Who pays for its bytes.
    pub(crate) fn account(&self) -> Arc<Account> {
        Arc::clone(&self.account)
    }

    fn add_received(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        self.traffic.received.fetch_add(bytes, Ordering::Relaxed);
        self.account.add_received(bytes);
    }

    fn add_sent(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        self.traffic.sent.fetch_add(bytes, Ordering::Relaxed);
        self.account.add_sent(bytes);
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.traffic.consumers.fetch_sub(1, Ordering::Relaxed);
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

/// The alerts that stand.
#[derive(Debug, Default)]
pub struct StandingAlerts {
    /// Those of things that are wrong.
    pub errors: AtomicUsize,
    /// Those of things that will be.
    pub warnings: AtomicUsize,
}

/// All that the gateway counts.
#[derive(Debug)]
pub struct Metrics {
    threads: Box<[Arc<Traffic>]>,
    /// What each subaccount uses.
    pub subaccounts: Arc<Subaccounts>,
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
    /// Control and enrolment connections on the public port that were closed: too many at once.
    pub requesters_refused: AtomicU64,
    /// When certificates end.
    pub certificates: CertificateEnds,
    /// The alerts that stand.
    pub alerts: StandingAlerts,
}

impl Metrics {
    /// Counters for so many data threads, all zero.
    pub fn new(threads: usize) -> Self {
        let subaccounts = Arc::new(Subaccounts::new(threads));
        let traffic = |thread| Arc::new(Traffic::new(thread, Arc::clone(&subaccounts)));
        Self {
            threads: (0..threads).map(traffic).collect(),
            subaccounts,
            consumers_refused: AtomicU64::new(0),
            tokens: Counters::default(),
            enrolments: Counters::default(),
            tunnels_opened: AtomicU64::new(0),
            tunnels_refused: Counters::default(),
            handshakes_failed: AtomicU64::new(0),
            requesters_refused: AtomicU64::new(0),
            certificates: CertificateEnds::default(),
            alerts: StandingAlerts::default(),
        }
    }

    /// What the data thread counts.
    pub fn traffic(&self, thread: usize) -> Arc<Traffic> {
        let traffic = self.threads.get(thread).cloned();
        traffic.unwrap_or_else(|| Arc::new(Traffic::new(thread, Arc::clone(&self.subaccounts))))
    }

    fn sum(&self, of: impl Fn(&Traffic) -> u64) -> u64 {
        self.threads.iter().map(|one| of(one)).sum()
    }
}
