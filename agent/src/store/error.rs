//! What can go wrong with the store.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use underpass_runtime::file;
use underpass_shared::config::{Invalid, OnTrial};

/// Why a data directory cannot be used at all.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process (pid {holder}); stop it first, or use another --data-dir", dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// The other process, as far as it left its number.
        holder: String,
    },
    /// Something else than a file stands in its place.
    #[error("{} must be an ordinary file; move away what is there", path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
    },
    /// Others could read or write it.
    #[error("{} must be accessible to its owner only; run chmod 600 on it after checking who changed it", path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

/// Why an opened store denies all. The folder is not named: clients read it too.
#[derive(Debug, Error)]
pub enum Problem {
    /// Written by a newer version.
    #[error(
        "{} of the data directory has schema {found}, this version knows {known}; start the version that wrote it. The file was not touched",
        file::name(path)
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// What it has.
        found: i64,
        /// What this version knows.
        known: i64,
    },
    /// Its log is not in the file yet.
    #[error(
        "{} of the data directory was not closed in order; start the agent once, or run `underpass-agent document show` as its user",
        file::name(path)
    )]
    Unfinished {
        /// The database.
        path: PathBuf,
    },
    /// No usable database.
    #[error(
        "{} of the data directory cannot be read ({detail}); restore a backup, or move the file away and apply a saved document",
        file::name(path)
    )]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The newest acknowledged revision does not verify.
    #[error(
        "revision {number} in {} of the data directory does not verify ({detail}); restore a backup, or move the file away and apply a saved document",
        file::name(path)
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The head.
        number: u64,
        /// What does not fit.
        detail: String,
    },
}

/// Why a change was not made. The state before is still in force.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The result would break a rule, or the change does not fit the document.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Another change was faster.
    #[error("the document has changed meanwhile; the current revision is {current}")]
    Conflict {
        /// The current revision.
        current: u64,
    },
    /// Changes on trial are in the way.
    #[error(transparent)]
    OnTrial(#[from] OnTrial),
    /// There is nothing to confirm or to revert.
    #[error("no change waits for a confirmation")]
    NothingOnTrial,
    /// The store denies all and takes no change.
    #[error("the state cannot be used: {0}")]
    Problem(Arc<Problem>),
    /// No space left.
    #[error("the disk is full; free some space in the data directory's file system and try again")]
    DiskFull,
    /// The database refuses.
    #[error("the state could not be written or read")]
    Storage(#[source] rusqlite::Error),
    /// The history holds something that does not parse.
    #[error("the history is damaged at revision {0}")]
    History(u64),
    /// The change itself failed badly.
    #[error("the change ended in a panic; this is a defect of this program")]
    Panicked,
    /// The writer is gone.
    #[error("the store is stopping")]
    Stopped,
}

impl From<rusqlite::Error> for ChangeError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            Some(_) | None => Self::Storage(error),
        }
    }
}
