//! The vault's key in the key store of the operating system.

use std::path::Path;
use std::sync::Arc;

use keyring_core::{CredentialStore, Error};
use underpass_runtime::seal::{DataKey, new_key};
use underpass_shared::secret::Secret;

use super::vault::{self, Vault};
use super::{KeyError, KeyStoreKind, passphrase};

/// How the entry is called there, beside the folder whose vault it opens.
const SERVICE: &str = "underpass";

pub(super) fn open(folder: &Path) -> Result<Vault, KeyError> {
    if passphrase::path(folder).exists() {
        return Err(KeyError::OtherKind("a passphrase"));
    }
    open_in(&*platform::store()?, folder)
}

/// Opens the vault whose key is in a store; makes both where both are missing.
pub(super) fn open_in(store: &CredentialStore, folder: &Path) -> Result<Vault, KeyError> {
    let user = format!("vault of {}", folder.display());
    let entry = store
        .build(SERVICE, &user, None)
        .map_err(KeyError::System)?;
    let key = match entry.get_password() {
        Ok(key) => Secret::new(key),
        Err(Error::NoEntry) if vault::path(folder).exists() => {
            return Err(KeyError::Lost(vault::path(folder)));
        }
        Err(Error::NoEntry) => {
            let key = new_key();
            entry.set_password(key.expose()).map_err(KeyError::System)?;
            key
        }
        Err(error) => return Err(KeyError::System(error)),
    };
    Vault::open(folder, DataKey::from_text(&key)?, KeyStoreKind::System)
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
