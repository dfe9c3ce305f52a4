//! The vault's key in the key store of the operating system.

use std::path::Path;
use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error};
use underpass_shared::secret::Secret;

use super::KeyError;

/// How the entry is called there, beside the folder whose vault it opens.
const SERVICE: &str = "underpass";

/// The store of this system.
pub(super) fn store() -> Store {
    platform::store()
}

/// The entry of a folder's vault; it may not be there yet.
pub(super) fn entry(store: &CredentialStore, folder: &Path) -> Result<Entry, KeyError> {
    let user = format!("vault of {}", folder.display());
    let entry = store.build(SERVICE, &user, None);
    entry.map_err(KeyError::System)
}

/// The key in an entry, if it is there.
pub(super) fn read(entry: &Entry) -> Result<Option<Secret>, KeyError> {
    match entry.get_password() {
        Ok(key) => Ok(Some(Secret::new(key))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(KeyError::System(error)),
    }
}

/// Removes an entry, which may be gone already.
pub(super) fn remove(entry: &Entry) -> Result<(), KeyError> {
    match entry.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(KeyError::System(error)),
    }
}

type Store = Result<Arc<CredentialStore>, KeyError>;

#[cfg(target_os = "linux")]
mod platform {
    use super::{KeyError, Store};

    pub(super) fn store() -> Store {
        let store = zbus_secret_service_keyring_store::Store::new();
        Ok(store.map_err(KeyError::System)?)
    }
}

#[cfg(target_os = "macos")]
mod platform {
    use super::{KeyError, Store};

    pub(super) fn store() -> Store {
        let store = apple_native_keyring_store::keychain::Store::new();
        Ok(store.map_err(KeyError::System)?)
    }
}

#[cfg(windows)]
mod platform {
    use super::{KeyError, Store};

    pub(super) fn store() -> Store {
        let store = windows_native_keyring_store::Store::new();
        Ok(store.map_err(KeyError::System)?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod platform {
    use super::{KeyError, Store};

    pub(super) fn store() -> Store {
        Err(KeyError::NoSystem)
    }
}
