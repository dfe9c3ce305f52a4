//! The vault's key in a file that a passphrase opens.

use std::path::{Path, PathBuf};
use std::{fs, io};

use underpass_runtime::archive::{self, About, Key, Limits, Lock};
use underpass_runtime::{clock, file};
use underpass_shared::secret::Secret;

use super::place::failed;
use super::{KeyError, KeyStoreKind};

const NAME: &str = "vault.key";
/// What the archive is of.
const PRODUCT: &str = "underpass-desktop";
/// The shortest passphrase that is taken for a new vault: who has the file can try for ever.
pub const LEN_MIN: usize = 10;

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// The file, and what opens it.
pub(super) struct KeyFile {
    path: PathBuf,
    passphrase: Secret,
}

impl KeyFile {
    pub(super) fn new(folder: &Path, passphrase: Secret) -> Self {
        Self {
            path: path(folder),
            passphrase,
        }
    }

    /// The key in it; nothing where there is no file.
    pub(super) fn read(&self) -> Result<Option<Secret>, KeyError> {
        match fs::read(&self.path) {
            Ok(sealed) => self.open(&sealed).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&self.path)(error)),
        }
    }

    fn open(&self, sealed: &[u8]) -> Result<Secret, KeyError> {
        let key = Key::Passphrase(self.passphrase.clone());
        let opened = archive::open(sealed, PRODUCT, &key, Limits::default());
        let (_about, key) = opened.map_err(KeyError::Passphrase)?;
        Ok(Secret::new(String::from_utf8_lossy(&key).into_owned()))
    }

    /// Seals a key into it. What was sealed is opened before it replaces what was there.
    pub(super) fn write(&self, key: &Secret) -> Result<(), KeyError> {
        if self.passphrase.expose().chars().count() < LEN_MIN {
            return Err(KeyError::Short);
        }
        let about = About {
            product: PRODUCT,
            version: env!("CARGO_PKG_VERSION"),
            created_at_ms: clock::wall_ms(),
            instance: String::new(),
            revision: None,
        };
        let lock = Lock::Passphrase(self.passphrase.clone());
        let sealed = archive::seal(about, key.expose().as_bytes(), &lock);
        let (_manifest, sealed) = sealed.map_err(KeyError::Passphrase)?;
        if self.open(&sealed)? != *key {
            return Err(KeyError::Unverified(KeyStoreKind::Passphrase));
        }
        file::replace(&self.path, &sealed).map_err(failed(&self.path))
    }
}
