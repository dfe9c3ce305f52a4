//! The one writer of the document.
//!
//! A change is computed, made durable and published by a single thread, one after another. Every
//! part of the agent reads the published [`Snapshot`] and never waits for the writer.
//!
//! `state.db` keeps each revision as its delta and the inverse of it, and now and then the whole
//! document. Whatever cannot be verified at start denies all traffic rather than bring back an
//! older state: a permission that was taken away must not return.

mod chunks;
mod db;
mod error;
mod full;
mod history;
mod job;
mod load;
mod lock;
pub(crate) mod reserve;
mod snapshot;
mod trial;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use underpass_shared::config::{Delta, Document, Invalid, Revision, Trial};

pub use self::error::{ChangeError, OpenError, Problem};
pub use self::job::Ending;
use self::job::{Edit, Job};
pub use self::snapshot::Snapshot;
pub(crate) use self::trial::{AGENT, named};
use self::writer::Writer;

/// Changes that may wait for the writer; further ones wait in their callers.
const QUEUE_LEN: usize = 64;
/// The database file in the data directory.
pub const STATE_FILE: &str = "state.db";

/// What became of an accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The head afterwards.
    pub revision: Revision,
    /// False where the change led to equal content, which makes no revision.
    pub changed: bool,
}

/// A revision of the history with the steps that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The revision.
    pub revision: Revision,
    /// The steps to it.
    pub forward: Delta,
    /// The steps back.
    pub inverse: Delta,
}

/// A handle of the store; clones share it. The data directory is free again when the last is gone.
#[derive(Clone, Debug)]
pub struct Store {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    path: PathBuf,
    taken_back: Option<Trial>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer ended in a panic");
        }
    }
}

/// The document of a data directory that no process uses, without touching anything; none where
/// there is no state yet.
///
/// # Errors
/// When the state cannot be read as it lies there.
pub fn peek(dir: &Path) -> Result<Option<Arc<Document>>, Problem> {
    let path = dir.join(STATE_FILE);
    if !path.exists() {
        return Ok(None);
    }
    load::peek(&path).map(Some)
}

impl Store {
    /// Opens the state in a data directory, which is created where it is missing.
    ///
    /// A state that cannot be read is no error here: the snapshot then denies all and names the
    /// problem, so that the agent starts and can say so. `clock` tells milliseconds since 1970.
    ///
    /// # Errors
    /// Where the directory cannot be used at all, or another process uses it.
    pub fn open(dir: &Path, clock: impl Fn() -> i64 + Send + 'static) -> Result<Self, OpenError> {
        let path = dir.join(STATE_FILE);
        let lock = lock::acquire(dir)?;
        db::prepare_file(&path)?;
        let head = load::open(&path);
        let (snapshot, opened) = match head {
            Ok((head, connection)) => {
                let snapshot = Snapshot::new(head.revision, head.document, None);
                let snapshot = snapshot.on_trial(head.trial);
                (
                    snapshot,
                    connection.map(|connection| (connection, head.steps)),
                )
            }
            Err(problem) => {
                tracing::error!(%problem, "the state cannot be used; all traffic is denied");
                (Snapshot::denying(problem), None)
            }
        };
        let (publish, snapshot) = watch::channel(Arc::new(snapshot));
        let (jobs, queue) = mpsc::channel(QUEUE_LEN);
        let mut state = Writer::new(path.clone(), lock, opened, publish, Box::new(clock));
        state.set_trial_clock();
        let mut taken_back = None;
        if state.trial_left() == Some(Duration::ZERO) {
            taken_back = snapshot.borrow().trial().cloned();
            // Before anybody sees it.
            state.expire();
            taken_back = taken_back.filter(|_| snapshot.borrow().trial().is_none());
        }
        let writer = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || state.run(queue))
            .map_err(|source| OpenError::Io {
                path: path.clone(),
                source,
            })?;
        let shared = Shared {
            jobs: Some(jobs),
            writer: Some(writer),
            path,
            taken_back,
        };
        Ok(Self {
            snapshot,
            shared: Arc::new(shared),
        })
    }

    /// The trial whose time was over when the state was opened; it never was in a snapshot.
    pub fn taken_back(&self) -> Option<&Trial> {
        self.shared.taken_back.as_ref()
    }

    /// Whether a process uses a data directory now.
    pub fn is_in_use(dir: &Path) -> bool {
        lock::is_held(dir)
    }

    /// The published state. Hold the `Arc<Snapshot>`, not parts of it: the writer then frees what
    /// is replaced, and no data thread ever has to.
    pub fn snapshot(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// The state right now.
    pub fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// Why the store denies all, if it does.
    pub fn problem(&self) -> Option<Arc<Problem>> {
        self.snapshot.borrow().problem().cloned()
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Changes the document. On return the change is durable and published, or nothing happened.
    ///
    /// With `if_match` the change applies to exactly that revision. `edit` runs on the writer's
    /// thread and should be quick.
    ///
    /// # Errors
    /// See [`ChangeError`]; the old state is then still in force.
    pub async fn change(
        &self,
        author: &str,
        reason: &str,
        if_match: Option<u64>,
        edit: impl FnOnce(&Document) -> Result<Document, Invalid> + Send + 'static,
    ) -> Result<Committed, ChangeError> {
        self.try_out(author, reason, if_match, None, edit).await
    }

    /// [`Store::change`], to be taken back unless it is confirmed `within` a time.
    ///
    /// # Errors
    /// See [`ChangeError`]; the old state is then still in force.
    pub async fn try_out(
        &self,
        author: &str,
        reason: &str,
        if_match: Option<u64>,
        within: Option<Duration>,
        edit: impl FnOnce(&Document) -> Result<Document, Invalid> + Send + 'static,
    ) -> Result<Committed, ChangeError> {
        let edit = Edit::new(author, reason, if_match, edit)?.on_trial(within);
        self.ask(|reply| Job::change(edit, reply)).await
    }

    /// Confirms changes that are on trial. On return nothing takes them back by itself any more.
    ///
    /// # Errors
    /// When they are no longer on trial, the ending does not hold, or the state cannot be written.
    pub async fn confirm(&self, ending: Ending) -> Result<Trial, ChangeError> {
        self.ask(|reply| Job::Confirm { ending, reply }).await
    }

    /// Takes changes back that are on trial, as a new revision, which names them.
    ///
    /// # Errors
    /// When they are no longer on trial, the ending does not hold, or the state cannot be written.
    pub async fn revert(&self, ending: Ending, author: &str) -> Result<Committed, ChangeError> {
        let author = author.to_owned();
        self.ask(|reply| Job::Revert {
            ending,
            author,
            reply,
        })
        .await
    }

    /// The document as of a revision, or nothing where history does not reach so far.
    ///
    /// # Errors
    /// Where the history cannot be read.
    pub async fn at(&self, number: u64) -> Result<Option<Document>, ChangeError> {
        self.ask(|reply| Job::At { number, reply }).await
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, ChangeError>>) -> Job,
    ) -> Result<T, ChangeError> {
        let (reply, answer) = oneshot::channel();
        let job = job(reply);
        self.jobs()?.send(job).await.or(Err(ChangeError::Stopped))?;
        answer.await.or(Err(ChangeError::Stopped))?
    }

    /// [`Store::change`] for commands. Must not be called from a task.
    ///
    /// # Errors
    /// See [`ChangeError`]; the old state is then still in force.
    pub fn change_blocking(
        &self,
        author: &str,
        reason: &str,
        if_match: Option<u64>,
        edit: impl FnOnce(&Document) -> Result<Document, Invalid> + Send + 'static,
    ) -> Result<Committed, ChangeError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::change(Edit::new(author, reason, if_match, edit)?, reply);
        self.jobs()?
            .blocking_send(job)
            .or(Err(ChangeError::Stopped))?;
        answer.blocking_recv().or(Err(ChangeError::Stopped))?
    }

    /// The newest revisions, newest first.
    ///
    /// # Errors
    /// Where the history cannot be read.
    pub async fn history(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Revision>, ChangeError> {
        self.ask(|reply| Job::History {
            before,
            limit,
            reply,
        })
        .await
    }

    /// The steps that take one revision back, or nothing where history does not reach so far.
    ///
    /// # Errors
    /// Where the history cannot be read.
    pub async fn inverse(&self, number: u64) -> Result<Option<Delta>, ChangeError> {
        self.ask(|reply| Job::Inverse { number, reply }).await
    }

    /// One revision with its steps, or nothing where history does not reach so far.
    ///
    /// # Errors
    /// Where the history cannot be read.
    pub async fn steps(&self, number: u64) -> Result<Option<Steps>, ChangeError> {
        self.ask(|reply| Job::Steps { number, reply }).await
    }

    fn jobs(&self) -> Result<&mpsc::Sender<Job>, ChangeError> {
        self.shared.jobs.as_ref().ok_or(ChangeError::Stopped)
    }
}

#[cfg(test)]
mod tests;
