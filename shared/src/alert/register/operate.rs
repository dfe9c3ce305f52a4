//! What operators do with alerts.

use std::time::Duration;

use thiserror::Error;

use super::entry::Entry;
use super::{CONDITIONS_MAX, Register, millis};
use crate::alert::record::{Acknowledged, Alert};
use crate::instant::Now;

/// The longest silence: what is silenced for longer is switched off, which is a setting.
pub const SILENCE_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Why something cannot be done with an alert.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RegisterError {
    /// There is none with this number, or not any more.
    #[error("there is no alert {0}")]
    Unknown(u64),
    /// It no longer stands.
    #[error("alert {0} is resolved")]
    Resolved(u64),
    /// A silence would end in the past, or too far ahead.
    #[error("must be 0 or a time within the next 366 days, in milliseconds UTC")]
    Until,
    /// Too much is silenced.
    #[error("at most {CONDITIONS_MAX} alerts can be silenced at a time")]
    TooMany,
}

impl Register {
    /// One alert by its number.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, number: u64) -> Result<&Alert, RegisterError> {
        let standing = self.entries.values().filter(|one| one.is_listed());
        let mut all = standing.map(|one| &one.alert).chain(&self.history);
        let found = all.find(|alert| alert.number == number);
        found.ok_or(RegisterError::Unknown(number))
    }

    /// Somebody takes note of an alert: nobody is reminded of it any more.
    ///
    /// # Errors
    /// When it does not stand.
    pub fn acknowledge(&mut self, number: u64, by: &str, now: Now) -> Result<Alert, RegisterError> {
        let entry = self.standing(number)?;
        // Who was first stays.
        entry
            .alert
            .acknowledged
            .get_or_insert_with(|| Acknowledged {
                by: by.to_owned(),
                at_ms: now.wall_ms,
            });
        let alert = entry.alert.clone();
        self.changed = true;
        Ok(alert)
    }

    /// Nobody is told of an alert until a time, nor of another one of the same thing; none ends
    /// the silence. What is raised meanwhile is told afterwards if it still stands. That it is
    /// resolved is told at once to those who know that it was raised.
    ///
    /// # Errors
    /// When it does not stand, or the time is not ahead or too far.
    pub fn silence(
        &mut self,
        number: u64,
        until_ms: Option<i64>,
        now: Now,
    ) -> Result<Alert, RegisterError> {
        let most = now.wall_ms.saturating_add_unsigned(millis(SILENCE_MAX));
        if until_ms.is_some_and(|until| until <= now.wall_ms || until > most) {
            return Err(RegisterError::Until);
        }
        let is_full = self.silences.len() >= CONDITIONS_MAX;
        let entry = self.standing(number)?;
        let id = entry.alert.id.clone();
        if until_ms.is_some() && entry.alert.silenced_until_ms.is_none() && is_full {
            return Err(RegisterError::TooMany);
        }
        entry.alert.silenced_until_ms = until_ms;
        let alert = entry.alert.clone();
        match until_ms {
            Some(until) => drop(self.silences.insert(id, until)),
            None => drop(self.silences.remove(&id)),
        }
        self.changed = true;
        Ok(alert)
    }

    /// Removes an alert with its silence and who took note of it. One whose condition is seen at
    /// the next look comes back under another number; those who were told of it are not told
    /// again.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete(&mut self, number: u64) -> Result<Alert, RegisterError> {
        if let Some(at) = self.history.iter().position(|one| one.number == number) {
            let alert = self.history.remove(at);
            self.changed = true;
            return alert.ok_or(RegisterError::Unknown(number));
        }
        let entry = self.standing(number)?;
        let alert = entry.alert.clone();
        entry.is_deleted = true;
        entry.alert.acknowledged = None;
        entry.alert.silenced_until_ms = None;
        self.silences.remove(&alert.id);
        self.changed = true;
        Ok(alert)
    }

    /// Ends the silences whose time is over.
    pub(super) fn end_silences(&mut self, now_ms: i64) {
        let over = self.silences.extract_if(.., |_id, until| *until <= now_ms);
        for (id, _until) in over {
            self.changed = true;
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.alert.silenced_until_ms = None;
            }
        }
    }

    fn standing(&mut self, number: u64) -> Result<&mut Entry, RegisterError> {
        if self.history.iter().any(|one| one.number == number) {
            return Err(RegisterError::Resolved(number));
        }
        let mut listed = self.entries.values_mut().filter(|one| one.is_listed());
        let found = listed.find(|one| one.alert.number == number);
        found.ok_or(RegisterError::Unknown(number))
    }
}
