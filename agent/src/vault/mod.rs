//! The sealed values of a data directory: passwords, client keys and keys of certificates, each
//! in a private file of its own, sealed under the data key with its name.

mod key;
mod stage;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use underpass_runtime::file;
use underpass_runtime::seal::{self, InvalidDataKey, KeyId, OpenError};
use zeroize::Zeroizing;

pub use self::key::{CREDENTIAL, HAS_CREDENTIALS, Origin};
use self::key::{Keys, Ring};

/// Endings of the files that hold values; nothing else in the folder is touched.
const ENDINGS: [&str; 4] = ["json", "key", "password", "process"];
/// Ending of what a crash left of an unfinished write.
const UNFINISHED: &str = "tmp";

/// Why a value cannot be read or kept. Files are named without their folders: clients read it too.
#[derive(Debug, Error)]
pub enum VaultError {
    /// There is no such value.
    #[error("there is no {} among the secrets", file::name(.0))]
    Missing(PathBuf),
    /// The file system refused.
    #[error("cannot {what} {} of the data directory", file::name(path))]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The data key is no key.
    #[error("cannot use the data key in {}", file::name(path))]
    Key {
        /// Where it is.
        path: PathBuf,
        /// The rule.
        source: InvalidDataKey,
    },
    /// Values are sealed, and their key is nowhere. A new key would make them worthless for ever.
    #[error(
        "the secrets are sealed under the data key {needed}, which is not there: give the service its systemd credential {CREDENTIAL}, or put back {} of the data directory; or move the secrets away, enrol again and set passwords and certificates again",
        file::name(path)
    )]
    KeyMissing {
        /// Where a key could be.
        path: PathBuf,
        /// Which key it must be.
        needed: KeyId,
    },
    /// The value is not what was kept, or was sealed under another key.
    #[error(
        "cannot open the secret {}: restore the file or its data key, or set the value again",
        file::name(path)
    )]
    Open {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        source: OpenError,
    },
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| VaultError::Io { what, path, source }
}

/// The values in `secrets/` of a data directory. Clones are the same.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
    keys: Arc<Keys>,
}

impl Vault {
    /// The values of a data directory. Nothing is read or made yet.
    pub fn new(data_dir: &Path) -> Self {
        Self::with_credentials(data_dir, key::credentials_directory())
    }

    fn with_credentials(data_dir: &Path, credentials: Option<PathBuf>) -> Self {
        Self {
            folder: data_dir.join("secrets"),
            keys: Arc::new(Keys::new(data_dir, credentials)),
        }
    }

    /// Makes the data key of a new agent, seals what an older version kept plain, and moves
    /// everything to the key of a systemd credential as soon as there is one.
    ///
    /// Each value is replaced as a whole, so it is readable after a crash at any moment; the next
    /// start goes on. The file with the old key goes last.
    ///
    /// # Errors
    /// When the key, or a value, cannot be used. All others are sealed nevertheless.
    pub fn prepare(&self) -> Result<Origin, VaultError> {
        file::private_dir(&self.folder).map_err(failed("make", &self.folder))?;
        let ring = self.ring_or_new()?;
        let mut wrong = None;
        for path in self.files(UNFINISHED)? {
            std::fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
        for path in self.values()? {
            if let Err(error) = seal_file(&ring, &path) {
                wrong.get_or_insert(error);
            }
        }
        match wrong {
            Some(error) => Err(error),
            None => {
                self.keys.drop_old(&ring)?;
                Ok(ring.origin.clone())
            }
        }
    }

    /// Where the data key is kept; nothing where there is none yet.
    ///
    /// # Errors
    /// When it cannot be used, or is missing although values are sealed.
    pub fn origin(&self) -> Result<Option<Origin>, VaultError> {
        Ok(self.ring()?.map(|ring| ring.origin.clone()))
    }

    /// Reads a value. One that an older version left plain is read as it is.
    ///
    /// # Errors
    /// When it is missing, or cannot be opened.
    pub fn read(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let path = self.folder.join(name);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(VaultError::Missing(path));
            }
            Err(error) => return Err(failed("read", &path)(error)),
        };
        if !seal::is_sealed(&bytes) {
            return Ok(bytes);
        }
        let Some(ring) = self.ring()? else {
            // Between the two looks somebody took the last sealed file away.
            return Err(VaultError::Missing(path));
        };
        let opened = ring.open(name, &bytes);
        opened.map_err(|source| VaultError::Open { path, source })
    }

    /// Keeps a value, sealed; on return it outlasts a crash.
    ///
    /// # Errors
    /// When it cannot be written; the old value is then still there.
    pub fn write(&self, name: &str, value: &[u8]) -> Result<(), VaultError> {
        let path = self.folder.join(name);
        file::private_dir(&self.folder).map_err(failed("make", &self.folder))?;
        let ring = self.ring_or_new()?;
        let sealed = ring.current.seal(name, value);
        file::replace(&path, &sealed).map_err(failed("write", &path))
    }

    /// Forgets a value; one that is not there is forgotten already.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), VaultError> {
        let path = self.folder.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn ring(&self) -> Result<Option<Arc<Ring>>, VaultError> {
        match self.keys.load()? {
            Some(ring) => Ok(Some(ring)),
            None => match self.needed()? {
                Some(needed) => Err(VaultError::KeyMissing {
                    path: self.keys.file().to_owned(),
                    needed,
                }),
                None => Ok(None),
            },
        }
    }

    fn ring_or_new(&self) -> Result<Arc<Ring>, VaultError> {
        match self.ring()? {
            Some(ring) => Ok(ring),
            None => self.keys.create(),
        }
    }

    /// The key of the first sealed value, if any is sealed.
    fn needed(&self) -> Result<Option<KeyId>, VaultError> {
        for path in self.values()? {
            let bytes = std::fs::read(&path).map_err(failed("read", &path))?;
            if let Ok(id) = seal::key_of(&bytes) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn values(&self) -> Result<Vec<PathBuf>, VaultError> {
        let mut all = vec![];
        for ending in ENDINGS {
            all.extend(self.files(ending)?);
        }
        Ok(all)
    }

    fn files(&self, ending: &str) -> Result<Vec<PathBuf>, VaultError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(failed("read", &self.folder)(error)),
        };
        let mut files = vec![];
        for entry in entries {
            let path = entry.map_err(failed("read", &self.folder))?.path();
            if path.is_file() && path.extension().is_some_and(|found| found == ending) {
                files.push(path);
            }
        }
        files.sort_unstable();
        Ok(files)
    }
}

/// Seals a file under the current key, unless it is.
fn seal_file(ring: &Ring, path: &Path) -> Result<(), VaultError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = Zeroizing::new(std::fs::read(path).map_err(failed("read", path))?);
    let value = if seal::is_sealed(&bytes) {
        let opened = ring.open(&name, &bytes);
        let value = opened.map_err(|source| VaultError::Open {
            path: path.to_owned(),
            source,
        })?;
        if seal::key_of(&bytes) == Ok(ring.current.id()) {
            return Ok(());
        }
        value
    } else {
        bytes
    };
    let sealed = ring.current.seal(&name, &value);
    file::replace(path, &sealed).map_err(failed("write", path))
}
