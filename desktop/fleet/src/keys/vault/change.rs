//! The vault's key moves to another place: all is written and read back there before it goes here.
//!
//! A vault that moves gets a new key, so that the one before opens nothing any more. It is sealed
//! beside the present one first. Then the new place gets the key, the old place loses its own, and
//! last the new file takes the place of the old one. Whenever that breaks off, one of the two files
//! and the key that is found next time belong together.

use std::fs;
use std::path::{Path, PathBuf};

use underpass_runtime::file;
use underpass_runtime::seal::{DataKey, new_key};
use underpass_shared::secret::Secret;

use super::super::passphrase::{self, KeyFile};
use super::super::place::{Kept, Place, failed, remove};
use super::super::{KeyChange, KeyError, KeyStoreKind};
use super::{Entries, Home, Vault, path, read, write};

/// The vault that is to take the place of the other.
const NEXT: &str = "vault.next";
/// A file that says that nothing shall be kept.
const NOTHING: &str = "vault.none";

fn next_path(folder: &Path) -> PathBuf {
    folder.join(NEXT)
}

/// Whether the user wants nothing to be kept.
pub(in super::super) fn keeps_nothing(folder: &Path) -> bool {
    folder.join(NOTHING).exists()
}

/// What a folder's vault holds, after a change that broke off was finished or forgotten.
pub(super) fn finished(folder: &Path, key: &DataKey) -> Result<Entries, KeyError> {
    let (present, next) = (path(folder), next_path(folder));
    let found = read(&present, key);
    match found {
        Ok(Some(entries)) => {
            remove(&next)?;
            Ok(entries)
        }
        Ok(None) | Err(KeyError::Sealed(_)) => match read(&next, key) {
            Ok(Some(entries)) => {
                settle(folder)?;
                Ok(entries)
            }
            Ok(None) | Err(_) => found.map(Option::unwrap_or_default),
        },
        Err(error) => Err(error),
    }
}

/// The new vault takes the place of the old one.
fn settle(folder: &Path) -> Result<(), KeyError> {
    let path = path(folder);
    let moved = fs::rename(next_path(folder), &path).and_then(|()| file::sync_parent(&path));
    moved.map_err(failed(&path))
}

impl Vault {
    /// Keeps all in another place; nowhere where there is none.
    pub(in super::super) fn change_to(
        &self,
        to: Option<Place>,
        wanted: &KeyChange<'_>,
    ) -> Result<Option<KeyError>, KeyError> {
        let mut home = self.home()?;
        self.may_leave(&home, wanted.present)?;
        match to {
            None => self.forget(&mut home).map(|()| None),
            Some(place) => {
                let left = self.settle_in(&mut home, place, wanted)?;
                settle(&self.folder)?;
                Ok(left)
            }
        }
    }

    /// Whether the one who asks may: a passphrase is to be known.
    fn may_leave(&self, home: &Home, present: Option<&Secret>) -> Result<(), KeyError> {
        match (&home.kept, present) {
            (Kept::Passphrase, None) => Err(KeyError::NoPassphrase),
            (Kept::Passphrase, Some(present)) => {
                let file = KeyFile::new(&self.folder, present.clone());
                file.read().map(drop)
            }
            (Kept::System(_) | Kept::Memory, _) => Ok(()),
        }
    }

    /// Whether the folder is free, or has the vault that is open.
    fn is_free(&self, home: &Home, place: &Place) -> Result<(), KeyError> {
        match (&home.kept, place.kind()) {
            (Kept::System(_), KeyStoreKind::System) => return Err(KeyError::Same),
            (Kept::Memory, _) if !keeps_nothing(&self.folder) => {}
            (Kept::System(_) | Kept::Passphrase | Kept::Memory, _) => return Ok(()),
        }
        let others = [path(&self.folder), passphrase::path(&self.folder)];
        match others.into_iter().find(|other| other.exists()) {
            Some(other) => Err(KeyError::Occupied(other)),
            None => Ok(()),
        }
    }

    /// Seals all anew, and has the key in another place. What remains is that the new file takes
    /// the place of the old one.
    fn settle_in(
        &self,
        home: &mut Home,
        place: Place,
        wanted: &KeyChange<'_>,
    ) -> Result<Option<KeyError>, KeyError> {
        self.is_free(home, &place)?;
        let next = next_path(&self.folder);
        let text = new_key();
        let key = DataKey::from_text(&text)?;
        let entries = self.entries().clone();
        write(&next, &key, &entries)?;
        let there = match read(&next, &key) {
            Ok(Some(there)) if there == entries => Ok(()),
            Ok(_) => Err(KeyError::Unverified(place.kind())),
            Err(error) => Err(error),
        };
        if let Err(error) = there.and_then(|()| place.write(&text)) {
            // It opens nothing and is replaced by the next try.
            drop(remove(&next));
            return Err(error);
        }
        let is_same =
            matches!(home.kept, Kept::Passphrase) && place.kind() == KeyStoreKind::Passphrase;
        let checked = match place.read() {
            // Nothing asks for long in the file, and there the way back is gone.
            _ if is_same => Ok(()),
            Ok(Some(there)) if there == text && (wanted.is_wanted)() => Ok(()),
            Ok(Some(there)) if there == text => Err(KeyError::Late),
            Ok(_) => Err(KeyError::Unverified(place.kind())),
            Err(error) => Err(error),
        };
        let to = place.into_kept();
        let left = match checked {
            Ok(()) if is_same => Ok(None),
            Ok(()) => self.leave(home),
            Err(error) => Err(error),
        };
        let left = left.inspect_err(|_| {
            drop(to.remove(&self.folder));
            drop(remove(&next));
        })?;
        (home.kept, home.key) = (to, Some(key));
        Ok(left)
    }

    /// Takes the key away from where it was. An entry that the system does not give up opens
    /// nothing any more; a file would be asked for at the next start.
    fn leave(&self, home: &Home) -> Result<Option<KeyError>, KeyError> {
        match (&home.kept, home.kept.remove(&self.folder)) {
            (Kept::Memory, _) => remove(&self.folder.join(NOTHING)).map(|()| None),
            (Kept::System(_), left) => Ok(left.err()),
            (Kept::Passphrase, removed) => removed.map(|()| None),
        }
    }

    /// Keeps nothing from now on.
    fn forget(&self, home: &mut Home) -> Result<(), KeyError> {
        if matches!(home.kept, Kept::Memory) {
            return Err(KeyError::Same);
        }
        let nothing = self.folder.join(NOTHING);
        file::replace(&nothing, b"").map_err(failed(&nothing))?;
        home.kept
            .remove(&self.folder)
            .inspect_err(|_| drop(remove(&nothing)))?;
        (home.kept, home.key) = (Kept::Memory, None);
        remove(&next_path(&self.folder))?;
        remove(&path(&self.folder))
    }
}
