//! The vault: certificates and keys in one sealed file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use underpass_runtime::file;
use underpass_runtime::seal::DataKey;
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;
use zeroize::Zeroizing;

use super::{Credential, KeyError, KeyStore, KeyStoreKind};

/// What the sealed value is called; it is bound to it.
const NAME: &str = "vault.bin";
/// The largest vault that is read: a thousand agents have two megabytes.
const LEN_MAX: u64 = 32 * 1024 * 1024;

/// Certificates and keys by agent.
#[derive(Debug)]
pub(super) struct Vault {
    kind: KeyStoreKind,
    /// Where it is and what seals it; nothing where it is in memory alone.
    sealed: Option<(PathBuf, DataKey)>,
    entries: Mutex<BTreeMap<AgentId, Credential>>,
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

impl Vault {
    pub(super) fn in_memory() -> Self {
        Self {
            kind: KeyStoreKind::Memory,
            sealed: None,
            entries: Mutex::default(),
        }
    }

    /// Opens the vault of a folder; it is empty where it is missing.
    pub(super) fn open(folder: &Path, key: DataKey, kind: KeyStoreKind) -> Result<Self, KeyError> {
        let path = path(folder);
        let failed = |source| KeyError::File {
            path: path.clone(),
            source,
        };
        let entries = match fs::metadata(&path) {
            Ok(about) if about.len() > LEN_MAX => {
                return Err(failed(io::Error::other("it is too large")));
            }
            Ok(_) => {
                let bytes = fs::read(&path).map_err(failed)?;
                let plain = key.open(NAME, &bytes)?;
                let written: BTreeMap<AgentId, Written> = serde_json::from_slice(&plain)?;
                let read = |(agent, Written { certificate, key }): (AgentId, Written)| {
                    let key = Secret::new(key);
                    (agent, Credential { certificate, key })
                };
                written.into_iter().map(read).collect()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            kind,
            sealed: Some((path, key)),
            entries: Mutex::new(entries),
        })
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<AgentId, Credential>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, entries: &BTreeMap<AgentId, Credential>) -> Result<(), KeyError> {
        let Some((path, key)) = &self.sealed else {
            return Ok(());
        };
        let written: BTreeMap<&AgentId, Lent<'_>> = entries
            .iter()
            .map(|(agent, one)| {
                let (certificate, key) = (one.certificate.as_str(), one.key.expose());
                (agent, Lent { certificate, key })
            })
            .collect();
        let plain = Zeroizing::new(serde_json::to_vec(&written)?);
        let saved = file::replace(path, &key.seal(NAME, &plain));
        saved.map_err(|source| KeyError::File {
            path: path.clone(),
            source,
        })
    }

    /// Changes the entries: on disk first, then here.
    fn change(
        &self,
        change: impl FnOnce(&mut BTreeMap<AgentId, Credential>),
    ) -> Result<(), KeyError> {
        let mut entries = self.entries();
        let mut next = entries.clone();
        change(&mut next);
        self.save(&next)?;
        *entries = next;
        Ok(())
    }
}

impl KeyStore for Vault {
    fn kind(&self) -> KeyStoreKind {
        self.kind
    }

    fn get(&self, agent: AgentId) -> Option<Credential> {
        self.entries().get(&agent).cloned()
    }

    fn put(&self, agent: AgentId, credential: &Credential) -> Result<(), KeyError> {
        self.change(|entries| drop(entries.insert(agent, credential.clone())))
    }

    fn remove(&self, agent: AgentId) -> Result<(), KeyError> {
        self.change(|entries| drop(entries.remove(&agent)))
    }
}
