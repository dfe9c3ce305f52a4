//! The audit log: one thread that writes, `audit/` in the data directory, and its readers.
//!
//! A change waits until its intent is on the disk, and is refused when it cannot get there.
//! Requests wait for nothing: they go into a queue, and what does not fit is counted and recorded
//! as missing. The files are lines of JSON, see `underpass_shared::audit`.

mod error;
mod export;
mod files;
mod key;
mod log;
mod open;
mod queue;
mod read;
mod retention;
pub mod tunnels;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use underpass_shared::audit::{Anchor, Category, Filter, Forwarded, PublicKey, Record};
use underpass_shared::config::{AuditSettings, SubaccountKey};

pub use self::error::AuditError;
pub use self::export::Form;
pub use self::files::AUDIT_DIR;
pub use self::key::public_key;
use self::queue::{Event, Job, Queue};
pub use self::read::{
    Cursor, InvalidCursor, Page, QueryError, Verified, VerifyError, query, verify,
};
use self::writer::Writer;
use crate::store::Snapshot;

/// How long a change waits for its record. A disk that hangs longer must not hold up operators.
const INTENT_TIME: Duration = Duration::from_secs(2);
/// How long a reader waits until what was recorded before is in the files.
const FLUSH_TIME: Duration = Duration::from_secs(10);

/// How far the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The newest segment; 0 where there is none.
    pub segment: u64,
    /// Its bytes.
    pub len: u64,
}

/// What the log needs to know of the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Present {
    /// The number of the revision, where it is known.
    pub revision: Option<u64>,
    /// The settings.
    pub settings: AuditSettings,
}

impl Present {
    /// As of a state of the store.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            revision: snapshot.known().map(|_| snapshot.revision().number),
            settings: snapshot.document().connector().audit,
        }
    }

    /// Always as of the newest state of the store.
    pub fn following(
        snapshot: watch::Receiver<Arc<Snapshot>>,
    ) -> impl Fn() -> Self + Send + 'static {
        move || Self::of(&snapshot.borrow())
    }
}

/// A handle of the audit log; clones share it. What was recorded is on the disk when the last one
/// is gone.
#[derive(Clone, Debug)]
pub struct Audit(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    clock: fn() -> i64,
    /// One verification at a time: it reads all there is.
    verifying: Mutex<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn close(&self) {
        self.queue.close();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the audit log's thread ended in a panic");
        }
    }
}

impl Audit {
    /// Why the log is not written, while it is not.
    pub(crate) fn failure(&self) -> watch::Receiver<Option<String>> {
        self.0.queue.failure.subscribe()
    }

    /// The audit log of a data directory that this process has for itself. Nothing is touched
    /// until something is recorded. `clock` tells milliseconds since 1970.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn open(
        data_dir: &Path,
        clock: fn() -> i64,
        present: impl Fn() -> Present + Send + 'static,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let writer = Writer::new(data_dir, Arc::clone(&queue), clock, Box::new(present));
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run())?;
        Ok(Self(Arc::new(Shared {
            dir: files::dir(data_dir),
            queue,
            thread: Mutex::new(Some(thread)),
            clock,
            verifying: Mutex::new(()),
        })))
    }

    /// How many records wait for the disk.
    pub fn waiting(&self) -> usize {
        self.0.queue.len()
    }

    /// Milliseconds since 1970, as records have them.
    pub fn now_ms(&self) -> i64 {
        (self.0.clock)()
    }

    /// Records what is about to be done, and waits until it is on the disk; answers the record's
    /// sequence. Must not be called from a task.
    ///
    /// # Errors
    /// When it cannot be recorded in time. Then it must not be done.
    pub fn intent(&self, record: Record) -> Result<u64, AuditError> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let record = Box::new(record);
        self.0.queue.job(Job::Intent { record, reply });
        answer.recv_timeout(INTENT_TIME).or(Err(AuditError::Slow))?
    }

    /// [`Audit::intent`] for tasks.
    ///
    /// # Errors
    /// When it cannot be recorded in time. Then it must not be done.
    pub async fn intent_soon(&self, record: Record) -> Result<u64, AuditError> {
        let audit = self.clone();
        let waited = tokio::task::spawn_blocking(move || audit.intent(record));
        waited.await.unwrap_or(Err(AuditError::Stopped))
    }

    /// Records something soon. It outlasts a full disk, unless very much else waits as well.
    pub fn record(&self, record: Record) {
        self.0.queue.job(Job::Record(Box::new(record)));
    }

    /// Records something of which there may be very much. Never waits for the disk.
    pub fn event(&self, record: Record) {
        self.0.queue.event(Event::Other(Box::new(record)));
    }

    /// Records a request that was allowed, or denied for a reason. Never waits for the disk.
    pub(crate) fn request(
        &self,
        key: &Arc<SubaccountKey>,
        request: Forwarded,
        denied: Option<String>,
    ) {
        self.0.queue.event(Event::Request {
            time_ms: self.now_ms(),
            key: Arc::clone(key),
            request: Box::new(request),
            denied,
        });
    }

    /// Waits until all that was recorded before is in the files. Must not be called from a task.
    ///
    /// # Errors
    /// When it cannot be written now.
    pub fn flush(&self) -> Result<Position, AuditError> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        self.0.queue.job(Job::Flush(reply));
        answer.recv_timeout(FLUSH_TIME).or(Err(AuditError::Slow))?
    }

    /// Searches what was recorded up to now, see [`query`]. Must not be called from a task.
    ///
    /// # Errors
    /// When the cursor is wrong or a file cannot be read.
    pub fn query(
        &self,
        filter: &Filter,
        from: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, QueryError> {
        if from.is_none()
            && let Err(error) = self.flush()
        {
            // What is on the disk can be read all the same.
            tracing::debug!(%error, "the newest records cannot be read yet");
        }
        query(&self.0.dir, filter, from, limit)
    }

    /// Verifies the log up to now, for at most so long. Must not be called from a task.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self, anchor: Option<Anchor>, time: Duration) -> Result<Verified, VerifyError> {
        let Ok(_alone) = self.0.verifying.try_lock() else {
            return Err(VerifyError::Busy);
        };
        let end = self.flush()?;
        let trusted = self.public_key()?.into_iter().collect();
        verify(&self.0.dir, trusted, anchor, Some(end), Some(time))
    }

    /// The newest record up to now; none where nothing was recorded yet. Must not be called from a
    /// task.
    ///
    /// # Errors
    /// When it cannot be written or read now.
    pub fn newest(&self) -> Result<Option<Anchor>, VerifyError> {
        let end = self.flush()?;
        read::newest(&self.0.dir, end).map_err(VerifyError::Io)
    }

    /// The folder of the segments.
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// The key that signs; none where nothing was recorded yet.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn public_key(&self) -> Result<Option<PublicKey>, AuditError> {
        match self.0.dir.parent() {
            Some(data_dir) => public_key(data_dir),
            None => Ok(None),
        }
    }

    /// Writes and signs what waits, and takes nothing more.
    pub fn close(&self) {
        self.0.close();
    }
}

/// How many requests a part of the log that overflowed lacks, as a record.
fn overflow(time_ms: i64, count: u64) -> Record {
    let message =
        format!("{count} records are missing here: there were more than could be written");
    Record::of_agent(time_ms, Category::AuditOverflow, &message)
}

#[cfg(test)]
mod tests;
