//! What the running agent tells of itself: `status.json` in its data directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use underpass_runtime::{clock, file};
use underpass_shared::id::{InstanceId, LocationId, RegionHost, SubaccountId};

use crate::tunnel::Wanted;

/// The state of one tunnel connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state", content = "reason")]
pub enum Connection {
    /// Being dialled.
    Connecting,
    /// Requests can come.
    Up,
    /// Down, with the reason; it is tried again.
    Failed(String),
}

/// One enrolment and its connections.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkStatus {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    pub location_id: LocationId,
    /// The enrolled instance.
    pub instance: InstanceId,
    /// Its tunnel connections.
    pub connections: Vec<Connection>,
}

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The agent's process.
    pub pid: u32,
    /// The agent's version.
    pub version: String,
    /// When this was written, milliseconds UTC.
    pub time_ms: i64,
    /// Number of the configuration's revision.
    pub revision: u64,
    /// What keeps the agent from letting any request through, if something does.
    pub problem: Option<String>,
    /// What of the configuration weakens security.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The enrolments that shall be connected.
    pub links: Vec<LinkStatus>,
}

/// Where the parts of the agent tell their state. Clones are the same board.
#[derive(Clone, Debug, Default)]
pub struct StatusBoard(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    links: Mutex<BTreeMap<Wanted, BTreeMap<u8, Connection>>>,
    changed: Notify,
}

impl StatusBoard {
    /// Tells the state of a connection; `None` when there shall be none.
    pub(crate) fn connection(&self, link: &Wanted, index: u8, state: Option<Connection>) {
        let mut links = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = links.entry(link.clone()).or_default();
        match state {
            Some(state) => drop(connections.insert(index, state)),
            None => drop(connections.remove(&index)),
        }
        if connections.is_empty() {
            links.remove(link);
        }
        drop(links);
        self.0.changed.notify_one();
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
            connections: connections.values().cloned().collect(),
        });
        status.collect()
    }
}

impl Status {
    /// The file of a data directory.
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("status.json")
    }

    /// A status as of now.
    pub fn now(
        board: &StatusBoard,
        revision: u64,
        problem: Option<String>,
        warnings: Vec<String>,
    ) -> Self {
        Self {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time_ms: clock::wall_ms(),
            revision,
            problem,
            warnings,
            links: board.links(),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, data_dir: &Path) -> std::io::Result<()> {
        file::replace(&Self::path(data_dir), &serde_json::to_vec_pretty(self)?)
    }
}
