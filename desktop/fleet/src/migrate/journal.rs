//! Migrations as they are written down in the profile, before and after each step.

use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::machine::Migration;
use super::plan::MigrationId;
use crate::papers::{Form, PaperError, Papers};

/// The folder of a profile that has them.
const FOLDER: &str = "migrations";
/// The form of a file; a newer one is not read, so that nothing of it is lost.
const VERSION: u32 = 1;
/// The largest file that is read: 200 texts for each of some hundred steps.
const LEN_MAX: u64 = 32 * 1024 * 1024;
/// Most migrations that are kept; the oldest that are over go first.
const KEPT_MAX: usize = 200;

/// Why a migration cannot be written down, or read again.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Its file cannot be used.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// There was none yet.
    #[error("there is no migration yet; `underpass migrate plan` begins one")]
    Never,
    /// There is none of that id.
    #[error("there is no migration {0:?}; `underpass migrate list` shows all")]
    None(String),
    /// There are several.
    #[error("{0:?} means several migrations; name more of the id")]
    Several(String),
}

#[derive(Serialize, Deserialize)]
struct Written<T> {
    version: u32,
    migration: T,
}

/// The journals of a profile.
#[derive(Clone, Debug)]
pub struct Journals(Papers);

impl Journals {
    /// Those of the profile in a folder.
    pub fn of(profile: &Path) -> Self {
        let form = Form {
            newest: VERSION,
            len_max: LEN_MAX,
        };
        Self(Papers::of(profile.join(FOLDER), form))
    }

    /// Writes a migration down as it is now.
    ///
    /// # Errors
    /// When the file system does not let it.
    pub fn keep(&self, migration: &Migration) -> Result<(), JournalError> {
        let written = Written {
            version: VERSION,
            migration,
        };
        Ok(self.0.keep(migration.plan.id, &written)?)
    }

    /// All migrations, the newest first. Ids that begin with the time sort by it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn ids(&self) -> Result<Vec<MigrationId>, JournalError> {
        let ids = self.0.names()?.into_iter();
        let mut ids: Vec<MigrationId> = ids.map(MigrationId).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    /// The migration that the beginning of an id means; the newest where nothing is named.
    ///
    /// # Errors
    /// When there is none, or several, or it cannot be read.
    pub fn find(&self, name: Option<&str>) -> Result<Migration, JournalError> {
        let name = name.unwrap_or_default();
        let mut ids = self.ids()?;
        if name.is_empty() {
            ids.truncate(1);
        }
        ids.retain(|id| id.to_string().starts_with(name));
        match ids[..] {
            [id] => self.read(id),
            [] if name.is_empty() => Err(JournalError::Never),
            [] => Err(JournalError::None(name.to_owned())),
            [..] => Err(JournalError::Several(name.to_owned())),
        }
    }

    /// One migration.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, id: MigrationId) -> Result<Migration, JournalError> {
        let written: Written<Migration> = self.0.read(id)?;
        Ok(written.migration)
    }

    /// Removes the oldest migrations that are over, as far as there are too many.
    ///
    /// # Errors
    /// When the folder cannot be read, or a file not be removed.
    pub fn tidy(&self) -> Result<(), JournalError> {
        for id in self.ids()?.into_iter().skip(KEPT_MAX) {
            if self.read(id).is_ok_and(|migration| migration.is_over()) {
                self.0.remove(id)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::migrate::plan::Making;
    use crate::migrate::plan::tests::from_backup;
    use underpass_shared::id::AgentId;

    fn migration(id: u128) -> Migration {
        let id = move || Uuid::from_u128(id << 64);
        let making = Making { now_ms: 1, id: &id };
        let agent = AgentId::of_authority(&[1; 32]);
        Migration::new(from_backup(agent, making).into())
    }

    #[test]
    fn what_was_written_down_is_found_by_the_beginning_of_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let journals = Journals::of(dir.path());
        assert!(matches!(journals.find(None), Err(JournalError::Never)));
        let mut newer = migration(0x0200_0000_0000_0000);
        for one in [&migration(0x0100_0000_0000_0000), &newer] {
            journals.keep(one).unwrap();
        }
        newer.begin(0, 5);
        journals.keep(&newer).unwrap();
        assert_eq!(journals.find(None).unwrap(), newer);
        assert_eq!(journals.find(Some("02")).unwrap(), newer);
        assert!(matches!(
            journals.find(Some("0")),
            Err(JournalError::Several(_))
        ));
        assert!(matches!(
            journals.find(Some("3")),
            Err(JournalError::None(_))
        ));
    }

    #[test]
    fn what_is_damaged_or_newer_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let journals = Journals::of(dir.path());
        let one = migration(1);
        journals.keep(&one).unwrap();
        let path = journals.0.path(one.plan.id);
        let write = |text: &str| underpass_runtime::file::replace(&path, text.as_bytes()).unwrap();
        write(r#"{"version":2,"migration":{"other":"form"}}"#);
        assert!(matches!(
            journals.find(None),
            Err(JournalError::Paper(PaperError::TooNew(_)))
        ));
        write("{");
        assert!(matches!(
            journals.find(None),
            Err(JournalError::Paper(PaperError::Damaged { .. }))
        ));
        journals.tidy().unwrap();
        assert!(path.exists());
    }

    #[test]
    fn only_so_many_are_kept_and_none_that_goes_on_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let journals = Journals::of(dir.path());
        let over = |id| {
            let mut one = migration(id);
            while let crate::migrate::machine::Next::Do(number, _) = one.next() {
                one.begin(number, 0);
                one.done(number, vec![], 0);
            }
            one
        };
        journals.keep(&migration(1)).unwrap();
        journals.keep(&over(2)).unwrap();
        for id in 3..203 {
            journals.keep(&migration(id)).unwrap();
        }
        journals.tidy().unwrap();
        assert_eq!(journals.ids().unwrap().len(), 201);
        assert!(journals.read(migration(1).plan.id).is_ok());
    }
}
