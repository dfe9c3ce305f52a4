//! Where the requests of one mapping are counted. A request takes its lock once, at its end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use underpass_shared::host::{InternalAddress, VirtualAddress};
use underpass_shared::monitor::{Histogram, Outcome, Split};

use super::figures::{Connections, Durations, Totals, Usage};

/// How many there are now, and were at most since somebody asked.
#[derive(Debug, Default)]
pub(super) struct Level {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Level {
    pub(super) fn enter(&self) {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.now.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// How many there are, and the most since the last call.
    pub(super) fn take(&self) -> (usize, usize) {
        let now = self.now();
        (now, self.peak.swap(now, Ordering::Relaxed).max(now))
    }
}

/// The counts of one mapping, or of what leads to none.
#[derive(Debug)]
pub(crate) struct Cell {
    /// The mapping; none for requests that found none.
    address: Option<VirtualAddress>,
    /// The mapping's host, as requests remember it.
    pub(super) host: Arc<str>,
    pub(super) open: Level,
    pub(super) active: Level,
    idle: AtomicUsize,
    received: AtomicU64,
    sent: AtomicU64,
    figures: Mutex<Figures>,
}

#[derive(Debug, Default)]
struct Figures {
    /// Without bytes.
    totals: Totals,
    taken: Totals,
    times: Times,
    durations: Durations,
    deleted: Durations,
    resources: BTreeMap<Arc<str>, Used>,
    /// Of all resources that are no more.
    gone: Usage,
    internal: Option<(InternalAddress, Arc<str>)>,
    up: Option<bool>,
}

/// The use of one resource.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    ever: Usage,
    fresh: Usage,
}

/// Durations since they were last taken, µs.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub(super) total: Histogram,
    pub(super) gateway: Histogram,
    pub(super) tunnel: Histogram,
    pub(super) open: Histogram,
    pub(super) backend: Histogram,
    pub(super) propagation: Histogram,
}

impl Times {
    fn record(&mut self, split: &Split) {
        self.total.record(split.total);
        for (times, time) in [
            (&mut self.gateway, split.gateway),
            (&mut self.tunnel, split.tunnel),
            (&mut self.open, split.open),
            (&mut self.backend, split.backend),
            (&mut self.propagation, split.propagation),
        ] {
            if let Some(time) = time {
                times.record(time);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.total.merge(&other.total);
        self.gateway.merge(&other.gateway);
        self.tunnel.merge(&other.tunnel);
        self.open.merge(&other.open);
        self.backend.merge(&other.backend);
        self.propagation.merge(&other.propagation);
    }
}

/// A request that ended.
pub(super) struct Ended<'a> {
    pub(super) outcome: Outcome,
    pub(super) split: &'a Split,
    /// The resource that allowed it; empty when none did.
    pub(super) resource: &'a Arc<str>,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) now_ms: i64,
}

/// Whether the time of a request tells something of how fast the back end is: not that of one that
/// it never saw or that was broken off, nor that of a WebSocket, which lasts as long as it is used.
pub(super) const fn is_timed(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Answered(status) => status != 101,
        Outcome::Failed(_) => true,
        Outcome::Denied | Outcome::Aborted => false,
    }
}

/// What happened since the last call of [`Cell::take`].
pub(super) struct Taken {
    pub(super) totals: Totals,
    pub(super) times: Times,
    /// Requests in flight: now, and at most.
    pub(super) open: (usize, usize),
    /// Connections in use: now, and at most.
    pub(super) active: (usize, usize),
    pub(super) idle: usize,
    pub(super) up: Option<bool>,
    pub(super) usage: Vec<(Arc<str>, Usage)>,
}

impl Cell {
    pub(super) fn new(address: Option<VirtualAddress>) -> Arc<Self> {
        let host = address.as_ref().map_or("", |one| one.host.as_str());
        Arc::new(Self {
            host: host.into(),
            address,
            open: Level::default(),
            active: Level::default(),
            idle: AtomicUsize::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            figures: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn address(&self) -> Option<&VirtualAddress> {
        self.address.as_ref()
    }

    /// Counts bytes from the cloud.
    pub(super) fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes to the cloud.
    pub(super) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The texts of an internal address and a resource, made once for all requests.
    pub(super) fn texts(&self, internal: &InternalAddress, path: &str) -> (Arc<str>, Arc<str>) {
        let mut figures = self.lock();
        let internal = match &figures.internal {
            Some((known, text)) if known == internal => Arc::clone(text),
            Some(_) | None => {
                let text: Arc<str> = internal.to_string().into();
                figures.internal = Some((internal.clone(), Arc::clone(&text)));
                text
            }
        };
        let known = figures.resources.get_key_value(path);
        let resource = match known {
            Some((text, _)) => Arc::clone(text),
            None => {
                let text: Arc<str> = path.into();
                figures.resources.insert(Arc::clone(&text), Used::default());
                text
            }
        };
        (internal, resource)
    }

    /// Counts a request that ended; its bytes were counted when they passed.
    pub(super) fn count(&self, ended: &Ended<'_>) {
        let mut figures = self.lock();
        figures.totals.count(ended.outcome);
        if is_timed(ended.outcome) {
            figures.times.record(ended.split);
            figures.durations.record(ended.split.total);
        }
        if let Some(used) = figures.resources.get_mut(ended.resource) {
            let usage = Usage {
                calls: 1,
                received: ended.received,
                sent: ended.sent,
                last_ms: ended.now_ms,
            };
            used.ever.add(&usage);
            used.fresh.add(&usage);
        }
    }

    /// What a probe found; none when there are no probes any more.
    pub(super) fn probed(&self, up: Option<bool>) {
        self.lock().up = up;
    }

    /// Takes what happened since the last call.
    pub(super) fn take(&self) -> Taken {
        let mut figures = self.lock();
        let totals = self.with_bytes(&figures.totals);
        let earlier = std::mem::replace(&mut figures.taken, totals);
        let used = figures.resources.iter_mut();
        let usage = used
            .map(|(path, used)| (Arc::clone(path), std::mem::take(&mut used.fresh)))
            .filter(|(_, fresh)| fresh.calls > 0)
            .collect();
        Taken {
            totals: totals.since(&earlier),
            times: std::mem::take(&mut figures.times),
            open: self.open.take(),
            active: self.active.take(),
            idle: self.idle.load(Ordering::Relaxed),
            up: figures.up,
            usage,
        }
    }

    /// Adds up the use of resources that are not there any more.
    pub(super) fn retain(&self, is_there: impl Fn(&str) -> bool) {
        let mut figures = self.lock();
        let Figures {
            resources, gone, ..
        } = &mut *figures;
        resources.retain(|path, used| {
            let stays = is_there(path);
            if !stays {
                let last_ms = gone.last_ms.max(used.ever.last_ms);
                gone.add(&used.ever);
                gone.last_ms = last_ms;
            }
            stays
        });
    }

    fn with_bytes(&self, totals: &Totals) -> Totals {
        Totals {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            ..*totals
        }
    }

    /// Counts since the beginning.
    pub(super) fn totals(&self) -> Totals {
        let figures = self.lock();
        self.with_bytes(&figures.totals)
    }

    /// Durations since the beginning, and since the last delete.
    pub(super) fn durations(&self) -> (Durations, Durations) {
        let figures = self.lock();
        let since = figures.durations.since(&figures.deleted);
        (figures.durations, since)
    }

    /// From here on durations are counted anew.
    pub(super) fn delete_durations(&self) {
        let mut figures = self.lock();
        figures.deleted = figures.durations;
    }

    /// The use of each resource that was used; of all that are no more under an empty path.
    pub(super) fn usage(&self) -> Vec<(Arc<str>, Usage)> {
        let figures = self.lock();
        let used = figures.resources.iter();
        used.map(|(path, used)| (Arc::clone(path), used.ever))
            .chain([("".into(), figures.gone)])
            .filter(|(_, usage)| usage.calls > 0)
            .collect()
    }

    pub(super) fn connections(&self) -> Connections {
        Connections {
            active: self.active.now(),
            idle: self.idle.load(Ordering::Relaxed),
        }
    }

    pub(super) fn up(&self) -> Option<bool> {
        self.lock().up
    }
}

/// A connection to a back end that is in use; counted until dropped.
#[derive(Debug)]
pub(crate) struct Active(Arc<Cell>);

impl Active {
    pub(crate) fn new(cell: &Arc<Cell>) -> Self {
        cell.active.enter();
        Self(Arc::clone(cell))
    }

    /// The same connection at rest.
    pub(crate) fn rest(&self) -> Idle {
        self.0.idle.fetch_add(1, Ordering::Relaxed);
        Idle(Arc::clone(&self.0))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.leave();
    }
}

/// A connection to a back end that is kept; counted until dropped.
#[derive(Debug)]
pub(crate) struct Idle(Arc<Cell>);

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.idle.fetch_sub(1, Ordering::Relaxed);
    }
}
