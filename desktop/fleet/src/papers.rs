//! What is written down in a folder of the profile: one file of JSON for each thing, under its name.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use underpass_runtime::file;

/// What the names of all files end with.
const ENDING: &str = ".json";

/// Why something cannot be written down, or read again.
#[derive(Debug, Error)]
pub enum PaperError {
    /// The file system does not let it.
    #[error("{} cannot be used", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is none of ours.
    #[error("{} does not parse; move it away", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A newer program wrote it.
    #[error("{} was written by a newer version of this program", .0.display())]
    TooNew(PathBuf),
}

impl PaperError {
    /// Whether there is no such file.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// A folder of things of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Papers {
    folder: PathBuf,
    form: Form,
}

/// What is known of the files of a folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// The newest form that is understood; a newer one is not read, so that nothing of it is lost.
    pub(crate) newest: u32,
    /// The largest file that is read.
    pub(crate) len_max: u64,
}

/// The number of its form, which each file says.
#[derive(Deserialize)]
struct FormOnly {
    #[serde(alias = "version")]
    format: u32,
}

impl Papers {
    /// Those of a folder.
    pub(crate) const fn of(folder: PathBuf, form: Form) -> Self {
        Self { folder, form }
    }

    /// Where the one of a name lies.
    pub(crate) fn path(&self, name: impl Display) -> PathBuf {
        self.folder.join(format!("{name}{ENDING}"))
    }

    /// The names of all, in no order; what has another name is none of ours.
    pub(crate) fn names<T: FromStr>(&self) -> Result<Vec<T>, PaperError> {
        let failed = failed(&self.folder);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(failed(error)),
        };
        let mut names = vec![];
        for entry in entries {
            let name = entry.map_err(&failed)?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(ENDING));
            names.extend(name.and_then(|name| name.parse::<T>().ok()));
        }
        Ok(names)
    }

    /// The one of a name.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: impl Display) -> Result<T, PaperError> {
        let path = self.path(name);
        let bytes = fs::metadata(&path).and_then(|about| {
            if about.len() > self.form.len_max {
                return Err(io::Error::other("it is too large"));
            }
            fs::read(&path)
        });
        let bytes = bytes.map_err(failed(&path))?;
        let damaged = |source| PaperError::Damaged {
            path: path.clone(),
            source,
        };
        let FormOnly { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if format > self.form.newest {
            return Err(PaperError::TooNew(path));
        }
        serde_json::from_slice(&bytes).map_err(damaged)
    }

    /// Writes one down, as a whole or not at all; what was written before stays then.
    pub(crate) fn keep(&self, name: impl Display, one: &impl Serialize) -> Result<(), PaperError> {
        let path = self.path(name);
        let kept = serde_json::to_vec(one)
            .map_err(io::Error::other)
            .and_then(|bytes| {
                file::private_dir(&self.folder)?;
                file::replace(&path, &bytes)
            });
        kept.map_err(failed(&path))
    }

    /// Removes the one of a name.
    pub(crate) fn remove(&self, name: impl Display) -> Result<(), PaperError> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(failed(&path))
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> PaperError {
    |source| PaperError::File {
        path: path.to_owned(),
        source,
    }
}
