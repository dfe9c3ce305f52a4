//! Rollouts in the folder of a user.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use thiserror::Error;
use underpass_runtime::file;

use super::{FORMAT, Rollout};

/// The folder of rollouts within the profile.
const FOLDER: &str = "bulk";
/// Most rollouts that are kept; the oldest that is settled goes first.
pub(crate) const KEPT_MAX: usize = 100;
/// The largest file that is read: a thousand agents with a hundred changes each, and a template.
const LEN_MAX: u64 = 128 * 1024 * 1024;

/// Why a rollout cannot be read or kept.
#[derive(Debug, Error)]
pub enum JournalError {
    /// There is none of this number.
    #[error("there is no bulk change {0}; `underpass fleet bulk list` shows all")]
    Unknown(NonZeroUsize),
    /// The file system does not let it.
    #[error("{} cannot be used", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is none of ours.
    #[error("{} does not parse; remove it", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A newer program wrote it.
    #[error("{} was written by a newer version of this program", .0.display())]
    TooNew(PathBuf),
    /// Too many are not settled.
    #[error("{KEPT_MAX} bulk changes are not settled; run or remove some first")]
    TooMany,
}

/// Where rollouts are written down.
#[derive(Clone, Debug)]
pub struct Journal(PathBuf);

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Journal {
    /// The one of a profile.
    pub fn of(profile: &Path) -> Self {
        Self(profile.join(FOLDER))
    }

    fn path(&self, number: NonZeroUsize) -> PathBuf {
        self.0.join(format!("{number}.json"))
    }

    /// The numbers of all rollouts, the newest last.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn numbers(&self) -> Result<Vec<NonZeroUsize>, JournalError> {
        let failed = |source| JournalError::File {
            path: self.0.clone(),
            source,
        };
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(failed(error)),
        };
        let mut numbers = vec![];
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".json"));
            numbers.extend(number.and_then(|number| number.parse::<NonZeroUsize>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads a rollout.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(&self, number: NonZeroUsize) -> Result<Rollout, JournalError> {
        let path = self.path(number);
        let bytes = fs::metadata(&path).and_then(|about| {
            if about.len() > LEN_MAX {
                return Err(io::Error::other("it is too large"));
            }
            fs::read(&path)
        });
        let bytes = bytes.map_err(|source| failed(number, path.clone(), source))?;
        let damaged = |source| JournalError::Damaged {
            path: path.clone(),
            source,
        };
        let FormatOnly { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if format > FORMAT {
            return Err(JournalError::TooNew(path));
        }
        let mut rollout: Rollout = serde_json::from_slice(&bytes).map_err(damaged)?;
        rollout.number = Some(number);
        Ok(rollout)
    }

    /// Writes a rollout, as a whole or not at all. One without a number gets the next.
    ///
    /// # Errors
    /// When it cannot be written; what was written before stays.
    pub fn keep(&self, rollout: &mut Rollout) -> Result<(), JournalError> {
        let number = match rollout.number {
            Some(number) => number,
            None => self.make_room()?,
        };
        let path = self.path(number);
        let saved = serde_json::to_vec(rollout)
            .map_err(io::Error::other)
            .and_then(|bytes| {
                file::private_dir(&self.0)?;
                file::replace(&path, &bytes)
            });
        saved.map_err(|source| JournalError::File { path, source })?;
        rollout.number = Some(number);
        Ok(())
    }

    /// Forgets a rollout.
    ///
    /// # Errors
    /// When there is none, or it cannot be removed.
    pub fn remove(&self, number: NonZeroUsize) -> Result<(), JournalError> {
        let path = self.path(number);
        fs::remove_file(&path).map_err(|source| failed(number, path, source))
    }

    /// The next number.
    fn make_room(&self) -> Result<NonZeroUsize, JournalError> {
        let numbers = self.numbers()?;
        if numbers.len() >= KEPT_MAX {
            let is_settled =
                |number: &&NonZeroUsize| self.read(**number).is_ok_and(|one| one.is_settled());
            let oldest = numbers.iter().find(is_settled);
            self.remove(*oldest.ok_or(JournalError::TooMany)?)?;
        }
        let next = numbers
            .last()
            .map_or(Some(NonZeroUsize::MIN), |last| last.checked_add(1));
        next.ok_or(JournalError::TooMany)
    }
}

fn failed(number: NonZeroUsize, path: PathBuf, source: io::Error) -> JournalError {
    if source.kind() == io::ErrorKind::NotFound {
        return JournalError::Unknown(number);
    }
    JournalError::File { path, source }
}
