//! What can go wrong with the audit log.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why something was not recorded.
#[derive(Debug, Error)]
pub enum AuditError {
    /// No space left.
    #[error("the disk is full, so that this cannot be recorded in the audit log; free some space in the file system of {} and try again", .0.display())]
    DiskFull(PathBuf),
    /// It takes too long.
    #[error("the audit log did not answer in time; look at the disk of the data directory")]
    Slow,
    /// The file system refuses.
    #[error("cannot write or read {} of the audit log", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The key is not usable.
    #[error("the key of the audit log in {} cannot be used", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: underpass_runtime::pki::PkiError,
    },
    /// The thread is gone.
    #[error("the audit log is closed")]
    Stopped,
}

impl AuditError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| {
            let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
            if full.contains(&source.kind()) {
                return Self::DiskFull(path);
            }
            Self::Io { path, source }
        }
    }

    /// The same for another one who waits.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::DiskFull(path) => Self::DiskFull(path.clone()),
            Self::Slow => Self::Slow,
            Self::Stopped => Self::Stopped,
            Self::Io { path, source } => Self::Io {
                path: path.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            },
            Self::Key { path, source } => Self::Io {
                path: path.clone(),
                source: io::Error::other(source.to_string()),
            },
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        matches!(self, Self::DiskFull(_))
    }
}
