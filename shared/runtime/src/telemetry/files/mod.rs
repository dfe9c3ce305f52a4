//! The log in files: one that is written, older ones beside it, never more than some.
//!
//! Lines go through a bounded queue to a thread of its own, so that nobody who writes a line waits
//! for a disk. Lines that find no room are counted, and the count is written when there is room.

mod folder;
mod writer;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use underpass_shared::api::management::{LogFileName, LogFilePage, LogFiles as Shown};

use self::folder::Folder;
pub use self::folder::{FILES_MAX, FileError};
use self::writer::Writer;
use super::recent::Recent;

/// Lines on their way to the disk: a second of a very talkative agent.
const QUEUE_LEN: usize = 4_096;

/// What files are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// Bytes at which the next file begins.
    pub bytes: u64,
    /// Days that older ones are kept; 0 is for ever.
    pub days: u32,
}

/// The files of the log. Clones are the same.
#[derive(Clone, Debug)]
pub struct LogFiles(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: Folder,
    state: Arc<State>,
    recent: Recent,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the writer and the others know of each other.
#[derive(Debug, Default)]
struct State {
    bytes: AtomicU64,
    days: AtomicU32,
    dropped: Arc<AtomicU64>,
    /// Why nothing is written.
    failure: Mutex<Option<String>>,
}

impl State {
    fn limits(&self) -> FileLimits {
        FileLimits {
            bytes: self.bytes.load(Ordering::Relaxed),
            days: self.days.load(Ordering::Relaxed),
        }
    }

    fn failed(&self, why: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

impl LogFiles {
    /// Writes what is logged from now on, and what is still in memory, into files of a folder.
    ///
    /// # Errors
    /// When the folder or the thread cannot be made.
    pub fn start(dir: &Path, recent: &Recent, limits: FileLimits) -> io::Result<Self> {
        let folder = Folder::open(dir)?;
        let state = Arc::<State>::default();
        let files = Self(Arc::new(Inner {
            folder: folder.clone(),
            state: Arc::clone(&state),
            recent: recent.clone(),
            thread: Mutex::default(),
        }));
        files.limit(limits);
        let (queue, lines) = sync_channel(QUEUE_LEN);
        let earlier = recent.lead_to(queue, Arc::clone(&state.dropped));
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || Writer::new(folder, state).run(&earlier, &lines))?;
        *files.thread() = Some(thread);
        Ok(files)
    }

    /// Sets other limits, from the next line on.
    pub fn limit(&self, limits: FileLimits) {
        self.0.state.bytes.store(limits.bytes, Ordering::Relaxed);
        self.0.state.days.store(limits.days, Ordering::Relaxed);
    }

    /// The files, the newest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> io::Result<Shown> {
        let failure = self.0.state.failure.lock();
        Ok(Shown {
            failure: failure.unwrap_or_else(PoisonError::into_inner).clone(),
            files: self.0.folder.list()?,
            dropped: self.0.state.dropped.load(Ordering::Relaxed),
        })
    }

    /// A file, to be read.
    ///
    /// # Errors
    /// When it is not there.
    pub fn open(&self, name: &LogFileName) -> Result<File, FileError> {
        self.0.folder.open_file(name)
    }

    /// A page of a file; the last one where none is named.
    ///
    /// # Errors
    /// When it is not there.
    pub fn page(&self, name: &LogFileName, page: Option<u64>) -> Result<LogFilePage, FileError> {
        self.0.folder.page(name, page)
    }

    /// Deletes a file that is not written.
    ///
    /// # Errors
    /// When it is written or not there.
    pub fn delete(&self, name: &LogFileName) -> Result<(), FileError> {
        self.0.folder.delete(name)
    }

    /// Ends when all lines are written.
    pub fn close(&self) {
        self.0.recent.lead_nowhere();
        let thread = self.thread().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the log's files panicked");
        }
    }

    fn thread(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.0.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
