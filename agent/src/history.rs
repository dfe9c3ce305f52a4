//! The history of what is measured: opened at the start, fed by the ticker, kept as configured.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use underpass_history::{History, ResourceUse, Retention, State, Usage, Used};
use underpass_runtime::tasks::Tasks;
use underpass_shared::monitor::Entity;

use crate::measure::{self, Tick};
use crate::store::Snapshot;

/// The history, and what was used before this start. Clones are the same.
#[derive(Clone)]
pub(crate) struct Kept {
    history: History,
    used: Arc<Vec<measure::ResourceUse>>,
    since_ms: Option<i64>,
}

/// What is wrong with the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Why nothing is kept.
    pub(crate) stopped: Option<String>,
    /// What became of a damaged file.
    pub(crate) damaged: Option<String>,
}

impl Trouble {
    pub(crate) fn stopped(reason: &str) -> Self {
        Self {
            stopped: Some(reason.to_owned()),
            damaged: None,
        }
    }

    fn of(state: &State) -> Self {
        let stopped = state.failure.as_ref().map(|failure| {
            let dropped = state.dropped;
            format!("{failure}; {dropped} samples of 15 s were lost since the start")
        });
        let damaged = (state.put_aside > 0).then(|| {
            "history.db was damaged and put aside as history.db.broken; another one was begun"
                .to_owned()
        });
        Self { stopped, damaged }
    }

    /// All of it in words.
    pub(crate) fn told(self) -> Option<String> {
        let stopped = self
            .stopped
            .map(|reason| format!("what is measured is not kept: {reason}"));
        let all: Vec<String> = [stopped, self.damaged].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl Kept {
    /// What is wrong with it.
    pub(crate) fn trouble(&self) -> Trouble {
        Trouble::of(&self.history.state())
    }

    /// Opens the history. Without one the agent goes on; the reason is told to whoever asks for it.
    pub(crate) fn open(data_dir: &Path, snapshot: &Snapshot) -> Result<Self, String> {
        let retention = retention(snapshot);
        let history = History::open(data_dir, retention).map_err(|error| {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::error!(error, "nothing that is measured is kept");
            error
        })?;
        let used = history.usage().unwrap_or_else(|error| {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::warn!(error, "what was used before is not known");
            Used::default()
        });
        let mappings = used.resources.into_iter().filter_map(of_mapping);
        Ok(Self {
            history,
            used: Arc::new(mappings.collect()),
            since_ms: used.since_ms,
        })
    }

    /// What there is of earlier times.
    pub(crate) const fn history(&self) -> &History {
        &self.history
    }

    /// Gives a tick to the history.
    pub(crate) fn keep(&self, tick: &Tick) {
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
        self.history.push(Arc::clone(&tick.sample), uses.collect());
    }

    /// What was used since the start together with what was used before it, and since when that is
    /// counted.
    pub(crate) fn with_before(
        &self,
        now: Vec<measure::ResourceUse>,
        started_ms: i64,
    ) -> (Vec<measure::ResourceUse>, i64) {
        let mut all = BTreeMap::new();
        for one in self.used.iter().cloned().chain(now) {
            let key = (
                Arc::clone(&one.subaccount),
                one.address.clone(),
                Arc::clone(&one.resource),
            );
            let sum: &mut measure::Usage = all.entry(key).or_default();
            sum.calls = sum.calls.saturating_add(one.usage.calls);
            sum.received = sum.received.saturating_add(one.usage.received);
            sum.sent = sum.sent.saturating_add(one.usage.sent);
            sum.last_ms = one.usage.last_ms;
        }
        let all = all.into_iter();
        let all = all.map(
            |((subaccount, address, resource), usage)| measure::ResourceUse {
                subaccount,
                address,
                resource,
                usage,
            },
        );
        (all.collect(), self.since_ms.unwrap_or(started_ms))
    }
}

fn of_mapping(one: ResourceUse) -> Option<measure::ResourceUse> {
    let Entity::Mapping(subaccount, address) = one.entity else {
        return None;
    };
    let Usage {
        calls,
        received,
        sent,
        last_ms,
    } = one.usage;
    Some(measure::ResourceUse {
        subaccount: Arc::new(subaccount),
        address,
        resource: one.resource,
        usage: measure::Usage {
            calls,
            received,
            sent,
            last_ms,
        },
    })
}

/// Lets the retention follow the configuration.
pub(crate) async fn retain_as_configured(
    history: History,
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    tasks: Tasks,
) {
    let mut present = None;
    loop {
        let wanted = retention(&snapshot.borrow_and_update());
        if present != Some(wanted) {
            present = Some(wanted);
            history.retain(wanted);
        }
        tokio::select! {
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tasks.stopped() => return,
        }
    }
}

fn retention(snapshot: &Snapshot) -> Retention {
    let Some(document) = snapshot.known() else {
        return Retention::ALL;
    };
    let settings = &document.connector().history;
    Retention {
        fine_hours: settings.fine_hours.get(),
        minute_days: settings.minute_days.get(),
        hour_days: settings.hour_days.get(),
    }
}
