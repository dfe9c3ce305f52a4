//! The store as async code sees it: one named thread owns the backend and works off a short queue.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::{Backend, Changes, CommitError, Entry, Memory, Op, Sqlite, StoreClock, StoreError};

/// How often other processes' commits and expired rows are looked for.
const POLL: Duration = Duration::from_millis(250);
/// Calls that may wait; each is short, so more than this means that the disk has stopped.
const QUEUE: usize = 1024;

type Job = Box<dyn FnOnce(&mut dyn Backend) + Send>;

/// A handle on the store. Clones share it; the thread ends with the last one.
#[derive(Clone, Debug)]
pub struct State {
    thread: Arc<StoreThread>,
    version: watch::Receiver<u64>,
}

#[derive(Debug)]
struct StoreThread {
    jobs: Option<SyncSender<Job>>,
    join: Option<JoinHandle<()>>,
}

impl State {
    /// Opens or creates the SQLite file at `path`.
    pub fn sqlite(path: &Path, clock: StoreClock) -> Result<Self, StoreError> {
        Self::start(Sqlite::open(path, clock)?)
    }

    /// An empty store that is lost with the process.
    pub fn memory(clock: StoreClock) -> Result<Self, StoreError> {
        Self::start(Memory::new(clock))
    }

    /// Runs a backend on its own thread.
    pub fn start(mut backend: impl Backend + 'static) -> Result<Self, StoreError> {
        let (jobs, queue) = sync_channel(QUEUE);
        let (published, version) = watch::channel(backend.poll()?);
        let join = std::thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || work(&mut backend, &queue, &published))
            .map_err(StoreError::File)?;
        let thread = StoreThread {
            jobs: Some(jobs),
            join: Some(join),
        };
        Ok(Self {
            thread: Arc::new(thread),
            version,
        })
    }

    /// The row, unless absent or expired.
    pub async fn get(&self, key: impl Into<String>) -> Result<Option<Entry>, StoreError> {
        let key = key.into();
        self.call(move |backend| backend.get(&key)).await?
    }

    /// All visible rows whose key starts with `prefix`, ordered by key.
    pub async fn scan(
        &self,
        prefix: impl Into<String>,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        let prefix = prefix.into();
        self.call(move |backend| backend.scan(&prefix)).await?
    }

    /// Applies all writes under one new global version, which it returns, or none of them.
    pub async fn commit(&self, ops: Vec<Op>) -> Result<u64, CommitError> {
        self.call(move |backend| backend.commit(&ops)).await?
    }

    /// Rows written after version `since`; `None` if the reader must scan everything again.
    pub async fn changes(&self, since: u64) -> Result<Option<Changes>, StoreError> {
        self.call(move |backend| backend.changes(since)).await?
    }

    /// The global version, updated after every commit of this or another process.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.clone()
    }

    async fn call<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut dyn Backend) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |backend| {
            // The caller may have gone away; the work is done all the same.
            drop(reply.send(run(backend)));
        });
        let jobs = self.thread.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_gone| StoreError::Closed)
    }
}

impl Drop for StoreThread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(join) = self.join.take() {
            drop(join.join());
        }
    }
}

fn work(backend: &mut dyn Backend, queue: &Receiver<Job>, published: &watch::Sender<u64>) {
    let mut failing = false;
    loop {
        match queue.recv_timeout(POLL) {
            Ok(job) => job(backend),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        match backend.poll() {
            Ok(version) => {
                failing = false;
                published.send_if_modified(|seen| std::mem::replace(seen, version) != version);
            }
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "state store cannot be read; serving on with what is known");
            }
            Err(_) => {}
        }
    }
}
