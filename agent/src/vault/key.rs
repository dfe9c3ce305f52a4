//! Where the data key is kept: by systemd as a credential of the service, else in a file that only
//! the service user reads.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use underpass_runtime::file;
use underpass_runtime::seal::{DataKey, OpenError, new_key};
use underpass_shared::secret::Secret;
use zeroize::Zeroizing;

use super::{VaultError, failed};

/// The name of the systemd credential that holds the data key.
pub const CREDENTIAL: &str = "underpass-data-key";
/// Whether services have credentials here: systemd is of Linux.
pub const HAS_CREDENTIALS: bool = cfg!(target_os = "linux");
/// The file of the data directory that holds the data key where no credential does.
const KEY_FILE: &str = "data.key";
/// What systemd tells a service with credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// Where systemd put the credentials of this service.
pub(super) fn credentials_directory() -> Option<PathBuf> {
    std::env::var_os(CREDENTIALS_DIRECTORY).map(PathBuf::from)
}

/// Where the data key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// By systemd, which can bind it to this machine.
    Credential(PathBuf),
    /// In a file beside the values: whoever reads the whole data directory can open them.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(_) => write!(f, "the systemd credential {CREDENTIAL}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

/// The data key, and the one before it as long as values may need that.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) current: DataKey,
    pub(super) origin: Origin,
    old: Option<DataKey>,
}

impl Ring {
    /// Opens a value by the key that it needs.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        match (self.current.open(name, sealed), &self.old) {
            (Err(OpenError::OtherKey { needed, .. }), Some(old)) if needed == old.id() => {
                old.open(name, sealed)
            }
            (opened, _) => opened,
        }
    }
}

/// Finds, makes and remembers the data key of a data directory.
#[derive(Debug)]
pub(super) struct Keys {
    credential: Option<PathBuf>,
    file: PathBuf,
    loaded: Mutex<Option<Arc<Ring>>>,
}

/// Two stores of one directory must not make two keys.
static MAKING: Mutex<()> = Mutex::new(());

impl Keys {
    pub(super) fn new(data_dir: &Path, credentials: Option<PathBuf>) -> Self {
        Self {
            credential: credentials.map(|directory| directory.join(CREDENTIAL)),
            file: data_dir.join(KEY_FILE),
            loaded: Mutex::default(),
        }
    }

    /// Where the key is where no credential is.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// The key, if there is one.
    pub(super) fn load(&self) -> Result<Option<Arc<Ring>>, VaultError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ring) = &*loaded {
            return Ok(Some(Arc::clone(ring)));
        }
        let given = match &self.credential {
            Some(path) => read(path)?.map(|key| (key, Origin::Credential(path.clone()))),
            None => None,
        };
        let own = read(&self.file)?;
        let ring = match (given, own) {
            (Some((current, origin)), old) => Ring {
                current,
                origin,
                old,
            },
            (None, Some(current)) => Ring {
                current,
                origin: Origin::File(self.file.clone()),
                old: None,
            },
            (None, None) => return Ok(None),
        };
        let ring = Arc::new(ring);
        *loaded = Some(Arc::clone(&ring));
        Ok(Some(ring))
    }

    /// Makes a key in the file; on return it outlasts a crash, so nothing is sealed in vain.
    pub(super) fn create(&self) -> Result<Arc<Ring>, VaultError> {
        let _only = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = self.load()? {
            return Ok(made);
        }
        let text = Secret::new(format!("{}\n", new_key().expose()));
        file::replace(&self.file, text.expose().as_bytes()).map_err(failed("write", &self.file))?;
        self.load()?
            .ok_or_else(|| VaultError::Missing(self.file.clone()))
    }

    /// Removes the file once a credential has taken over from it.
    pub(super) fn drop_old(&self, ring: &Ring) -> Result<(), VaultError> {
        if ring.old.is_none() || !self.file.exists() {
            return Ok(());
        }
        std::fs::remove_file(&self.file)
            .and_then(|()| file::sync_parent(&self.file))
            .map_err(failed("remove", &self.file))
    }
}

fn read(path: &Path) -> Result<Option<DataKey>, VaultError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Secret::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
    };
    let key = DataKey::from_text(&text);
    let key = key.map_err(|source| VaultError::Key {
        path: path.to_owned(),
        source,
    })?;
    Ok(Some(key))
}
