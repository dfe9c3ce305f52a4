//! What can go wrong with the audit log.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use underpass_runtime::file;

use crate::vault::VaultError;

/// Why something was not recorded.
#[derive(Debug, Error)]
pub enum AuditError {
    /// No space left.
    #[error(
        "the disk is full, so that this cannot be recorded in the audit log; free some space in the file system of the data directory and try again"
    )]
    DiskFull,
    /// It takes too long.
    #[error("the audit log did not answer in time; look at the disk of the data directory")]
    Slow,
    /// The file system refuses.
    #[error("cannot write or read {} of the audit log", file::name(path))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The key is not usable.
    #[error("the key of the audit log cannot be used")]
    Key(#[from] underpass_runtime::pki::PkiError),
    /// The key cannot be read or kept.
    #[error("the key of the audit log cannot be read or kept")]
    Vault(#[source] VaultError),
    /// The thread is gone.
    #[error("the audit log is closed")]
    Stopped,
}

impl From<VaultError> for AuditError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Io { path, source, .. } => Self::io(path)(source),
            error @ (VaultError::Missing(_)
            | VaultError::Key { .. }
            | VaultError::KeyMissing { .. }
            | VaultError::Open { .. }) => Self::Vault(error),
        }
    }
}

impl AuditError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| {
            if file::is_full(&source) {
                return Self::DiskFull;
            }
            Self::Io { path, source }
        }
    }

    /// The same for another one who waits.
    pub(super) fn again(&self) -> Self {
        let told = |text: String| Self::Io {
            path: PathBuf::from("the key"),
            source: io::Error::other(text),
        };
        match self {
            Self::DiskFull => Self::DiskFull,
            Self::Slow => Self::Slow,
            Self::Stopped => Self::Stopped,
            Self::Io { path, source } => Self::Io {
                path: path.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            },
            Self::Key(source) => told(format!("{source}")),
            Self::Vault(source) => told(format!("{source}")),
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        matches!(self, Self::DiskFull)
    }
}
