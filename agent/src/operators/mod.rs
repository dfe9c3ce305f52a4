//! What the agent has of its operators beside the document: its identity, which signs their
//! certificates, when they were here, and the pairing string that is open.

mod first;
mod reception;
mod records;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_shared::api::management::OperatorShown;
use underpass_shared::config::{self, Certificate};
use underpass_shared::id::OperatorId;

pub use self::first::seed;
pub use self::reception::{Pending, Promise, Reception, Used};
pub use self::records::{Record, Records};
use crate::identity::Identity;

/// All of it. Clones are the same.
#[derive(Clone)]
pub struct Operators {
    data_dir: PathBuf,
    identity: Arc<watch::Sender<Option<Arc<Identity>>>>,
    /// One at a time makes or reads it.
    opening: Arc<Mutex<()>>,
    /// When they were here.
    pub records: Records,
    /// The pairing string.
    pub reception: Reception,
    shown: Arc<Mutex<Vec<Certificate>>>,
}

impl Operators {
    /// Of a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            identity: Arc::new(watch::Sender::new(None)),
            opening: Arc::default(),
            records: Records::open(data_dir),
            reception: Reception::default(),
            shown: Arc::default(),
        }
    }

    /// The agent's identity, made at the first need.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn identity(&self) -> anyhow::Result<Arc<Identity>> {
        let _only = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = &*self.identity.borrow() {
            return Ok(Arc::clone(identity));
        }
        self.open()
    }

    /// Takes the identity that is kept now, after another one took its place.
    ///
    /// # Errors
    /// When it cannot be read; the one before is then still shown.
    pub fn exchange(&self) -> anyhow::Result<()> {
        let _only = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        self.open().map(drop)
    }

    fn open(&self) -> anyhow::Result<Arc<Identity>> {
        let identity = Arc::new(Identity::open(&self.data_dir, clock::wall_ms())?);
        self.identity.send_replace(Some(Arc::clone(&identity)));
        Ok(identity)
    }

    /// Tells of each exchange.
    pub(crate) fn identities(&self) -> watch::Receiver<Option<Arc<Identity>>> {
        self.identity.subscribe()
    }

    /// The self-made chain that the management API shows while nobody set one; empty while it
    /// shows none.
    pub fn shown(&self) -> Vec<Certificate> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Tells what the management API shows, PEM.
    pub(crate) fn show_chain(&self, pem: &str) {
        // What was made here is well-formed.
        let chain = Certificate::list(pem).unwrap_or_default();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = chain;
    }

    /// An operator with all that is known.
    pub fn show(&self, operator: &config::Operator) -> OperatorShown {
        let Record {
            not_after_ms,
            last_seen_ms,
        } = self.records.get(operator.id);
        OperatorShown {
            certificate_not_after_time_stamp: not_after_ms,
            last_seen_time_stamp: last_seen_ms,
            ..OperatorShown::show(operator)
        }
    }

    /// An operator asked for something.
    pub fn seen(&self, id: OperatorId) {
        self.records.seen(id, clock::wall_ms());
    }
}
