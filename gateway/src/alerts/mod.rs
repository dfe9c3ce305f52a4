//! The gateway's own alerts: what no agent can tell of itself, and what is wrong with the gateway.

mod conditions;
mod incidents;
mod look;
mod secret;
mod settings;
mod watched;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use underpass_alerting::Store;
use underpass_runtime::clock;
use underpass_shared::alert::{
    Alert, Happening, Look, Notice, Register, RegisterError, Rules, Severity, Told,
};

pub use self::incidents::Incidents;
pub(crate) use self::look::{Looker, Looks};
pub(crate) use self::watched::WatchedSettings;
use crate::metrics::StandingAlerts;

/// Resolved alerts that a list shows at most.
const HISTORY_SHOWN: usize = 200;
/// Notices that wait for a store that fails; with more of them nobody could do anything.
const UNSAVED_MAX: usize = 1_000;

/// The alerts that stand and stood. Clones are the same.
#[derive(Clone)]
pub struct Alerts(Arc<Inner>);

struct Inner {
    book: Mutex<Book>,
    store: Store,
    /// One after the other writes, so that an older state never replaces a newer one.
    saving: tokio::sync::Mutex<()>,
}

/// The register with what is not written yet.
struct Book {
    register: Register,
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
        let book = Book {
            register: register.unwrap_or_else(|| Register::new(clock::now())),
            unsaved: vec![],
        };
        let inner = Inner {
            book: Mutex::new(book),
            store: store.clone(),
            saving: tokio::sync::Mutex::new(()),
        };
        Ok((Self(Arc::new(inner)), store))
    }

    /// Takes in what a look found; tells `counts` what stands then.
    async fn step(&self, look: Look, rules: &Rules, counts: &StandingAlerts) {
        let told = {
            let mut book = self.book();
            let told = book.register.step(clock::now(), look, rules);
            let deliver = told.iter().filter(|one| one.deliver);
            book.unsaved.extend(deliver.map(|one| one.notice.clone()));
            book.make_room();
            let standing = book.register.active();
            let count = |severity| {
                let of = standing.iter().filter(|one| one.severity == severity);
                of.count()
            };
            counts
                .errors
                .store(count(Severity::Error), Ordering::Relaxed);
            counts
                .warnings
                .store(count(Severity::Warning), Ordering::Relaxed);
            told
        };
        told.iter().for_each(log);
        self.save().await;
    }

    /// What stands, or what stood, the newest first.
    pub fn list(&self, history: bool) -> Vec<Alert> {
        let book = self.book();
        if history {
            let stood = book.register.history();
            return stood.take(HISTORY_SHOWN).cloned().collect();
        }
        book.register.active().into_iter().cloned().collect()
    }

    /// Somebody takes note of an alert.
    ///
    /// # Errors
    /// When there is none that stands.
    pub async fn acknowledge(&self, number: u64, by: &str) -> Result<Alert, RegisterError> {
        let alert = self.book().register.acknowledge(number, by, clock::now())?;
        self.save().await;
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
        let alert = self
            .book()
            .register
            .silence(number, until_ms, clock::now())?;
        self.save().await;
        tracing::info!(number, until_ms, by, "alert silenced");
        Ok(alert)
    }

    /// Saves what changed, with what is to be delivered; who only looks does not wait for it. What
    /// fails is tried with the next look.
    async fn save(&self) {
        let _turn = self.0.saving.lock().await;
        let (state, notices) = {
            let mut book = self.book();
            if !book.register.is_changed() && book.unsaved.is_empty() {
                return;
            }
            let state = match serde_json::to_string(&book.register) {
                Ok(state) => state,
                Err(error) => return tracing::error!(%error, "alerts cannot be written"),
            };
            book.register.saved();
            (state, std::mem::take(&mut book.unsaved))
        };
        if let Err(error) = self.0.store.commit(state, notices.clone()).await {
            tracing::warn!(%error, "alerts are not saved; trying again");
            let mut book = self.book();
            book.register.unsaved();
            book.unsaved.splice(0..0, notices);
            book.make_room();
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Forgets the oldest notices that nobody could write.
    fn make_room(&mut self) {
        let more = self.unsaved.len().saturating_sub(UNSAVED_MAX);
        if more > 0 {
            tracing::error!(lost = more, "alerts cannot be saved; the oldest are lost");
            self.unsaved.drain(..more);
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
