//! What can be wrong with a history.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use underpass_runtime::file;

use crate::codec::Damaged;

/// Why there is no history.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file system refuses.
    #[error("cannot use {}", file::name(path))]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It must not be touched.
    #[error(
        "{} was written by a newer version (layout {found}, this version knows {known}); \
         it is left as it is, and nothing is kept until the newer version runs again or the file is removed",
        file::name(path)
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest layout that this version knows.
        known: i64,
    },
    /// The database refuses.
    #[error("cannot use {}", file::name(path))]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum QueryError {
    /// The range is empty or no range of times.
    #[error("{field} {rule}")]
    Invalid {
        /// What of the question is wrong.
        field: &'static str,
        /// How it must be.
        rule: &'static str,
    },
    /// There is no file now.
    #[error("there is no history")]
    Missing,
    /// The file cannot be read now.
    #[error("the history cannot be read")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why something was not kept.
#[derive(Debug, Error)]
pub(crate) enum KeepError {
    /// Another file has to begin.
    #[error("the file is damaged")]
    Broken(#[source] rusqlite::Error),
    /// It may work again later.
    #[error("the database refuses")]
    Refused(#[source] rusqlite::Error),
    /// It cannot be opened.
    #[error(transparent)]
    Closed(OpenError),
    /// Nobody could find it again.
    #[error("the clock shows a year before 1 or after 9999")]
    NoTime,
    /// Others need the rest more.
    #[error("the disk is nearly full")]
    DiskNearlyFull,
}

impl KeepError {
    /// Whether the disk has no room.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::DiskNearlyFull => true,
            Self::Refused(error) => {
                error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::Broken(_) | Self::Closed(_) | Self::NoTime => false,
        }
    }
}

impl From<OpenError> for KeepError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Database { source, .. } if is_broken(&source) => Self::Broken(source),
            error @ (OpenError::Io { .. }
            | OpenError::Newer { .. }
            | OpenError::Database { .. }) => Self::Closed(error),
        }
    }
}

impl From<rusqlite::Error> for KeepError {
    fn from(error: rusqlite::Error) -> Self {
        if is_broken(&error) {
            Self::Broken(error)
        } else {
            Self::Refused(error)
        }
    }
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error.into())
    }
}

impl From<Damaged> for QueryError {
    fn from(error: Damaged) -> Self {
        Self::Read(error.into())
    }
}

/// Whether the file itself is the reason.
pub(crate) fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    )
}
