//! What is measured of one subaccount: its mappings' requests and its tunnel.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Request as Head;
use underpass_runtime::tunnel::Served;
use underpass_shared::config::{Subaccount, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::{Histogram, Request};

use super::cell::{Cell, Level, Taken};
use super::figures::{Totals, TunnelFigures};
use super::recent::Recent;
use super::request::Measured;

/// Where what happens for one subaccount is measured.
#[derive(Debug)]
pub(crate) struct TunnelMeter {
    key: Arc<SubaccountKey>,
    recent: Arc<Mutex<Recent>>,
    all_open: Arc<Level>,
    pub(super) open: Level,
    /// Of requests that found no mapping.
    rest: Arc<Cell>,
    cells: Mutex<BTreeMap<VirtualAddress, Arc<Cell>>>,
    /// The counts of mappings that are no more.
    gone: Mutex<Totals>,
    connections: Mutex<BTreeMap<u64, Served>>,
    next_connection: AtomicU64,
    /// Of connections that ended.
    trips: Mutex<Histogram>,
    reconnects: AtomicU64,
    reconnects_taken: AtomicU64,
}

/// A connection of the tunnel; looked at until dropped.
#[derive(Debug)]
pub(crate) struct Connected {
    tunnel: Arc<TunnelMeter>,
    at: u64,
}

/// What happened since the last call of [`TunnelMeter::take`].
pub(super) struct TunnelTaken {
    pub(super) cells: Vec<(VirtualAddress, Taken)>,
    pub(super) rest: Taken,
    /// Requests in flight: now, and at most.
    pub(super) open: (usize, usize),
    /// Connections that are up.
    pub(super) up: usize,
    /// Streams that are open.
    pub(super) streams: usize,
    pub(super) trips: Histogram,
    pub(super) reconnects: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TunnelMeter {
    pub(super) fn new(
        key: SubaccountKey,
        recent: Arc<Mutex<Recent>>,
        all_open: Arc<Level>,
    ) -> Arc<Self> {
        Arc::new(Self {
            key: Arc::new(key),
            recent,
            all_open,
            open: Level::default(),
            rest: Cell::new(None),
            cells: Mutex::default(),
            gone: Mutex::default(),
            connections: Mutex::default(),
            next_connection: AtomicU64::new(0),
            trips: Mutex::default(),
            reconnects: AtomicU64::new(0),
            reconnects_taken: AtomicU64::new(0),
        })
    }

    /// Whose it is.
    pub(crate) const fn key(&self) -> &Arc<SubaccountKey> {
        &self.key
    }

    /// A request came in, on a connection whose last round trip is known.
    pub(crate) fn begin<B>(
        self: &Arc<Self>,
        request: &Head<B>,
        round_trip: Option<Duration>,
    ) -> Measured {
        self.open.enter();
        self.all_open.enter();
        Measured::begin(self, request, round_trip)
    }

    /// The request that began has ended.
    pub(super) fn end(&self, request: Request) {
        self.open.leave();
        self.all_open.leave();
        let request = Arc::new(request);
        let freed = lock(&self.recent).push(request);
        drop(freed);
    }

    /// Where requests to a mapping are counted. Only for mappings of the document, which bounds
    /// how many there are.
    pub(super) fn cell(&self, address: &VirtualAddress) -> Arc<Cell> {
        let mut cells = lock(&self.cells);
        match cells.get(address) {
            Some(cell) => Arc::clone(cell),
            None => {
                let cell = Cell::new(Some(address.clone()));
                cells.insert(address.clone(), Arc::clone(&cell));
                cell
            }
        }
    }

    /// Where requests that found no mapping are counted.
    pub(super) const fn rest(&self) -> &Arc<Cell> {
        &self.rest
    }

    /// The cells of mappings, by address.
    pub(super) fn cells(&self) -> Vec<Arc<Cell>> {
        lock(&self.cells).values().map(Arc::clone).collect()
    }

    /// Looks at a connection from now on.
    pub(crate) fn connected(self: &Arc<Self>, served: &Served) -> Connected {
        let at = self.next_connection.fetch_add(1, Ordering::Relaxed);
        lock(&self.connections).insert(at, served.clone());
        Connected {
            tunnel: Arc::clone(self),
            at,
        }
    }

    /// A connection was opened again.
    pub(crate) fn reconnected(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes what happened since the last call, and forgets mappings that `subaccount` has no more
    /// once nothing of theirs runs.
    pub(super) fn take(&self, subaccount: Option<&Subaccount>) -> TunnelTaken {
        let connections = lock(&self.connections);
        let mut trips = std::mem::take(&mut *lock(&self.trips));
        let mut streams = 0;
        for served in connections.values() {
            streams += served.active();
            record(&mut trips, served);
        }
        let up = connections.values().filter(|one| one.is_up()).count();
        drop(connections);
        let reconnects = self.reconnects.load(Ordering::Relaxed);
        let reconnects_before = self.reconnects_taken.swap(reconnects, Ordering::Relaxed);
        TunnelTaken {
            cells: self.take_cells(subaccount),
            rest: self.rest.take(),
            open: self.open.take(),
            up,
            streams,
            trips,
            reconnects: reconnects.saturating_sub(reconnects_before),
        }
    }

    fn take_cells(&self, subaccount: Option<&Subaccount>) -> Vec<(VirtualAddress, Taken)> {
        let mapping = |one: &VirtualAddress| {
            subaccount.and_then(|subaccount| subaccount.mapping(one.host.as_str(), one.port.get()))
        };
        let mut taken = vec![];
        lock(&self.cells).retain(|address, cell| {
            let mapping = mapping(address);
            // Nobody can count in it any more: all of it is in what is taken now.
            let is_over = mapping.is_none() && Arc::strong_count(cell) == 1;
            taken.push((address.clone(), cell.take()));
            if let Some(mapping) = mapping {
                let resources = &mapping.resources;
                cell.retain(|path| resources.iter().any(|one| one.path.as_str() == path));
            }
            if is_over {
                lock(&self.gone).add(&cell.totals());
            }
            !is_over
        });
        taken
    }

    /// Counts of all requests since the beginning.
    pub(super) fn totals(&self) -> Totals {
        let cells = lock(&self.cells);
        let mut totals = self.rest.totals();
        totals.add(&lock(&self.gone));
        for cell in cells.values() {
            totals.add(&cell.totals());
        }
        totals
    }

    pub(super) fn figures(&self) -> TunnelFigures {
        let connections = lock(&self.connections);
        let trips = connections.values().filter_map(Served::round_trip);
        TunnelFigures {
            subaccount: Arc::clone(&self.key),
            totals: self.totals(),
            open: self.open.now(),
            connections: connections.values().filter(|one| one.is_up()).count(),
            round_trip_us: trips
                .min()
                .map(|trip| u64::try_from(trip.as_micros()).unwrap_or(u64::MAX)),
            reconnects: self.reconnects.load(Ordering::Relaxed),
        }
    }
}

fn record(trips: &mut Histogram, served: &Served) {
    for trip in served.take_round_trips() {
        trips.record(u64::try_from(trip.as_micros()).unwrap_or(u64::MAX));
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if let Some(served) = lock(&self.tunnel.connections).remove(&self.at) {
            record(&mut lock(&self.tunnel.trips), &served);
        }
    }
}
