//! The folder of a user: known agents, drafts and the vault, for one program at a time.

mod book;
mod templates;

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use underpass_runtime::file;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

pub use self::book::{Book, BookError, Entry};
pub(crate) use self::templates::TEMPLATES_MAX;
pub use self::templates::TemplateId;
use crate::FleetError;
use crate::client::Known;
use crate::command::Described;
use crate::draft::{Draft, SavedDraft};
use crate::keys::{Credential, KeyError, KeyStore};
use crate::template::Template;

/// The variable that names the folder.
pub const VARIABLE: &str = "UNDERPASS_PROFILE";
/// The file that a running program holds.
const LOCK: &str = "lock";
/// The folder of drafts.
const DRAFTS: &str = "drafts";
/// The largest draft that is read: two documents.
const DRAFT_LEN_MAX: u64 = 130 * 1024 * 1024;

/// Why a profile cannot be used.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Nothing says where it is.
    #[error("the system does not tell where programs keep their data; set {VARIABLE} to a folder")]
    NoFolder,
    /// Another program has it open.
    #[error("another Underpass has {} open; close it first", .0.display())]
    InUse(PathBuf),
    /// The folder cannot be used.
    #[error("the folder {} cannot be used", .folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The list of agents cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The keys cannot be reached.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The agent cannot be added.
    #[error("the agent cannot be added")]
    Agent(#[from] FleetError),
}

/// A profile that this program has open.
#[derive(Debug)]
pub struct Profile {
    folder: PathBuf,
    _lock: File,
}

/// Where the profile is, by what the environment says.
///
/// # Errors
/// When it says nothing.
pub fn folder(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, ProfileError> {
    let named = |name: &str| {
        let value = variable(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    if let Some(folder) = named(VARIABLE) {
        return Ok(folder);
    }
    let folder = if cfg!(windows) {
        named("APPDATA").map(|base| base.join("Underpass"))
    } else if cfg!(target_os = "macos") {
        named("HOME").map(|home| home.join("Library/Application Support/Underpass"))
    } else {
        let data = named("XDG_DATA_HOME").filter(|base| base.is_absolute());
        let home = || Some(named("HOME")?.join(".local/share"));
        data.or_else(home).map(|base| base.join("underpass"))
    };
    folder.ok_or(ProfileError::NoFolder)
}

impl Profile {
    /// Opens a profile, which is made where it is missing.
    ///
    /// # Errors
    /// When it cannot be used, or another program has it open.
    pub fn open(folder: &Path) -> Result<Self, ProfileError> {
        let failed = |source| ProfileError::Folder {
            folder: folder.to_owned(),
            source,
        };
        file::private_dir(&folder.join(DRAFTS)).map_err(failed)?;
        let lock = file::open_private(&folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder: folder.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(ProfileError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The known agents.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn book(&self) -> Result<Book, BookError> {
        Book::load(&self.folder)
    }

    /// Keeps the known agents.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub fn keep(&self, book: &Book) -> Result<(), BookError> {
        book.save(&self.folder)
    }

    fn draft_path(&self, agent: AgentId) -> PathBuf {
        self.folder.join(DRAFTS).join(format!("{agent}.json"))
    }

    /// The draft of an agent, if there is one.
    ///
    /// # Errors
    /// When it cannot be read; it is put aside then.
    pub fn draft(&self, agent: AgentId) -> Result<Option<Draft>, String> {
        let path = self.draft_path(agent);
        let read = fs::metadata(&path).and_then(|about| {
            if about.len() > DRAFT_LEN_MAX {
                return Err(io::Error::other("it is too large"));
            }
            fs::read(&path)
        });
        let wrong = match read {
            Ok(bytes) => match SavedDraft::read(&bytes) {
                Ok(draft) => return Ok(Some(draft)),
                Err(rule) => rule.to_string(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => error.to_string(),
        };
        // Left where it is, it would be told each time, and overwritten by the next draft.
        let aside = path.with_extension("unreadable");
        let kept = fs::rename(&path, &aside).map(|()| aside).unwrap_or(path);
        Err(format!(
            "the draft in {} cannot be read: {wrong}",
            kept.display()
        ))
    }

    /// Keeps the draft of an agent, or removes it where nothing is changed.
    ///
    /// # Errors
    /// When the file system does not let it.
    pub fn keep_draft(&self, agent: AgentId, draft: Option<&Draft>) -> io::Result<()> {
        let path = self.draft_path(agent);
        let bytes = draft.map(SavedDraft::of).transpose()?.flatten();
        match bytes {
            Some(bytes) => file::replace(&path, &bytes),
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        }
    }

    /// All templates, and which cannot be read.
    pub fn templates(&self) -> (Vec<(TemplateId, Template)>, Vec<String>) {
        templates::load(&self.folder)
    }

    /// Keeps a template, or removes it.
    ///
    /// # Errors
    /// When the file system does not let it.
    pub fn keep_template(&self, id: TemplateId, template: Option<&Template>) -> io::Result<()> {
        templates::keep(&self.folder, id, template)
    }

    /// Adds an agent by what somebody was given who was not paired: its certificate authority, and
    /// a certificate with its key.
    ///
    /// # Errors
    /// When they do not belong together, or cannot be kept.
    pub fn add(
        &self,
        keys: &dyn KeyStore,
        address: InternalAddress,
        known: &Known,
        described: Described,
    ) -> Result<(), ProfileError> {
        known.check()?;
        let mut book = self.book()?;
        keys.put(known.agent, &Credential::of(known))?;
        book.put(Entry::new(known, address, described));
        Ok(self.keep(&book)?)
    }
}

#[cfg(test)]
mod tests {
    use underpass_runtime::clock;
    use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};
    use underpass_shared::config::Document;
    use underpass_shared::pki::operator::OperatorIdentity;
    use underpass_shared::secret::Secret;

    use super::*;
    use crate::keys::KeyChoice;
    use crate::snapshot::Configuration;

    #[test]
    fn the_environment_says_where_it_is() {
        let with = |pairs: &'static [(&str, &str)]| {
            folder(move |name| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(
            with(&[(VARIABLE, "/p"), ("HOME", "/h")]).unwrap(),
            Path::new("/p")
        );
        assert!(matches!(
            with(&[(VARIABLE, "")]),
            Err(ProfileError::NoFolder)
        ));
        #[cfg(target_os = "linux")]
        for (pairs, expected) in [
            (&[("HOME", "/h")][..], "/h/.local/share/underpass"),
            (&[("HOME", "/h"), ("XDG_DATA_HOME", "/d")], "/d/underpass"),
            // A relative one is to be ignored, says the specification.
            (
                &[("HOME", "/h"), ("XDG_DATA_HOME", "d")],
                "/h/.local/share/underpass",
            ),
        ] {
            assert_eq!(with(pairs).unwrap(), Path::new(expected));
        }
    }

    #[test]
    fn one_program_has_it_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Profile::open(dir.path()).unwrap();
        assert!(matches!(
            Profile::open(dir.path()),
            Err(ProfileError::InUse(_))
        ));
        drop(first);
        Profile::open(dir.path()).unwrap();
    }

    #[test]
    fn what_was_given_is_added_if_it_belongs_together() {
        let lifetime = Lifetime {
            now_ms: clock::wall_ms(),
            valid: std::time::Duration::from_hours(1),
        };
        let (authority, _key) = Authority::create("agent", lifetime).unwrap();
        let key = PrivateKey::generate().unwrap();
        let identity = OperatorIdentity(underpass_shared::id::OperatorId::from_uuid(
            uuid::Uuid::nil(),
        ));
        let certificate = authority
            .operator(&key.request().unwrap(), identity, lifetime)
            .unwrap();
        let given = |key: &PrivateKey| {
            let (ca_cert, key) = (
                authority.certificate().to_owned(),
                Secret::new(key.to_pem()),
            );
            Known::given(ca_cert, certificate.clone(), key)
        };
        let other = PrivateKey::generate().unwrap();
        assert!(matches!(given(&other), Err(FleetError::OtherKey)));
        let known = given(&key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::open(dir.path()).unwrap();
        let keys = crate::keys::open(dir.path(), &KeyChoice::Memory).unwrap();
        let address = "127.0.0.1:8443".parse().unwrap();
        profile
            .add(&*keys, address, &known, Described::default())
            .unwrap();
        let book = profile.book().unwrap();
        assert_eq!(
            (book.entries()[0].id, &*book.entries()[0].label),
            (known.agent, "127.0.0.1")
        );
        assert_eq!(keys.get(known.agent), Some(Credential::of(&known)));
    }

    #[test]
    fn drafts_are_kept_until_nothing_is_changed_and_broken_ones_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::open(dir.path()).unwrap();
        let agent = AgentId::of_authority(&[7; 32]);
        assert!(profile.draft(agent).unwrap().is_none());
        let draft = Draft::new(Configuration {
            revision: 1,
            document: Document::empty().into(),
        });
        let changed = draft.edit("x", |old| {
            let fields = underpass_shared::config::ConnectorFields {
                description: Some("x".parse().unwrap()),
                ..Default::default()
            };
            old.with_connector(fields.try_into()?)
        });
        let changed = changed.unwrap();
        profile.keep_draft(agent, Some(&changed)).unwrap();
        let again = profile.draft(agent).unwrap().unwrap();
        assert_eq!(again.document(), changed.document());
        profile.keep_draft(agent, Some(&draft)).unwrap();
        assert!(profile.draft(agent).unwrap().is_none());
        profile.keep_draft(agent, None).unwrap();
        file::replace(&profile.draft_path(agent), b"{").unwrap();
        let told = profile.draft(agent).unwrap_err();
        assert!(told.contains("unreadable"), "{told}");
        assert!(profile.draft(agent).unwrap().is_none());
    }
}
