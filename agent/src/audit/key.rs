//! The key that signs the audit log: the only place that knows where it lies.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use underpass_runtime::file;
use underpass_runtime::pki::SignatureKey;
use underpass_shared::audit::PublicKey;

use super::error::AuditError;

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("secrets").join("audit.key")
}

/// The key of a data directory, if there is one yet.
pub(super) fn load(data_dir: &Path) -> Result<Option<SignatureKey>, AuditError> {
    let path = path(data_dir);
    let pem = match std::fs::read_to_string(&path) {
        Ok(pem) => pem,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(AuditError::io(path)(error)),
    };
    let key = SignatureKey::from_pem(&pem);
    key.map(Some)
        .map_err(|source| AuditError::Key { path, source })
}

/// The key of a data directory, made where it is missing.
pub(super) fn load_or_make(data_dir: &Path) -> Result<SignatureKey, AuditError> {
    if let Some(key) = load(data_dir)? {
        return Ok(key);
    }
    let path = path(data_dir);
    let key = SignatureKey::generate().map_err(|source| AuditError::Key {
        path: path.clone(),
        source,
    })?;
    let made = file::private_dir(&data_dir.join("secrets"))
        .and_then(|()| file::replace(&path, key.to_pem().as_bytes()));
    made.map_err(AuditError::io(path))?;
    Ok(key)
}

/// What signatures of a data directory's log are checked with; none where there is no log yet.
///
/// # Errors
/// When the key cannot be read.
pub fn public_key(data_dir: &Path) -> Result<Option<PublicKey>, AuditError> {
    Ok(load(data_dir)?.map(|key| key.public()))
}
