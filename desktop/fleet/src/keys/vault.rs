//! The vault: certificates and keys in one sealed file.

mod change;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use underpass_runtime::file;
use underpass_runtime::seal::{DataKey, new_key};
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;
use zeroize::Zeroizing;

pub(super) use self::change::keeps_nothing;
use super::place::{Kept, Place, failed};
use super::{Credential, KeyChange, KeyError, KeyStore, KeyStoreKind};

/// What the sealed value is called; it is bound to it.
const NAME: &str = "vault.bin";
/// The largest vault that is read: a thousand agents have two megabytes.
const LEN_MAX: u64 = 32 * 1024 * 1024;

type Entries = BTreeMap<AgentId, Credential>;

/// Certificates and keys by agent.
#[derive(Debug)]
pub(super) struct Vault {
    folder: PathBuf,
    /// Held while something is written, so that it is written to one place.
    home: Mutex<Home>,
    entries: Mutex<Entries>,
}

/// Where the vault's key is, and the key.
#[derive(Debug)]
struct Home {
    kept: Kept,
    /// What seals the file; nothing where there is none.
    key: Option<DataKey>,
}

#[derive(Serialize)]
struct Lent<'a> {
    certificate: &'a str,
    key: &'a str,
}

#[derive(Deserialize)]
struct Written {
    certificate: String,
    key: String,
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// What a sealed file holds; nothing where there is none.
fn read(path: &Path, key: &DataKey) -> Result<Option<Entries>, KeyError> {
    let failed = failed(path);
    match fs::metadata(path) {
        Ok(about) if about.len() > LEN_MAX => {
            return Err(failed(io::Error::other("it is too large")));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let bytes = fs::read(path).map_err(failed)?;
    let plain = key.open(NAME, &bytes)?;
    let written: BTreeMap<AgentId, Written> = serde_json::from_slice(&plain)?;
    let read = |(agent, Written { certificate, key }): (AgentId, Written)| {
        let key = Secret::new(key);
        (agent, Credential { certificate, key })
    };
    Ok(Some(written.into_iter().map(read).collect()))
}

/// Seals entries into a file.
fn write(path: &Path, key: &DataKey, entries: &Entries) -> Result<(), KeyError> {
    let written: BTreeMap<&AgentId, Lent<'_>> = entries
        .iter()
        .map(|(agent, one)| {
            let (certificate, key) = (one.certificate.as_str(), one.key.expose());
            (agent, Lent { certificate, key })
        })
        .collect();
    let plain = Zeroizing::new(serde_json::to_vec(&written)?);
    file::replace(path, &key.seal(NAME, &plain)).map_err(failed(path))
}

impl Vault {
    pub(super) fn in_memory(folder: &Path) -> Self {
        let home = Home {
            kept: Kept::Memory,
            key: None,
        };
        Self::new(folder, home, Entries::new())
    }

    fn new(folder: &Path, home: Home, entries: Entries) -> Self {
        Self {
            folder: folder.to_owned(),
            home: Mutex::new(home),
            entries: Mutex::new(entries),
        }
    }

    /// Opens the vault of a folder, whose key is in this place; makes both where both are missing.
    pub(super) fn open(folder: &Path, place: Place) -> Result<Self, KeyError> {
        let key = match place.read()? {
            Some(key) => key,
            None if path(folder).exists() => {
                return Err(match place.kind() {
                    KeyStoreKind::Passphrase => KeyError::OtherKind("the key store of the system"),
                    KeyStoreKind::System | KeyStoreKind::Memory => KeyError::Lost(path(folder)),
                });
            }
            None => {
                let key = new_key();
                place.write(&key)?;
                key
            }
        };
        let key = DataKey::from_text(&key)?;
        let entries = change::finished(folder, &key)?;
        let home = Home {
            kept: place.into_kept(),
            key: Some(key),
        };
        Ok(Self::new(folder, home, entries))
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place to write to; nobody waits while the keys are moved, for that may ask the user.
    fn home(&self) -> Result<MutexGuard<'_, Home>, KeyError> {
        match self.home.try_lock() {
            Ok(home) => Ok(home),
            Err(TryLockError::Poisoned(home)) => Ok(home.into_inner()),
            Err(TryLockError::WouldBlock) => Err(KeyError::Busy),
        }
    }

    /// Changes the entries: on disk first, then here.
    fn edit(&self, edit: impl FnOnce(&mut Entries)) -> Result<(), KeyError> {
        let home = self.home()?;
        let mut next = self.entries().clone();
        edit(&mut next);
        if let Some(key) = &home.key {
            write(&path(&self.folder), key, &next)?;
        }
        *self.entries() = next;
        Ok(())
    }
}

impl KeyStore for Vault {
    fn kind(&self) -> KeyStoreKind {
        let home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        home.kept.kind()
    }

    fn get(&self, agent: AgentId) -> Option<Credential> {
        self.entries().get(&agent).cloned()
    }

    fn put(&self, agent: AgentId, credential: &Credential) -> Result<(), KeyError> {
        self.edit(|entries| drop(entries.insert(agent, credential.clone())))
    }

    fn remove(&self, agent: AgentId) -> Result<(), KeyError> {
        self.edit(|entries| drop(entries.remove(&agent)))
    }

    fn change(&self, wanted: &KeyChange<'_>) -> Result<Option<KeyError>, KeyError> {
        self.change_to(Place::of(&self.folder, wanted.to)?, wanted)
    }
}

#[cfg(test)]
mod tests;
