//! Where this program's keys are: never in plain text on a disk.
//!
//! Certificates and keys are in one sealed file, the vault. The key to the vault is in the store of
//! the operating system, or sealed by a passphrase. Nothing changes from the one to the other by
//! itself.

mod passphrase;
mod place;
mod system;
mod vault;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use underpass_runtime::archive::ArchiveError;
use underpass_runtime::seal::{InvalidDataKey, OpenError};
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;

pub use self::passphrase::LEN_MIN as PASSPHRASE_LEN_MIN;
use self::place::Place;
use self::vault::Vault;
use crate::client::Known;

/// What this program shows an agent, and the key to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PKCS#8 PEM.
    pub key: Secret,
}

impl Credential {
    /// That of a known agent.
    pub fn of(known: &Known) -> Self {
        Self {
            certificate: known.certificate.clone(),
            key: known.key.clone(),
        }
    }
}

/// Which kind of store keeps the key to the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStoreKind {
    /// That of the operating system.
    System,
    /// A file that a passphrase opens.
    Passphrase,
    /// Nothing is kept: all is forgotten at the end.
    Memory,
}

impl fmt::Display for KeyStoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "the key store of the system",
            Self::Passphrase => "a file sealed by a passphrase",
            Self::Memory => "memory only",
        })
    }
}

/// Which store is wanted.
#[derive(Clone, Debug)]
pub enum KeyChoice {
    /// That of the operating system.
    System,
    /// A file that this passphrase opens; it is made where it is missing.
    Passphrase(Secret),
    /// Keep nothing.
    Memory,
}

/// Why keys cannot be read or kept.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The system's store cannot be used.
    #[error(
        "the key store of the system cannot be used; unlock it, or start its service; where there is none, a new profile keeps its keys in a file sealed by a passphrase (--passphrase-file)"
    )]
    System(#[source] keyring_core::Error),
    /// This system has none.
    #[error(
        "this system has no key store that is supported; keep keys in a file sealed by a passphrase (--passphrase-file)"
    )]
    NoSystem,
    /// Its key to the vault is gone.
    #[error(
        "the vault {} is there, but its key is not in the key store; restore the key, or remove the vault and pair again", .0.display()
    )]
    Lost(PathBuf),
    /// The vault's key was kept in another way.
    #[error("the vault is sealed by {0}")]
    OtherKind(&'static str),
    /// Another vault is there already, which is not open.
    #[error("{} is there already and is not open; unlock it at the next start, or remove it", .0.display())]
    Occupied(PathBuf),
    /// The keys are where they shall be.
    #[error("the keys are kept there already")]
    Same,
    /// Whoever wants to move the keys away from a passphrase has to know it.
    #[error("the present passphrase is needed to move the keys")]
    NoPassphrase,
    /// What was written does not read as it was written.
    #[error("{0} does not give back what it was given; the keys stay where they were")]
    Unverified(KeyStoreKind),
    /// The keys are being moved just now.
    #[error("the keys are being moved; try again when that is over")]
    Busy,
    /// What the system's store holds is no key.
    #[error("what is kept as key of the vault is none")]
    Key(#[from] InvalidDataKey),
    /// The passphrase is wrong, or its file damaged.
    #[error("the vault's key cannot be opened")]
    Passphrase(#[source] ArchiveError),
    /// The passphrase is too short.
    #[error("the passphrase must have at least {PASSPHRASE_LEN_MIN} characters")]
    Short,
    /// The vault is damaged, or of another key.
    #[error("the vault cannot be opened")]
    Sealed(#[from] OpenError),
    /// What the vault holds is none of ours.
    #[error("what the vault holds does not parse")]
    Content(#[from] serde_json::Error),
    /// The file system does not let it.
    #[error("the file {} cannot be used", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It takes too long; somebody is asked and does not answer.
    #[error("the key store does not answer; answer its question and try again")]
    Late,
}

/// A store of keys. Its calls may wait for disks and people, so they are made off the UI's thread.
pub trait KeyStore: Send + Sync {
    /// Which kind it is of.
    fn kind(&self) -> KeyStoreKind;

    /// What is kept for an agent.
    fn get(&self, agent: AgentId) -> Option<Credential>;

    /// Keeps what belongs to an agent.
    ///
    /// # Errors
    /// When it cannot be kept; what was kept before stays.
    fn put(&self, agent: AgentId, credential: &Credential) -> Result<(), KeyError>;

    /// Forgets what belongs to an agent.
    ///
    /// # Errors
    /// When it cannot be forgotten.
    fn remove(&self, agent: AgentId) -> Result<(), KeyError>;

    /// Keeps all of it elsewhere, or seals it by another passphrase: written and read back there
    /// before it goes here. Answers why something useless was left behind, if so.
    ///
    /// # Errors
    /// When it cannot be; all stays as it was.
    fn change(&self, wanted: &KeyChange<'_>) -> Result<Option<KeyError>, KeyError>;
}

/// Where keys shall be kept from now on.
pub struct KeyChange<'a> {
    /// Where to.
    pub to: &'a KeyChoice,
    /// The passphrase that seals them now, where one does.
    pub present: Option<&'a Secret>,
    /// Whether somebody still waits for it: the system may ask the user for long.
    pub is_wanted: &'a dyn Fn() -> bool,
}

/// Opens the wanted store of a profile's folder.
///
/// # Errors
/// When it cannot be opened; no other is opened in its place.
pub fn open(folder: &Path, choice: &KeyChoice) -> Result<Box<dyn KeyStore>, KeyError> {
    if matches!(choice, KeyChoice::System) && wants_passphrase(folder) {
        return Err(KeyError::OtherKind("a passphrase"));
    }
    let vault = match Place::of(folder, choice)? {
        Some(place) => Vault::open(folder, place)?,
        None => Vault::in_memory(folder),
    };
    Ok(Box::new(vault))
}

/// Which store a program uses that was told nothing: that of the system, unless the user wanted
/// nothing to be kept.
pub fn usual(folder: &Path) -> KeyChoice {
    if vault::keeps_nothing(folder) && !wants_passphrase(folder) {
        KeyChoice::Memory
    } else {
        KeyChoice::System
    }
}

/// Whether a profile's folder has a vault that a passphrase opens, so that it must be asked for.
pub fn wants_passphrase(folder: &Path) -> bool {
    passphrase::path(folder).exists()
}

#[cfg(test)]
mod tests;
