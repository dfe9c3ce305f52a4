//! The log of the running agent: its levels and files follow the configuration.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::{FileLimits, Levels, LogFiles, Recent};
use underpass_shared::config::LogSettings;

use crate::store::{Snapshot, Store};

/// Where the files of the log are, in the data directory.
const LOG_DIR: &str = "log";
/// The number of days that deletes no file.
const KEPT_ALWAYS: u32 = 0;
/// Bytes of a megabyte.
const MEGABYTE: u64 = 1_000_000;

/// Writes the log into files too. The agent runs without them.
pub(super) fn into_files(data_dir: &Path, recent: &Recent, store: &Store) -> Option<LogFiles> {
    let current = store.current();
    let mut limits = limits(&current.document().connector().log_and_trace);
    if current.known().is_none() {
        limits.days = KEPT_ALWAYS;
    }
    match LogFiles::start(&data_dir.join(LOG_DIR), recent, limits) {
        Ok(files) => Some(files),
        Err(error) => {
            tracing::error!(%error, "the log is written into no files");
            None
        }
    }
}

fn limits(settings: &LogSettings) -> FileLimits {
    FileLimits {
        bytes: u64::from(settings.rollover_threshold.0.get()) * MEGABYTE,
        days: settings.cleanup.get(),
    }
}

/// Lets the log follow the configuration.
pub(super) async fn as_configured(
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    levels: Levels,
    files: Option<LogFiles>,
    tasks: Tasks,
) {
    let mut present = LogSettings::default();
    loop {
        let current = Arc::clone(&snapshot.borrow_and_update());
        let wanted = &current.document().connector().log_and_trace;
        if *wanted != present {
            present = wanted.clone();
            levels.set(wanted.scc_log_level, wanted.other_log_level, &wanted.levels);
            if let Some(files) = &files {
                files.limit(limits(wanted));
            }
        }
        tokio::select! {
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tasks.stopped() => return,
        }
    }
}
