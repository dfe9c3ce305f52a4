//! One server, or one restore, per data directory.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context as _, bail};
use underpass_runtime::file;

/// The name of the lock file.
pub const FILE: &str = "gateway.lock";

/// The right to serve or to replace a data directory. It ends with the process at the latest, so a
/// killed one leaves none behind.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

impl Lock {
    /// Takes it.
    ///
    /// # Errors
    /// When another process has it.
    pub fn take(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(FILE);
        let unusable = || format!("cannot use {}", path.display());
        let file = file::open_private(&path).with_context(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                bail!("a gateway runs in {}; stop it first", data_dir.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(unusable),
        }
    }
}
