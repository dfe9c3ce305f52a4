//! What happens in the agent, as figures.
//!
//! The data path tells the [`Meter`] where it happens: each request counts in the cell of its
//! mapping while its bytes pass, and once more at its end, whatever way it ends. Every 15 s all of
//! it is taken as one [`Sample`]; what only grows since the start can be asked for at any time.

mod body;
mod cell;
mod figures;
mod host;
mod recent;
mod request;
mod take;
mod tick;
mod tunnel;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_shared::config::SubaccountKey;
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::{Request, Sample};

pub(crate) use self::body::{Counted, CountedIo};
use self::cell::Level;
pub(crate) use self::cell::{Active, Idle};
pub use self::figures::{
    BOUNDS_MS, Connections, Durations, MappingFigures, Performance, Remembered, ResourceUse,
    Totals, TunnelFigures, Usage,
};
pub use self::host::{Host, Interface, Volume, Volumes};
use self::recent::Recent;
pub(crate) use self::request::{Flow, Measured};
pub use self::take::Tick;
pub use self::tick::SAMPLE_EVERY;
pub(crate) use self::tick::Ticker;
pub(crate) use self::tunnel::TunnelMeter;

/// Where everything is measured. Clones are the same.
#[derive(Clone, Debug)]
pub struct Meter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    started_ms: i64,
    open: Arc<Level>,
    tunnels: Mutex<BTreeMap<SubaccountKey, Arc<TunnelMeter>>>,
    /// The counts of subaccounts that are no more.
    gone: Mutex<Totals>,
    recent: Arc<Mutex<Recent>>,
    performance_since_ms: AtomicI64,
    /// When it was last taken, by the clock that never jumps.
    taken: Mutex<Duration>,
    host: Mutex<Option<Arc<Host>>>,
    last: watch::Sender<Arc<Sample>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

impl Meter {
    /// A meter that counts from now on.
    pub fn new() -> Self {
        let now_ms = clock::wall_ms();
        Self(Arc::new(Inner {
            started_ms: now_ms,
            open: Arc::default(),
            tunnels: Mutex::default(),
            gone: Mutex::default(),
            recent: Arc::new(Mutex::new(Recent::since(now_ms))),
            performance_since_ms: AtomicI64::new(now_ms),
            taken: Mutex::new(clock::monotonic()),
            host: Mutex::default(),
            last: watch::Sender::default(),
        }))
    }

    /// Where what happens for a subaccount is measured.
    pub(crate) fn tunnel(&self, key: &SubaccountKey) -> Arc<TunnelMeter> {
        let mut tunnels = lock(&self.0.tunnels);
        if let Some(tunnel) = tunnels.get(key) {
            return Arc::clone(tunnel);
        }
        let (recent, open) = (Arc::clone(&self.0.recent), Arc::clone(&self.0.open));
        let tunnel = TunnelMeter::new(key.clone(), recent, open);
        tunnels.insert(key.clone(), Arc::clone(&tunnel));
        tunnel
    }

    fn all(&self) -> Vec<Arc<TunnelMeter>> {
        lock(&self.0.tunnels).values().map(Arc::clone).collect()
    }

    /// The last sample; one without points before the first.
    pub fn last(&self) -> watch::Receiver<Arc<Sample>> {
        self.0.last.subscribe()
    }

    /// The last reading of the host.
    pub fn host(&self) -> Option<Arc<Host>> {
        lock(&self.0.host).clone()
    }

    /// Since when everything is counted, milliseconds UTC.
    pub fn started_ms(&self) -> i64 {
        self.0.started_ms
    }

    /// The requests that ended last and are `wanted`, the newest first.
    pub fn recent(&self, limit: usize, wanted: impl Fn(&Request) -> bool) -> Remembered {
        lock(&self.0.recent).last(limit, wanted)
    }

    /// Forgets the requests that ended last.
    pub fn delete_recent(&self) {
        lock(&self.0.recent).delete_last(clock::wall_ms());
    }

    /// The requests that took longest, the longest first.
    pub fn top(&self) -> Remembered {
        lock(&self.0.recent).top()
    }

    /// Forgets the requests that took longest.
    pub fn delete_top(&self) {
        lock(&self.0.recent).delete_top(clock::wall_ms());
    }

    /// The mappings that were called or probed since the start, by subaccount and address.
    pub fn mappings(&self) -> Vec<MappingFigures> {
        let mut figures = vec![];
        for tunnel in self.all() {
            for cell in tunnel.cells() {
                let Some(address) = cell.address() else {
                    continue;
                };
                let (durations, performance) = cell.durations();
                figures.push(MappingFigures {
                    subaccount: Arc::clone(tunnel.key()),
                    address: address.clone(),
                    totals: cell.totals(),
                    durations,
                    performance,
                    open: cell.open.now(),
                    connections: cell.connections(),
                    up: cell.up(),
                });
            }
        }
        figures
    }

    /// How long requests took since the durations were last deleted.
    pub fn performance(&self) -> Performance {
        Performance {
            mappings: self.mappings(),
            since_ms: self.0.performance_since_ms.load(Ordering::Relaxed),
        }
    }

    /// Counts durations anew from now on.
    pub fn delete_performance(&self) {
        for tunnel in self.all() {
            for cell in tunnel.cells() {
                cell.delete_durations();
            }
        }
        let now_ms = clock::wall_ms();
        self.0.performance_since_ms.store(now_ms, Ordering::Relaxed);
    }

    /// What was called since the start through which resource, by subaccount, address and path.
    pub fn usage(&self) -> Vec<ResourceUse> {
        let mut uses = vec![];
        for tunnel in self.all() {
            for cell in tunnel.cells() {
                let Some(address) = cell.address() else {
                    continue;
                };
                for (resource, usage) in cell.usage() {
                    uses.push(ResourceUse {
                        subaccount: Arc::clone(tunnel.key()),
                        address: address.clone(),
                        resource,
                        usage,
                    });
                }
            }
        }
        uses
    }

    /// The tunnels, by subaccount.
    pub fn tunnels(&self) -> Vec<TunnelFigures> {
        self.all().iter().map(|tunnel| tunnel.figures()).collect()
    }

    /// Counts of all requests since the start.
    pub fn totals(&self) -> Totals {
        // Under one lock, so that nothing is on its way from one place to the other.
        let tunnels = lock(&self.0.tunnels);
        let mut totals = *lock(&self.0.gone);
        for tunnel in tunnels.values() {
            totals.add(&tunnel.totals());
        }
        totals
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        self.0.open.now()
    }

    /// What a probe of a mapping's back end found; none when it is probed no more.
    pub fn probed(&self, key: &SubaccountKey, address: &VirtualAddress, up: Option<bool>) {
        self.tunnel(key).cell(address).probed(up);
    }
}

#[cfg(test)]
mod tests;
