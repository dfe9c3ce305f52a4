//! Why no backup is made, and why one is not opened.

use thiserror::Error;
use underpass_runtime::archive::ArchiveError;
use underpass_shared::backup::{ContentError, Fault};

use super::ARCHIVE_MAX;
use crate::store::{ChangeError, Problem};

/// Why no backup is made.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The state cannot be used at all.
    #[error("the agent's own state cannot be used: {0}")]
    Problem(std::sync::Arc<Problem>),
    /// The history cannot be read.
    #[error("the history cannot be read")]
    History(#[source] ChangeError),
    /// A sealed value cannot be read.
    #[error("a secret cannot be read: {0:#}")]
    Secret(anyhow::Error),
    /// The newest record of the audit log cannot be read.
    #[error("the end of the audit log cannot be read")]
    Audit(#[source] crate::audit::VerifyError),
    /// The key that signs the audit log cannot be read.
    #[error("the key of the audit log cannot be read")]
    AuditKey(#[source] crate::audit::AuditError),
    /// The configuration changes faster than it can be read.
    #[error("the configuration changed again and again meanwhile; try again")]
    Restless,
    /// It does not serialise.
    #[error("the content cannot be written")]
    Content(#[source] ContentError),
    /// It cannot be sealed.
    #[error("the archive cannot be made")]
    Archive(#[source] ArchiveError),
    /// Longer than what is read again.
    #[error("the archive would have more than {ARCHIVE_MAX} bytes; ask for fewer revisions")]
    TooLarge,
    /// The disk has no room for it.
    #[error(
        "the disk is full; free up to {ARCHIVE_MAX} bytes in the data directory's file system and try again"
    )]
    DiskFull,
    /// It cannot be written.
    #[error("the archive cannot be written: {0}")]
    Write(std::io::Error),
    /// The thread that read was ended by a panic.
    #[error("reading ended in a panic")]
    Panicked,
}

/// Why a backup cannot be restored.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The archive, or what opens it, is wrong.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The content does not parse.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The content does not hold together.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The identity is none, or not the one that the backup is named by.
    #[error("the identity in the backup is damaged or of another agent")]
    Identity,
}
