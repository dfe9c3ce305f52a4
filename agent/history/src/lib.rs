//! History of what an agent measures: kept over restarts, bounded in size.
//!
//! `history.db` in the data directory holds each sample of 15 s from the moment it was given, for a
//! day; joined to minutes for two weeks; joined to hours for two years. It may be removed at any
//! time. Whatever happens to it, the agent goes on: what cannot be written is counted and forgotten.
//! See docs/history.md.

#![forbid(unsafe_code)]

mod codec;
mod db;
mod error;
mod pack;
mod place;
mod query;
mod queue;
mod rollup;
mod rows;
mod series;
mod steps;
mod tier;
mod trim;
mod usage;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use underpass_shared::api::management::HistoryAnswer;
use underpass_shared::monitor::{Entity, Sample};

pub use self::error::{OpenError, QueryError};
pub use self::query::Query;
pub use self::queue::State;
pub use self::tier::Retention;
pub use self::usage::{ResourceUse, Usage, Used};

use self::queue::{Job, Queue};
use self::writer::Writer;

/// The file in the data directory.
pub const HISTORY_FILE: &str = "history.db";

/// How much space the history takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that the file may have before the oldest of the finest tier is removed. With its log,
    /// and with what comes before the next look, it stays below 200 MB.
    pub bytes_max: u64,
    /// Free bytes of the volume below which nothing is written: the rest is for the configuration
    /// and the audit log.
    pub disk_free_min: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 180_000_000,
            disk_free_min: 8 * 1024 * 1024,
        }
    }
}

/// What is seen of the history of a data directory from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes of the file that are in use; none where there is no file.
    pub bytes: Option<u64>,
    /// Whether a damaged file lies beside it.
    pub put_aside: bool,
}

/// Looks at the history of a data directory and changes nothing. It reads from the disk.
///
/// # Errors
/// When the file cannot be read, is damaged where everybody looks first, or of a newer version.
pub fn look(dir: &Path) -> Result<Found, OpenError> {
    let path = dir.join(HISTORY_FILE);
    let put_aside = db::aside(&path).exists();
    let bytes = path.exists().then(|| db::look(&path)).transpose()?;
    Ok(Found { bytes, put_aside })
}

/// The history of an agent. Clones are the same; the file is closed when the last is gone.
#[derive(Clone, Debug)]
pub struct History {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    queue: Arc<Queue>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
        let writer = self.writer.get_mut();
        if let Some(writer) = writer.unwrap_or_else(PoisonError::into_inner).take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the history ended in a panic");
        }
    }
}

impl History {
    /// Opens the history of a data directory. A broken file is put aside and another one begins;
    /// one that cannot be written now is tried again with each sample.
    ///
    /// # Errors
    /// When the file is of a newer version, which must not be touched, or no thread can be had.
    pub fn open(dir: &Path, retention: Retention) -> Result<Self, OpenError> {
        Self::open_within(dir, retention, Limits::default())
    }

    /// The same within other limits.
    ///
    /// # Errors
    /// See [`History::open`].
    pub fn open_within(
        dir: &Path,
        retention: Retention,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let path = dir.join(HISTORY_FILE);
        let queue = Arc::new(Queue::default());
        let mut writer = Writer::new(path.clone(), Arc::clone(&queue), retention, limits);
        match writer.open() {
            Ok(()) => {}
            Err(error @ OpenError::Newer { .. }) => return Err(error),
            Err(error @ (OpenError::Io { .. } | OpenError::Database { .. })) => {
                let reason = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, reason, "the history is not written until it can be opened; that is tried with each sample");
                queue.tell(|state| state.failure = Some(error.to_string()));
            }
        }
        let thread = std::thread::Builder::new().name("history".to_owned());
        let thread = thread.spawn(move || writer.run());
        let thread = thread.map_err(|source| OpenError::Io {
            path: path.clone(),
            source,
        })?;
        let shared = Shared {
            path,
            queue,
            writer: Mutex::new(Some(thread)),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Takes a sample, and what was used since the one before. Never waits: what finds no place is
    /// counted.
    pub fn push(&self, sample: Arc<Sample>, used: Vec<ResourceUse>) {
        self.shared.queue.give(Job::Keep(sample, used));
    }

    /// Keeps for so long from now on.
    pub fn retain(&self, retention: Retention) {
        self.shared.queue.give(Job::Retain(retention));
    }

    /// Answers a question. It reads from the disk, so ask on a thread that may wait.
    ///
    /// # Errors
    /// When the question is wrong, or the file cannot be read.
    pub fn query(&self, query: &Query) -> Result<HistoryAnswer, QueryError> {
        query::answer(&self.read()?, query)
    }

    /// Of what there is anything, as texts. It reads from the disk.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entities(&self) -> Result<Vec<String>, QueryError> {
        Ok(series::entities(&self.read()?)?)
    }

    /// What was used since counting began. It reads from the disk.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn usage(&self) -> Result<Used, QueryError> {
        usage::all(&self.read()?)
    }

    fn read(&self) -> Result<Connection, QueryError> {
        if !self.shared.path.exists() {
            return Err(QueryError::Missing);
        }
        Ok(db::open_to_read(&self.shared.path)?)
    }

    /// Forgets the usage of one entity, or all of it, which then counts from `now_ms` on. Waits for
    /// the disk; false where it could not be done.
    pub fn forget_usage(&self, entity: Option<Entity>, now_ms: i64) -> bool {
        let (reply, done) = mpsc::sync_channel(1);
        self.shared.queue.give(Job::Forget(entity, now_ms, reply));
        done.recv().is_ok()
    }

    /// Waits until all that was given before is written, or dropped; false where too much waits.
    pub fn flush(&self) -> bool {
        let (reply, done) = mpsc::sync_channel(1);
        self.shared.queue.give(Job::Flush(reply));
        done.recv().is_ok()
    }

    /// How it goes.
    pub fn state(&self) -> State {
        self.shared.queue.state()
    }
}
