//! What the running agent tells of itself: `status.json` in its data directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use semver::Version;
use tokio::sync::{Notify, watch};
use underpass_runtime::{clock, file};
use underpass_shared::api::management::{
    Connection, HeartbeatStatus, LinkStatus, ManagementStatus, Status,
};
use underpass_shared::pki::expiry::Expiry;

use crate::history::{Kept, Trouble};
use crate::tunnel::Wanted;

/// Bytes of a gateway's version that are kept.
const VERSION_LEN_MAX: usize = 64;

/// Where the parts of the agent tell their state. Clones are the same board.
#[derive(Clone, Debug, Default)]
pub struct StatusBoard(Arc<Inner>);

#[derive(Default)]
struct Inner {
    links: Mutex<BTreeMap<Wanted, Connections>>,
    management: Mutex<ManagementStatus>,
    expiring: Mutex<Vec<Expiry>>,
    /// Enrolments that another process has the place of.
    taken: Mutex<BTreeSet<Wanted>>,
    heartbeat: Mutex<Option<HeartbeatStatus>>,
    history: OnceLock<Result<Kept, String>>,
    certificates: Mutex<Vec<Expiry>>,
    changed: Notify,
    told: watch::Sender<()>,
    tellers: AtomicU64,
    on_tunnel: OnceLock<OnTunnel>,
}

/// Told when a tunnel opened or ended; `None` is open, else it is why it ended.
type OnTunnel = Box<dyn Fn(&Wanted, Option<&str>) + Send + Sync>;

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.links.fmt(f)
    }
}

/// The connections of one enrolment.
#[derive(Debug, Default)]
struct Connections {
    /// Who tells; an older one that is still on its way out says nothing any more.
    teller: Teller,
    states: BTreeMap<u8, Connection>,
    /// Since when at least one is up.
    up_since_ms: Option<i64>,
    /// The version of the gateway that a connection was made to last.
    gateway_version: Option<String>,
}

impl Connections {
    fn set(&mut self, index: u8, state: Option<Connection>) {
        match state {
            Some(state) => drop(self.states.insert(index, state)),
            None => drop(self.states.remove(&index)),
        }
        let up = self.states.values().any(|state| *state == Connection::Up);
        self.up_since_ms = match self.up_since_ms {
            Some(since) if up => Some(since),
            None if up => Some(clock::wall_ms()),
            Some(_) | None => None,
        };
    }
}

/// One after the other tells of the connections of an enrolment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Teller(u64);

impl StatusBoard {
    /// Somebody who tells from now on, in place of those before.
    pub(crate) fn teller(&self) -> Teller {
        Teller(1 + self.0.tellers.fetch_add(1, Ordering::Relaxed))
    }

    /// Has `tell` told of every tunnel that opens, and of every one that ends with the reason. A
    /// tunnel is open while one of its connections is.
    pub fn on_tunnel(&self, tell: impl Fn(&Wanted, Option<&str>) + Send + Sync + 'static) {
        if self.0.on_tunnel.set(Box::new(tell)).is_err() {
            tracing::error!("somebody is told of tunnels already");
        }
    }

    /// Tells the state of a connection; `None` when there shall be none.
    pub(crate) fn connection(
        &self,
        teller: Teller,
        link: &Wanted,
        index: u8,
        state: Option<Connection>,
    ) {
        let mut links = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = links.entry(link.clone()).or_default();
        if teller < connections.teller {
            return;
        }
        if teller > connections.teller {
            connections.teller = teller;
            connections.states.clear();
        }
        let was_up = connections.up_since_ms.is_some();
        let reason = match &state {
            Some(Connection::Failed(reason)) => reason.clone(),
            Some(Connection::Connecting | Connection::Up) => "it is connected anew".to_owned(),
            None => "it is no longer wanted".to_owned(),
        };
        connections.set(index, state);
        let is_up = connections.up_since_ms.is_some();
        if connections.states.is_empty() {
            links.remove(link);
            self.taken(link, false);
        }
        drop(links);
        if let Some(tell) = self.0.on_tunnel.get().filter(|_| was_up != is_up) {
            tell(link, (!is_up).then_some(&reason));
        }
        self.0.changed.notify_one();
        self.0.told.send_replace(());
    }

    /// Tells of which version the gateway of an enrolment is; what is no version is not kept.
    pub(crate) fn gateway(&self, teller: Teller, link: &Wanted, version: &str) {
        let mut links = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = links.get_mut(link).filter(|one| one.teller == teller);
        if let Some(connections) = connections {
            let is_one = version.len() <= VERSION_LEN_MAX && Version::parse(version).is_ok();
            connections.gateway_version = is_one.then(|| version.to_owned());
        }
        drop(links);
        self.0.changed.notify_one();
        self.0.told.send_replace(());
    }

    /// Tells whether another process has the place of an enrolment.
    pub(crate) fn taken(&self, link: &Wanted, is_taken: bool) {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match is_taken {
            true => taken.insert(link.clone()),
            false => taken.remove(link),
        };
        drop(taken);
        if changed {
            self.0.told.send_replace(());
        }
    }

    /// The enrolments that another process has the place of.
    pub(crate) fn all_taken(&self) -> Vec<Wanted> {
        let taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().cloned().collect()
    }

    /// Tells which certificates end soon.
    pub(crate) fn expiring(&self, expiring: Vec<Expiry>) {
        let mut told = self
            .0
            .expiring
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = *told != expiring;
        *told = expiring;
        drop(told);
        if is_new {
            self.0.changed.notify_one();
            self.0.told.send_replace(());
        }
    }

    /// The certificates that end soon.
    pub(crate) fn ends(&self) -> Vec<Expiry> {
        let told = self.0.expiring.lock();
        told.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells how the heartbeat is doing.
    pub(crate) fn heartbeat(&self, status: Option<HeartbeatStatus>) {
        let told = self.0.heartbeat.lock();
        *told.unwrap_or_else(PoisonError::into_inner) = status;
        self.0.changed.notify_one();
    }

    /// How the heartbeat is doing, if there is one.
    pub(crate) fn beating(&self) -> Option<HeartbeatStatus> {
        let told = self.0.heartbeat.lock();
        told.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells who knows how the history is doing, or why there is none.
    pub(crate) fn history(&self, kept: Result<Kept, String>) {
        if self.0.history.set(kept).is_err() {
            tracing::error!("the history was opened twice");
        }
        self.history_changed();
    }

    /// Something else is wrong with the history than before.
    pub(crate) fn history_changed(&self) {
        self.0.told.send_replace(());
    }

    /// What is wrong with the history.
    pub(crate) fn history_trouble(&self) -> Trouble {
        match self.0.history.get() {
            Some(Ok(kept)) => kept.trouble(),
            Some(Err(reason)) => Trouble::stopped(reason),
            None => Trouble::default(),
        }
    }

    /// Tells of all certificates that are known.
    pub(crate) fn known(&self, certificates: Vec<Expiry>) {
        let mut told = self
            .0
            .certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = *told != certificates;
        *told = certificates;
        drop(told);
        if is_new {
            self.0.told.send_replace(());
        }
    }

    /// All certificates that are known, with their ends.
    pub(crate) fn certificates(&self) -> Vec<Expiry> {
        let told = self.0.certificates.lock();
        told.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells the state of the management API; answers what `tell` does.
    pub(crate) fn management<T>(&self, tell: impl FnOnce(&mut ManagementStatus) -> T) -> T {
        let management = self.0.management.lock();
        let told = tell(&mut management.unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_one();
        self.0.told.send_replace(());
        told
    }

    /// What was told of the management API; looking is no change.
    pub(crate) fn managed<T>(&self, look: impl FnOnce(&ManagementStatus) -> T) -> T {
        let management = self.0.management.lock();
        look(&management.unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells of every change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.told.subscribe()
    }

    /// Resolves at the next change.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// The present state.
    pub fn links(&self) -> Vec<LinkStatus> {
        let links = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        let status = links.iter().map(|(link, connections)| LinkStatus {
            region_host: link.region_host.clone(),
            subaccount: link.subaccount,
            location_id: link.location.clone(),
            instance: link.instance,
            connected_since_ms: connections.up_since_ms,
            gateway_version: connections.gateway_version.clone(),
            connections: connections.states.values().cloned().collect(),
        });
        status.collect()
    }
}

/// The status file of a data directory.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("status.json")
}

/// The status as of now.
pub fn now(
    board: &StatusBoard,
    revision: u64,
    problem: Option<String>,
    warnings: Vec<String>,
) -> Status {
    Status {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time_ms: clock::wall_ms(),
        revision,
        problem,
        warnings,
        expiring: board
            .0
            .expiring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
        management: board.managed(ManagementStatus::clone),
        drain: None,
        trial: None,
        heartbeat: board.beating(),
        history_problem: board.history_trouble().told(),
        links: board.links(),
    }
}

/// Writes the status file. It is worth nothing without the process that it tells of, so no disk is
/// waited for.
///
/// # Errors
/// When it cannot be written.
pub fn write(status: &Status, data_dir: &Path) -> std::io::Result<()> {
    file::show(&path(data_dir), &serde_json::to_vec_pretty(status)?)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn looking_at_the_status_is_no_change() {
        let board = StatusBoard::default();
        let address = "127.0.0.1:8443".parse().unwrap();
        board.management(|management| management.listening.push(address));
        board.changed().await;
        let told = board.subscribe();
        let status = now(&board, 1, None, vec![]);
        assert_eq!(status.management.listening, [address]);
        assert!(board.changed().now_or_never().is_none());
        assert!(!told.has_changed().unwrap());
    }
}
