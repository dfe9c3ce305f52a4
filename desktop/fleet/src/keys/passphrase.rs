//! The vault's key in a file that a passphrase opens.

use std::fs;
use std::path::{Path, PathBuf};

use underpass_runtime::archive::{self, About, Key, Limits, Lock};
use underpass_runtime::seal::{DataKey, new_key};
use underpass_runtime::{clock, file};
use underpass_shared::secret::Secret;

use super::vault::{self, Vault};
use super::{KeyError, KeyStoreKind};

const NAME: &str = "vault.key";
/// What the archive is of.
const PRODUCT: &str = "underpass-desktop";
/// The shortest passphrase that is taken for a new vault: who has the file can try for ever.
pub(super) const LEN_MIN: usize = 10;

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

pub(super) fn open(folder: &Path, passphrase: &Secret) -> Result<Vault, KeyError> {
    let path = path(folder);
    let failed = |source| KeyError::File {
        path: path.clone(),
        source,
    };
    let key = if path.exists() {
        let sealed = fs::read(&path).map_err(failed)?;
        let key = Key::Passphrase(passphrase.clone());
        let opened = archive::open(&sealed, PRODUCT, &key, Limits::default());
        let (_about, key) = opened.map_err(KeyError::Passphrase)?;
        Secret::new(String::from_utf8_lossy(&key).into_owned())
    } else {
        if vault::path(folder).exists() {
            return Err(KeyError::OtherKind("the key store of the system"));
        }
        if passphrase.expose().chars().count() < LEN_MIN {
            return Err(KeyError::Short);
        }
        let key = new_key();
        let about = About {
            product: PRODUCT,
            version: env!("CARGO_PKG_VERSION"),
            created_at_ms: clock::wall_ms(),
            instance: String::new(),
            revision: None,
        };
        let lock = Lock::Passphrase(passphrase.clone());
        let sealed = archive::seal(about, key.expose().as_bytes(), &lock);
        let (_manifest, sealed) = sealed.map_err(KeyError::Passphrase)?;
        file::replace(&path, &sealed).map_err(failed)?;
        key
    };
    Vault::open(folder, DataKey::from_text(&key)?, KeyStoreKind::Passphrase)
}
