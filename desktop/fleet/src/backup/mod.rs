//! Backups of agents into files of this computer: made by the agent, written, and verified.

mod disk;
mod make;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek};
use std::path::PathBuf;

use underpass_runtime::archive::{self, ArchiveError, Limits};
use underpass_runtime::form::Form;
use underpass_shared::api::management::operations;
use underpass_shared::api::management::{BackupInput, BackupTarget, BackupVerified, Target, Verb};
use underpass_shared::backup::Manifest;
use underpass_shared::hash::Hash256;
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;

pub(crate) use self::disk::Disk;
pub(crate) use self::make::{Missed, Order, make};
use crate::api::Call;

/// The largest backup that agents make or read.
pub(crate) const FILE_LEN_MAX: u64 = operations::BACKUP_LEN_MAX as u64;
/// What agents call themselves in manifests.
pub(crate) const PRODUCT: &str = "underpass-agent";

/// Backups that are wanted: one job.
#[derive(Debug)]
pub struct BackUp {
    /// What it does, as a heading.
    pub title: String,
    /// The agents, and the file for each.
    pub files: Vec<(AgentId, PathBuf)>,
    /// What seals them, and what is in them.
    pub input: BackupInput,
    /// Whether files that are there may be replaced.
    pub replace: bool,
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its turn comes.
    Waiting,
    /// The agent collects and seals it.
    Making,
    /// It comes.
    Receiving {
        /// Bytes that are here.
        received: u64,
        /// Bytes in all, where that is known.
        total: Option<u64>,
    },
    /// It is written to the file.
    Writing,
    /// The agent opens what was written, as for a restore.
    Verifying,
}

/// A backup in a file.
#[derive(Clone, Debug)]
pub struct Made {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub len: u64,
    /// SHA-256 of the file.
    pub sha256: Hash256,
    /// What it says of itself in clear.
    pub manifest: Manifest,
    /// How far it was verified.
    pub checked: Checked,
    /// When it was done, milliseconds UTC.
    pub at_ms: i64,
}

/// How far a file was verified.
#[derive(Clone, Debug)]
pub enum Checked {
    /// The agent opened it and did all that a restore does before it changes anything.
    Opened(Box<BackupVerified>),
    /// It is as the agent sealed it, which cannot be opened here: the private keys are elsewhere.
    Sealed,
    /// It is as the agent sealed it, and was not opened: why.
    Unopened(String),
}

/// What opens a backup. Secret.
#[derive(Clone, Debug)]
pub enum Opener {
    /// The passphrase that it is sealed with.
    Passphrase(Secret),
    /// The text of a file with the private key of one of its recipients.
    Identity(Secret),
}

impl Opener {
    fn part(&self) -> (&'static str, &Secret) {
        match self {
            Self::Passphrase(secret) => ("password", secret),
            Self::Identity(secret) => ("identity", secret),
        }
    }
}

/// Asks an agent whether it could restore the archive in a file, and what is in it. The file is read
/// as it is sent.
pub fn verification(path: PathBuf, opener: &Opener) -> Call {
    let call = Call::new(Verb::Post, Target::Backup(BackupTarget::Verification));
    with_file(call, Form::new(), path, opener)
}

/// Asks an agent for the configuration in the archive of a file, which is read as it is sent.
pub fn configuration(path: PathBuf, opener: &Opener) -> Call {
    let call = Call::new(Verb::Post, Target::Backup(BackupTarget::Configuration));
    with_file(call, Form::new(), path, opener)
}

/// Adds an archive in a file and what opens it.
pub(crate) fn with_file(call: Call, form: Form, path: PathBuf, opener: &Opener) -> Call {
    let (name, secret) = opener.part();
    call.around(form.text(name, secret.expose()).around("backup"), path)
}

/// Checks all of an archive that can be checked without opening it. It is read piece by piece.
///
/// # Errors
/// The first rule that it breaks, or that it cannot be read.
pub fn inspect<R: Read + Seek>(archive: &mut R) -> Result<Manifest, ArchiveError> {
    let limits = Limits {
        archive: operations::BACKUP_LEN_MAX,
        as_written: true,
        ..Limits::default()
    };
    archive::inspect(archive, PRODUCT, limits)
}
