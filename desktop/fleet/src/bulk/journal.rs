//! Rollouts in the folder of a user.

use std::num::NonZeroUsize;
use std::path::Path;

use thiserror::Error;

use super::{FORMAT, Rollout};
use crate::papers::{Form, PaperError, Papers};

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
    /// Its file cannot be used.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// Too many are not settled.
    #[error("{KEPT_MAX} bulk changes are not settled; run or remove some first")]
    TooMany,
}

/// Where rollouts are written down.
#[derive(Clone, Debug)]
pub struct Journal(Papers);

impl Journal {
    /// The one of a profile.
    pub fn of(profile: &Path) -> Self {
        let form = Form {
            newest: FORMAT,
            len_max: LEN_MAX,
        };
        Self(Papers::of(profile.join(FOLDER), form))
    }

    /// The numbers of all rollouts, the newest last.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn numbers(&self) -> Result<Vec<NonZeroUsize>, JournalError> {
        let mut numbers = self.0.names()?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads a rollout.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(&self, number: NonZeroUsize) -> Result<Rollout, JournalError> {
        let read = self.0.read::<Rollout>(number);
        let mut rollout = read.map_err(|error| failed(number, error))?;
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
        self.0.keep(number, rollout)?;
        rollout.number = Some(number);
        Ok(())
    }

    /// Forgets a rollout.
    ///
    /// # Errors
    /// When there is none, or it cannot be removed.
    pub fn remove(&self, number: NonZeroUsize) -> Result<(), JournalError> {
        let removed = self.0.remove(number);
        removed.map_err(|error| failed(number, error))
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

fn failed(number: NonZeroUsize, error: PaperError) -> JournalError {
    if error.is_absence() {
        JournalError::Unknown(number)
    } else {
        error.into()
    }
}
