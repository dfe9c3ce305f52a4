//! What must outlast a crash: the state of the register of alerts and what is not delivered yet.

mod db;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use rusqlite::Connection;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use underpass_shared::alert::Notice;

pub(crate) use self::db::Head;
use crate::parcel::Parcel;

/// Notices that wait on one channel: more than anybody reads. Beyond that the oldest are dropped
/// and counted.
pub const OUTBOX_MAX: usize = 1_000;
/// Work that waits for the thread of the store; each caller waits for his own.
const QUEUE_LEN: usize = 64;
/// Its name in the data directory.
const FILE: &str = "alerts.db";

/// Why something was not kept.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file cannot be used.
    #[error("cannot use {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite refuses.
    #[error("cannot keep alerts")]
    Sqlite(#[from] rusqlite::Error),
    /// A newer version wrote the file.
    #[error("{path} was written by a newer version")]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// What is to be kept cannot be written as JSON.
    #[error("cannot write a notice")]
    Json(#[from] serde_json::Error),
    /// The thread of the store is gone.
    #[error("the store of alerts ended")]
    Ended,
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The store. Clones are the same; its thread ends with the last of them.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    /// Counts what may interest the channels.
    changed: watch::Sender<u64>,
}

impl Store {
    /// Opens `alerts.db` in a data directory, or creates it. A damaged one is put aside: what it
    /// held is lost, but alerts go on.
    ///
    /// # Errors
    /// When the file system or the operating system refuses, or a newer version wrote it.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let mut connection = db::open_or_begin_anew(&dir.join(FILE))?;
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE_LEN);
        let path = dir.join(FILE);
        thread::Builder::new()
            .name("alerts".to_owned())
            .spawn(move || {
                while let Some(job) = queue.blocking_recv() {
                    job(&mut connection);
                }
            })
            .map_err(|source| StoreError::Io { path, source })?;
        let (changed, _) = watch::channel(0);
        Ok(Self { jobs, changed })
    }

    /// The state of the register as it was committed last.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn load(&self) -> Result<Option<String>, StoreError> {
        self.call(|connection| Ok(db::state(connection)?)).await
    }

    /// Keeps the state of the register and puts the notices into the outbox of each channel that
    /// is on: both or nothing. It is on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written; nothing has changed then.
    pub async fn commit(&self, state: String, notices: Vec<Notice>) -> Result<(), StoreError> {
        let news = !notices.is_empty();
        self.call(move |connection| db::commit(connection, &state, &notices))
            .await?;
        if news {
            self.tell();
        }
        Ok(())
    }

    /// How many notices and messages are not delivered yet, on all channels together.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn undelivered(&self) -> Result<u64, StoreError> {
        self.call(|connection| Ok(db::undelivered(connection)?))
            .await
    }

    /// Tells of changes of the outboxes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Makes these the channels that are on. What waits on others is forgotten.
    pub(crate) async fn set_channels(&self, names: Vec<String>) -> Result<(), StoreError> {
        self.call(move |connection| Ok(db::set_channels(connection, &names)?))
            .await
    }

    /// What is next on a channel.
    pub(crate) async fn head(&self, channel: String) -> Result<Head, StoreError> {
        self.call(move |connection| Ok(db::head(connection, &channel)?))
            .await
    }

    /// Makes a parcel of waiting notices.
    pub(crate) async fn pack(
        &self,
        channel: String,
        parcel: Parcel,
        entries: Vec<i64>,
    ) -> Result<(), StoreError> {
        self.call(move |connection| db::pack(connection, &channel, &parcel, &entries))
            .await
    }

    /// Keeps what has changed of the parcel of a channel.
    pub(crate) async fn repack(&self, channel: String, parcel: Parcel) -> Result<(), StoreError> {
        self.call(move |connection| db::repack(connection, &channel, &parcel))
            .await
    }

    /// Forgets the parcel of a channel, which was taken.
    pub(crate) async fn delivered(&self, channel: String, now_ms: i64) -> Result<(), StoreError> {
        self.call(move |connection| Ok(db::delivered(connection, &channel, now_ms)?))
            .await
    }

    fn tell(&self) {
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        // Who no longer waits for the answer does not need it.
        let job: Job = Box::new(move |connection| drop(reply.send(work(connection))));
        let sent = self.jobs.send(job).await;
        sent.map_err(|_gone| StoreError::Ended)?;
        answer.await.map_err(|_gone| StoreError::Ended)?
    }
}
