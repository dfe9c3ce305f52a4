//! Keeps `status.json` up to date, and warns of what weakens security.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;

use crate::status::{self, StatusBoard};
use crate::store::Snapshot;
use crate::warnings;

/// `status.json` is written again after this time even when nothing changed.
const STATUS_EVERY: Duration = Duration::from_secs(10);
/// Several changes within this time are written once.
const STATUS_PAUSE: Duration = Duration::from_millis(50);

/// Writes the status file on every change.
pub(super) async fn tell(
    data_dir: PathBuf,
    board: StatusBoard,
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    tasks: Tasks,
) {
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
        write(&data_dir, &board, &current, warnings.clone());
        tokio::select! {
            () = changed => {}
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(STATUS_EVERY) => {}
            () = tasks.stopped() => return,
        }
        tokio::time::sleep(STATUS_PAUSE).await;
    }
}

pub(super) fn write(
    data_dir: &Path,
    board: &StatusBoard,
    current: &Snapshot,
    warnings: Vec<String>,
) {
    let problem = current.problem().map(ToString::to_string);
    let status = status::now(board, current.revision().number, problem, warnings);
    if let Err(error) = status::write(&status, data_dir) {
        tracing::warn!(%error, "cannot write the status file");
    }
}
