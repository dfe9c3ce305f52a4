//! The history of what is measured: opened at the start, fed by the ticker, kept as configured.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use underpass_history::{History, ResourceUse, Retention, Usage};
use underpass_runtime::tasks::Tasks;
use underpass_shared::config::HistorySettings;
use underpass_shared::monitor::Entity;

use crate::measure::Tick;
use crate::store::Snapshot;

/// Opens the history. Without one the agent goes on; the reason is told to whoever asks for it.
pub(crate) fn open(data_dir: &Path, snapshot: &Snapshot) -> Result<History, String> {
    let retention = retention(snapshot.document().connector().history);
    History::open(data_dir, retention).map_err(|error| {
        let error = format!("{:#}", anyhow::Error::from(error));
        tracing::error!(error, "nothing that is measured is kept");
        format!("the agent keeps no history: {error}")
    })
}

/// Gives a tick to the history.
pub(crate) fn keep(history: &History, tick: &Tick) {
    let uses = tick.usage.iter().map(|one| ResourceUse {
        entity: Entity::Mapping((*one.subaccount).clone(), one.address.clone()),
        resource: Arc::clone(&one.resource),
        usage: Usage {
            calls: one.usage.calls,
            received: one.usage.received,
            sent: one.usage.sent,
            last_ms: one.usage.last_ms,
        },
    });
    history.push(Arc::clone(&tick.sample), uses.collect());
}

/// Lets the retention follow the configuration.
pub(crate) async fn retain_as_configured(
    history: History,
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    tasks: Tasks,
) {
    let mut present = None;
    loop {
        let settings = snapshot.borrow_and_update().document().connector().history;
        if present != Some(settings) {
            present = Some(settings);
            history.retain(retention(settings));
        }
        tokio::select! {
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tasks.stopped() => return,
        }
    }
}

fn retention(settings: HistorySettings) -> Retention {
    Retention {
        fine_hours: settings.fine_hours.get(),
        minute_days: settings.minute_days.get(),
        hour_days: settings.hour_days.get(),
    }
}
