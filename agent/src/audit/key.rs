//! The key that signs the audit log: the only place that knows where it lies.

use std::path::Path;

use underpass_runtime::pki::SignatureKey;
use underpass_shared::audit::PublicKey;

use super::error::AuditError;
use crate::vault::{Vault, VaultError};

/// Its name among the sealed values.
const NAME: &str = "audit.key";

/// The key of a data directory, if there is one yet.
fn load(vault: &Vault) -> Result<Option<SignatureKey>, AuditError> {
    let pem = match vault.read(NAME) {
        Ok(pem) => pem,
        Err(VaultError::Missing(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let key = SignatureKey::from_pem(&String::from_utf8_lossy(&pem));
    Ok(key.map(Some)?)
}

/// The key of a data directory, made where it is missing.
pub(super) fn load_or_make(data_dir: &Path) -> Result<SignatureKey, AuditError> {
    let vault = Vault::new(data_dir);
    if let Some(key) = load(&vault)? {
        return Ok(key);
    }
    let key = SignatureKey::generate()?;
    vault.write(NAME, key.to_pem().as_bytes())?;
    Ok(key)
}

/// What signatures of a data directory's log are checked with; none where there is no log yet.
///
/// # Errors
/// When the key cannot be read.
pub fn public_key(data_dir: &Path) -> Result<Option<PublicKey>, AuditError> {
    Ok(load(&Vault::new(data_dir))?.map(|key| key.public()))
}
