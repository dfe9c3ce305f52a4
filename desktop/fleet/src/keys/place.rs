//! The places that the key to the vault can be in.

use std::io;
use std::path::{Path, PathBuf};

use keyring_core::Entry;
use underpass_runtime::file;
use underpass_shared::secret::Secret;

use super::passphrase::{self, KeyFile};
use super::{KeyChoice, KeyError, KeyStoreKind, system};

/// A place that can be read and written.
pub(super) enum Place {
    System(Entry),
    Passphrase(KeyFile),
}

/// The same of an open vault, which needs no passphrase any more.
#[derive(Debug)]
pub(super) enum Kept {
    System(Entry),
    Passphrase,
    Memory,
}

impl Place {
    /// The place of a choice; none where nothing is kept.
    pub(super) fn of(folder: &Path, choice: &KeyChoice) -> Result<Option<Self>, KeyError> {
        Ok(match choice {
            KeyChoice::System => {
                let store = system::store()?;
                Some(Self::System(system::entry(&*store, folder)?))
            }
            KeyChoice::Passphrase(passphrase) => {
                Some(Self::Passphrase(KeyFile::new(folder, passphrase.clone())))
            }
            KeyChoice::Memory => None,
        })
    }

    pub(super) const fn kind(&self) -> KeyStoreKind {
        match self {
            Self::System(_) => KeyStoreKind::System,
            Self::Passphrase(_) => KeyStoreKind::Passphrase,
        }
    }

    /// The key that is there, if there is one.
    pub(super) fn read(&self) -> Result<Option<Secret>, KeyError> {
        match self {
            Self::System(entry) => system::read(entry),
            Self::Passphrase(file) => file.read(),
        }
    }

    /// Writes a key in the place of the one before.
    pub(super) fn write(&self, key: &Secret) -> Result<(), KeyError> {
        match self {
            Self::System(entry) => entry.set_password(key.expose()).map_err(KeyError::System),
            Self::Passphrase(file) => file.write(key),
        }
    }

    pub(super) fn into_kept(self) -> Kept {
        match self {
            Self::System(entry) => Kept::System(entry),
            Self::Passphrase(_) => Kept::Passphrase,
        }
    }
}

impl Kept {
    pub(super) const fn kind(&self) -> KeyStoreKind {
        match self {
            Self::System(_) => KeyStoreKind::System,
            Self::Passphrase => KeyStoreKind::Passphrase,
            Self::Memory => KeyStoreKind::Memory,
        }
    }

    /// Takes the key away; it may be gone already.
    pub(super) fn remove(&self, folder: &Path) -> Result<(), KeyError> {
        match self {
            Self::System(entry) => system::remove(entry),
            Self::Passphrase => remove(&passphrase::path(folder)),
            Self::Memory => Ok(()),
        }
    }
}

/// Removes a file, which may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), KeyError> {
    let removed = match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(()) => file::sync_parent(path),
        failed => failed,
    };
    removed.map_err(failed(path))
}

/// What is told of a file that cannot be used.
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> KeyError {
    let path: PathBuf = path.to_owned();
    move |source| KeyError::File {
        path: path.clone(),
        source,
    }
}
