//! The gateway's own alerts: what no agent can tell of itself, and what is wrong with the gateway.

mod conditions;
mod incidents;
mod look;
mod secret;
mod settings;
mod watched;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context as _;
use tokio::sync::Mutex;
use underpass_alerting::Store;
use underpass_shared::alert::{
    Alert, Happening, Look, Notice, Register, RegisterError, Rules, Severity, Told,
};

pub use self::incidents::Incidents;
pub(crate) use self::look::{Looker, Looks};
pub(crate) use self::watched::WatchedSettings;
use crate::metrics::StandingAlerts;
use crate::presence::now;

/// Resolved alerts that a list shows at most.
const HISTORY_SHOWN: usize = 200;
/// Notices that wait for a store that fails; with more of them nobody could do anything.
const UNSAVED_MAX: usize = 1_000;

/// The alerts that stand and stood. Clones are the same.
#[derive(Clone)]
pub struct Alerts(Arc<Mutex<Keeper>>);

struct Keeper {
    register: Register,
    store: Store,
    /// What the store has not taken yet.
    unsaved: Vec<Notice>,
}

impl Alerts {
    /// Those that were saved in the data directory.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn open(data_dir: &Path) -> anyhow::Result<(Self, Store)> {
        let store = Store::open(data_dir).context("cannot open the alerts")?;
        let saved = store.load().await.context("cannot read the alerts")?;
        let register = saved.and_then(|saved| match serde_json::from_str(&saved) {
            Ok(register) => Some(register),
            Err(error) => {
                tracing::warn!(%error, "the saved alerts cannot be read; they begin anew");
                None
            }
        });
        let keeper = Keeper {
            register: register.unwrap_or_else(|| Register::new(now())),
            store: store.clone(),
            unsaved: vec![],
        };
        Ok((Self(Arc::new(Mutex::new(keeper))), store))
    }

    /// Takes in what a look found; tells `counts` what stands then.
    async fn step(&self, look: Look, rules: &Rules, counts: &StandingAlerts) {
        let mut keeper = self.0.lock().await;
        for told in keeper.register.step(now(), look, rules) {
            log(&told);
            if told.deliver && keeper.unsaved.len() < UNSAVED_MAX {
                keeper.unsaved.push(told.notice);
            }
        }
        let standing = keeper.register.active();
        let count = |severity| {
            standing
                .iter()
                .filter(|one| one.severity == severity)
                .count()
        };
        counts
            .errors
            .store(count(Severity::Error), Ordering::Relaxed);
        counts
            .warnings
            .store(count(Severity::Warning), Ordering::Relaxed);
        keeper.save().await;
    }

    /// What stands, or what stood, the newest first.
    pub async fn list(&self, history: bool) -> Vec<Alert> {
        let keeper = self.0.lock().await;
        if history {
            let stood = keeper.register.history();
            return stood.take(HISTORY_SHOWN).cloned().collect();
        }
        keeper.register.active().into_iter().cloned().collect()
    }

    /// Somebody takes note of an alert.
    ///
    /// # Errors
    /// When there is none that stands.
    pub async fn acknowledge(&self, number: u64, by: &str) -> Result<Alert, RegisterError> {
        let mut keeper = self.0.lock().await;
        let alert = keeper.register.acknowledge(number, by, now())?;
        keeper.save().await;
        tracing::info!(number, by, "alert acknowledged");
        Ok(alert)
    }

    /// Nobody is told of an alert until a time; without one the silence ends.
    ///
    /// # Errors
    /// When there is none that stands, or the time is not ahead.
    pub async fn silence(
        &self,
        number: u64,
        until_ms: Option<i64>,
        by: &str,
    ) -> Result<Alert, RegisterError> {
        let mut keeper = self.0.lock().await;
        let alert = keeper.register.silence(number, until_ms, now())?;
        keeper.save().await;
        tracing::info!(number, until_ms, by, "alert silenced");
        Ok(alert)
    }
}

impl Keeper {
    /// Saves what changed, with what is to be delivered. What fails is tried with the next look.
    async fn save(&mut self) {
        if !self.register.is_changed() && self.unsaved.is_empty() {
            return;
        }
        let state = match serde_json::to_string(&self.register) {
            Ok(state) => state,
            Err(error) => return tracing::error!(%error, "alerts cannot be written"),
        };
        match self.store.commit(state, self.unsaved.clone()).await {
            Ok(()) => {
                self.unsaved.clear();
                self.register.saved();
            }
            Err(error) => tracing::warn!(%error, "alerts are not saved; trying again"),
        }
    }
}

fn log(told: &Told) {
    let Notice {
        happening, alert, ..
    } = &told.notice;
    let (number, text, alert) = (alert.number, alert.text.as_str(), &alert.id);
    match happening {
        Happening::Raised => tracing::warn!(number, %alert, text, "alert raised"),
        Happening::Reminded => tracing::warn!(number, %alert, text, "alert still stands"),
        Happening::Resolved => tracing::info!(number, %alert, "alert resolved"),
        Happening::Test => tracing::info!("test of alerts"),
    }
}
