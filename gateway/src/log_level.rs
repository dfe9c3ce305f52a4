//! What is logged changes while the gateway runs, as an operator sets it.

use underpass_runtime::telemetry::Levels;

use crate::directory::{Directory, LogFilter};

/// Keeps the log as the directory says until it is dropped.
pub async fn follow(directory: Directory, levels: Levels) {
    let mut index = directory.watch();
    let mut present: Option<LogFilter> = None;
    loop {
        let wanted = index.borrow_and_update().log_filter().cloned();
        let wanted = wanted.map(|filter| LogFilter::clone(&filter));
        if wanted != present {
            set(&levels, wanted.as_ref());
            present = wanted;
        }
        if index.changed().await.is_err() {
            return;
        }
    }
}

fn set(levels: &Levels, wanted: Option<&LogFilter>) {
    let filter = wanted.map(|wanted| wanted.filter.as_str());
    if let Err(error) = levels.replace(filter) {
        return tracing::warn!(%error, "what is logged stays as it was");
    }
    let until_ms = wanted.and_then(|wanted| wanted.until_ms);
    // A level that hides this line is seen in `log-level show`.
    tracing::info!(
        filter = filter.unwrap_or("as at the start"),
        until_ms,
        "what is logged was changed"
    );
}
