//! The running agent: opens its state, keeps its tunnels, ends with a drain.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::{clock, service};
use underpass_shared::protocol::timers::DRAIN_GRACE;

use crate::admin::{self, Admin};
use crate::credentials::CredentialStore;
use crate::forward::Forward;
use crate::secrets::SecretStore;
use crate::status::{self, StatusBoard};
use crate::store::{Snapshot, Store};
use crate::tunnel::{self, Tunnels};
use crate::warnings;

/// What is left of the drain's grace for everything else to end.
const END_MARGIN: Duration = Duration::from_secs(5);
/// `status.json` is written again after this time even when nothing changed.
const STATUS_EVERY: Duration = Duration::from_secs(10);
/// Several changes within this time are written once.
const STATUS_PAUSE: Duration = Duration::from_millis(50);

/// Runs the agent of a data directory until `stop` resolves.
///
/// # Errors
/// When the data directory cannot be used.
pub async fn run(
    data_dir: &Path,
    operators: Option<&str>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let store = Store::open(data_dir, clock::wall_ms)?;
    let board = StatusBoard::default();
    // Tunnels end before the connections that carry their requests.
    let (tunnels, backends) = (Tasks::new(), Tasks::new());
    let forward = Forward::new(store.snapshot(), &backends);
    let reconciled = Tunnels {
        credentials: CredentialStore::new(data_dir),
        secrets: SecretStore::new(data_dir),
        board: board.clone(),
        tasks: tunnels.clone(),
    };
    tunnels.spawn(
        "reconcile",
        tunnel::run(reconciled, forward, store.snapshot()),
    );
    let administration = Tasks::new();
    let admin = Admin::running(data_dir, store.clone(), board.clone());
    let admin = match admin::start(data_dir, operators, admin, &administration) {
        Ok(thread) => Some(thread),
        Err(error) => {
            // What is configured goes on.
            tracing::error!(%error, "this agent cannot be administered while it runs");
            None
        }
    };
    let watch = Tasks::new();
    service::watchdog(&watch, &[]);
    let warnings = warnings::of(store.current().document());
    write_status(data_dir, &board, &store.current(), warnings);
    // Not when tunnels are up: a gateway that is away must not hold up the start of the host.
    service::ready();
    tracing::info!(
        revision = store.current().revision().number,
        "agent running"
    );

    tokio::select! {
        () = stop => {}
        failed = tell(data_dir, &board, &store) => failed?,
    }
    service::stopping();
    tracing::info!("stopping: no new requests, running ones may finish");
    let in_time = tunnels.join(DRAIN_GRACE + END_MARGIN).await & backends.join(END_MARGIN).await;
    if !in_time {
        tracing::warn!("some requests were aborted because they outlasted the grace");
    }
    if administration.join(END_MARGIN).await
        && let Some(thread) = admin
    {
        thread.join();
    }
    // A status file without a process would lie.
    match std::fs::remove_file(status::path(data_dir)) {
        Ok(()) => {}
        Err(error) => tracing::debug!(%error, "no status file to remove"),
    }
    watch.join(END_MARGIN).await;
    tracing::info!("stopped");
    Ok(())
}

/// Writes the status file on every change.
async fn tell(data_dir: &Path, board: &StatusBoard, store: &Store) -> anyhow::Result<()> {
    let mut snapshot = store.snapshot();
    let mut warnings: Vec<String> = vec![];
    let mut warned = None;
    loop {
        let changed = board.changed();
        let current = snapshot.borrow_and_update().clone();
        if warned != Some(current.document().hash()) {
            warned = Some(current.document().hash());
            let present = warnings::of(current.document());
            for warning in present.iter().filter(|one| !warnings.contains(one)) {
                tracing::warn!(warning, "the configuration weakens security");
            }
            warnings = present;
        }
        write_status(data_dir, board, &current, warnings.clone());
        tokio::select! {
            () = changed => {}
            changed = snapshot.changed() => changed.context("the store ended")?,
            () = tokio::time::sleep(STATUS_EVERY) => {}
        }
        tokio::time::sleep(STATUS_PAUSE).await;
    }
}

fn write_status(data_dir: &Path, board: &StatusBoard, current: &Snapshot, warnings: Vec<String>) {
    let problem = current.problem().map(ToString::to_string);
    let status = status::now(board, current.revision().number, problem, warnings);
    if let Err(error) = status::write(&status, data_dir) {
        tracing::warn!(%error, "cannot write the status file");
    }
}
