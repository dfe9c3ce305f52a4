//! The running agent: opens its state, keeps its tunnels, ends with a drain.

mod administer;
mod aside;
mod log;
mod parts;
mod status_file;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::{Levels, Recent};
use underpass_runtime::{clock, service};
use underpass_shared::audit::{Category, Record};
use underpass_shared::protocol::timers::DRAIN_GRACE;

use self::administer::administer;
use self::aside::Aside;
use self::parts::{Parts, end_audit};
use crate::backup::Spool;
use crate::control::End;
use crate::credentials::CredentialStore;
use crate::diagnosis;
use crate::expiry;
use crate::heartbeat;
use crate::management;
use crate::probes;
use crate::restore;
use crate::secrets::SecretStore;
use crate::status;
use crate::store::{Snapshot, Store};
use crate::vault::Vault;
use crate::warnings;

/// What is left of the drain's grace for everything else to end.
const END_MARGIN: Duration = Duration::from_secs(5);

/// How the running agent is administered.
#[derive(Clone, Debug)]
pub struct Administration {
    /// The group that may use the local socket.
    pub operators_group: Option<String>,
    /// The management API.
    pub management: management::Options,
    /// The signing request of the first Administrator.
    pub first_administrator: Option<PathBuf>,
    /// What is logged.
    pub levels: Levels,
    /// What was logged.
    pub recent: Recent,
    /// Whether a service manager starts the agent again after its end.
    pub is_restarted: bool,
}

/// Runs the agent of a data directory until `stop` resolves.
///
/// # Errors
/// When the data directory cannot be used.
pub async fn run(
    data_dir: &Path,
    administration: Administration,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<End> {
    let store = Store::open(data_dir, clock::wall_ms)?;
    // Before the data key may change: what waits is sealed under the one that was.
    let recovered = restore::recover(data_dir, &store).await;
    seal_secrets(data_dir);
    Spool::clear(data_dir);
    // Tunnels end before the connections that carry their requests.
    let (tunnels, backends) = (Tasks::new(), Tasks::new());
    let (parts, forward) = Parts::open(data_dir, store, &administration, &backends)?;
    if let Some(told) = recovered.told() {
        let (time_ms, category) = (parts.audit.now_ms(), Category::Configuration);
        parts
            .audit
            .record(Record::of_agent(time_ms, category, told));
    }
    parts.open_tunnels(forward, &tunnels);
    let aside = Aside::start().context("cannot start the thread of the administration")?;
    administer(&administration, &parts, &aside).await;
    look_after(&parts, &backends, &aside);
    watch(&parts, administration.levels, &aside);
    let watchdog = Tasks::new();
    service::watchdog(&watchdog, &[]);
    // Not when tunnels are up: a gateway that is away must not hold up the start of the host.
    service::ready();
    let revision = parts.store.current().revision().number;
    tracing::info!(revision, "agent running");

    let end = tokio::select! {
        () = stop => End::Stopped,
        () = parts.control.restarting() => End::Restart,
        () = ended(parts.store.snapshot()) => anyhow::bail!("the store ended"),
    };
    service::stopping();
    tracing::info!("stopping: no new requests, running ones may finish");
    let in_time = tunnels.join(DRAIN_GRACE + END_MARGIN).await & backends.join(END_MARGIN).await;
    if !in_time {
        tracing::warn!("some requests were aborted because they outlasted the grace");
    }
    aside.end().await;
    end_audit(&parts.audit);
    remove_told(data_dir);
    watchdog.join(END_MARGIN).await;
    tracing::info!("stopped");
    if let Some(files) = parts.log_files {
        files.close();
    }
    Ok(end)
}

/// Resolves when the store's writer is gone, without which nothing can be changed any more.
async fn ended(mut snapshot: watch::Receiver<Arc<Snapshot>>) {
    while snapshot.changed().await.is_ok() {}
}

/// Without a process these files would lie.
fn remove_told(data_dir: &Path) {
    for path in [status::path(data_dir), management::addresses(data_dir)] {
        match std::fs::remove_file(path) {
            Ok(()) => {}
            Err(error) => tracing::debug!(%error, "no such file to remove"),
        }
    }
}

/// Starts what finds trouble: probes of back ends, diagnoses, and the end of traces.
fn look_after(parts: &Parts, backends: &Tasks, aside: &Aside) {
    let (snapshot, tasks) = (parts.store.snapshot(), aside.tasks.clone());
    let probing = probes::run(parts.probes.clone(), snapshot, parts.means(backends));
    aside.spawn("probes", probing);
    let (snapshot, audit) = (parts.store.snapshot(), parts.audit.clone());
    let tracing = parts.traces.clone().run(audit, snapshot, tasks.clone());
    aside.spawn("traces", tracing);
    let (snapshot, board) = (parts.store.snapshot(), parts.board.clone());
    let diagnosing = diagnosis::run(parts.diagnoses.clone(), snapshot, board, tasks);
    aside.spawn("diagnoses", diagnosing);
}

/// Starts what only looks: the status file, the ends of certificates, what is logged.
fn watch(parts: &Parts, levels: Levels, aside: &Aside) {
    let (snapshot, tasks) = (parts.store.snapshot(), aside.tasks.clone());
    let (data_dir, board) = (&parts.data_dir, &parts.board);
    let credentials = CredentialStore::new(data_dir);
    let expiry = expiry::run(snapshot.clone(), credentials, board.clone(), tasks.clone());
    aside.spawn("expiry", expiry);
    let files = parts.log_files.clone();
    let logging = log::as_configured(snapshot.clone(), levels, files, tasks.clone());
    aside.spawn("log-levels", logging);
    let secrets = SecretStore::new(data_dir);
    let beating = heartbeat::run(snapshot.clone(), board.clone(), secrets, tasks.clone());
    aside.spawn("heartbeat", beating);
    // It is there before the agent says that it is ready.
    let current = parts.store.current();
    let warnings = warnings::of(current.document());
    status_file::write(data_dir, board, &current, warnings);
    let telling = status_file::tell(data_dir.clone(), board.clone(), snapshot, tasks);
    aside.spawn("status", telling);
}

/// Seals what is not sealed yet. What cannot be opened is told by whatever needs it; the rest of
/// the agent goes on.
fn seal_secrets(data_dir: &Path) {
    match Vault::new(data_dir).prepare() {
        Ok(origin) => tracing::info!(data_key = %origin, "secrets are sealed"),
        Err(error) => {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::error!(error, "some secrets cannot be used");
        }
    }
}
