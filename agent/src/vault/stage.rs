//! Values that wait beside the ones that they will replace: taking their place needs no space.

use std::io::ErrorKind;
use std::path::PathBuf;

use underpass_runtime::file;

use super::{Vault, VaultError, failed};

/// What is added to the name of a value that waits.
const WAITING: &str = "staged";

impl Vault {
    /// Whether there is a value of this name.
    pub fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    /// Keeps a value beside the one of its name, which stays in force; on return it outlasts a
    /// crash.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stage(&self, name: &str, value: &[u8]) -> Result<(), VaultError> {
        let path = self.waiting(name);
        file::private_dir(&self.folder).map_err(failed("make", &self.folder))?;
        let sealed = self.ring_or_new()?.current.seal(name, value);
        file::replace(&path, &sealed).map_err(failed("write", &path))
    }

    /// Lets a value that waits take the place of the one of its name. One that waits no longer has
    /// done so already.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn promote(&self, name: &str) -> Result<(), VaultError> {
        let (from, to) = (self.waiting(name), self.folder.join(name));
        match std::fs::rename(&from, &to) {
            Ok(()) => file::sync_parent(&to).map_err(failed("rename", &from)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("rename", &from)(error)),
        }
    }

    /// Forgets a value that waits; one that does not is forgotten already.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn unstage(&self, name: &str) -> Result<(), VaultError> {
        self.remove(&format!("{name}.{WAITING}"))
    }

    /// Forgets all that wait, and what was half written when a process ended. Nobody else may be
    /// writing.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn unstage_all(&self) -> Result<(), VaultError> {
        for extension in [WAITING, file::TEMPORARY] {
            for path in self.files(extension)? {
                std::fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Forgets a value so that it does not come back after a crash.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_for_good(&self, name: &str) -> Result<(), VaultError> {
        self.remove(name)?;
        let path = self.folder.join(name);
        match file::sync_parent(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn waiting(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{WAITING}"))
    }
}
