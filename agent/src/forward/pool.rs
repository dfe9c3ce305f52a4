//! Connections to internal systems, kept for the next request; the one used last is used next.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::hash::Hash256;

use super::guard::Guard;
use super::upload::Upload;
use crate::measure::{Active, Flow, Idle};

/// How long an idle connection is kept: below the 60 s and more of common servers.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// Idle connections kept for one mapping.
const IDLE_MAX: usize = 1_024;
/// How long a connection may take to become idle after its answer.
const SETTLE_TIME: Duration = Duration::from_secs(1);

/// The pool of a data thread.
pub(super) struct Pool {
    idle: Mutex<HashMap<Purpose, Vec<Connection>>>,
    tasks: Tasks,
}

/// What a connection serves: the very mapping under the very rules that it was made by. A change of
/// either leaves the old connections unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Purpose {
    pub(super) mapping: Hash256,
    /// The generation of the TLS rules, where there is TLS.
    pub(super) rules: Option<u64>,
}

/// A connection to an internal system.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Upload>,
    pub(super) peer: SocketAddr,
    idle_since: Duration,
    /// Counts it while it rests.
    idle: Option<Idle>,
}

impl Connection {
    pub(super) fn new(sender: SendRequest<Upload>, peer: SocketAddr) -> Self {
        Self {
            sender,
            peer,
            idle_since: Duration::ZERO,
            idle: None,
        }
    }
}

/// A connection in use, with the place that it goes back to.
pub(super) struct Lease {
    pub(super) connection: Connection,
    purpose: Purpose,
    pool: Arc<Pool>,
    active: Option<Active>,
}

impl Pool {
    /// An empty pool whose tasks belong to `tasks`.
    pub(super) fn start(tasks: &Tasks) -> Arc<Self> {
        let pool = Arc::new(Self {
            idle: Mutex::default(),
            tasks: tasks.clone(),
        });
        tasks.spawn("backend-sweep", Arc::clone(&pool).sweep());
        pool
    }

    /// The owner of the connections' tasks.
    pub(super) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// An idle connection that the target guard still allows, for the request of `flow`.
    pub(super) fn take(
        self: &Arc<Self>,
        purpose: Purpose,
        guard: Guard<'_>,
        flow: &Flow,
    ) -> Option<Lease> {
        let mut idle = self.lock();
        let connections = idle.get_mut(&purpose)?;
        while let Some(connection) = connections.pop() {
            let peer = connection.peer;
            if connection.sender.is_ready() && guard.check(peer).is_ok() {
                return Some(self.lease(purpose, connection, flow));
            }
        }
        None
    }

    /// Enters a connection, in use for the request of `flow`.
    pub(super) fn lease(
        self: &Arc<Self>,
        purpose: Purpose,
        mut connection: Connection,
        flow: &Flow,
    ) -> Lease {
        connection.idle = None;
        Lease {
            connection,
            purpose,
            pool: Arc::clone(self),
            active: flow.connection(),
        }
    }

    async fn sweep(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(IDLE_TIME / 4) => {}
                () = self.tasks.stopped() => break,
            }
            let now = clock::monotonic();
            let mut idle = self.lock();
            idle.retain(|_, connections| {
                connections.retain(|connection| {
                    !connection.sender.is_closed() && now < connection.idle_since + IDLE_TIME
                });
                !connections.is_empty()
            });
        }
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Purpose, Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Gives the connection up, but not what counts it as in use.
    pub(super) fn into_active(self) -> Option<Active> {
        self.active
    }

    /// Puts the connection back once the answer is through; drops it when it cannot be used again.
    pub(super) async fn give_back(mut self) {
        let sender = &mut self.connection.sender;
        // Most often it is ready, and no timer is needed.
        if !sender.is_ready() && !matches!(timeout(SETTLE_TIME, sender.ready()).await, Ok(Ok(()))) {
            return;
        }
        self.connection.idle_since = clock::monotonic();
        let mut idle = self.pool.lock();
        let connections = idle.entry(self.purpose).or_default();
        if connections.len() < IDLE_MAX {
            self.connection.idle = self.active.as_ref().map(Active::rest);
            connections.push(self.connection);
        }
    }
}
