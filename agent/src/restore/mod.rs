//! Restores: a backup becomes the present state, as one revision, or nothing changes.
//!
//! What takes no place of anything is written first, what replaces something waits beside it, and
//! an intent tells both. The revision is the moment at which the new state holds; from then on what
//! waits takes its place, and the intent goes. Whatever ends the process in between, the next start
//! finds the intent and goes on, or takes back what was written.

mod collect;
mod journal;
mod look;
mod plans;
mod previous;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard, watch};
use underpass_runtime::file;
use underpass_shared::api::management::{RestoreApplied, RestoreState};

pub(crate) use self::collect::held;
#[cfg(test)]
pub(crate) use self::journal::Recovered;
pub(crate) use self::journal::{Intent, Journal, Value, recover};
pub(crate) use self::look::look;
pub(crate) use self::plans::{LIFE as PLAN_LIFE, Plans, Waiting};
pub(crate) use self::previous::{Previous, Values};

/// What was restored last, in the data directory. It is for people only.
const LAST: &str = "restore.json";

/// Plans that wait, and what goes on. Clones are the same.
#[derive(Clone, Debug)]
pub struct Restores(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    /// One restore at a time.
    turn: Mutex<()>,
    plans: Plans,
    state: watch::Sender<RestoreState>,
}

impl Restores {
    /// Of a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self(Arc::new(Inner {
            data_dir: data_dir.to_owned(),
            turn: Mutex::new(()),
            plans: Plans::default(),
            state: watch::Sender::new(RestoreState::Idle),
        }))
    }

    /// Where all is kept.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// Waits until no other restore goes on.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    /// What waits to be decided.
    pub(crate) fn plans(&self) -> &Plans {
        &self.0.plans
    }

    /// What goes on.
    pub(crate) fn state(&self) -> RestoreState {
        *self.0.state.borrow()
    }

    pub(crate) fn tell(&self, state: RestoreState) {
        self.0.state.send_replace(state);
    }

    /// What was done last; what cannot be read is not known.
    pub(crate) fn last(&self) -> Option<RestoreApplied> {
        let text = std::fs::read(self.0.data_dir.join(LAST)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Notes what was done.
    pub(crate) fn note(&self, done: &RestoreApplied) {
        note(&self.0.data_dir, done);
    }
}

fn note(data_dir: &Path, done: &RestoreApplied) {
    let json = serde_json::to_vec_pretty(done).map_err(std::io::Error::from);
    let written = json.and_then(|json| file::replace(&data_dir.join(LAST), &json));
    if let Err(error) = written {
        tracing::warn!(%error, "cannot note what was restored");
    }
}
