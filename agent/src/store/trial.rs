//! Changes on trial: their end, by a word of somebody or by the clock, and states of the past.
//!
//! The clock is the writer's own, so nothing that a change breaks keeps it from being taken back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::OptionalExtension as _;
use underpass_runtime::clock;
use underpass_shared::config::{Delta, Document, Invalid, Revision, Trial};

use super::Committed;
use super::db;
use super::error::ChangeError;
use super::job::Ending;
use super::snapshot::Snapshot;
use super::writer::Writer;

/// How long a trial that could not be ended waits for the next attempt.
const RETRY: Duration = Duration::from_secs(10);
/// Steps that are applied at once on the way back: enough to copy a subaccount rarely, few enough
/// to hold in memory.
const STEPS_AT_ONCE: usize = 1_000;
/// Why something is taken back that nobody asked to take back.
const NOT_IN_TIME: &str = ": not confirmed in time";
/// The author of what happens by itself.
pub(crate) const AGENT: &str = "agent";

impl Writer {
    /// How long the trial runs on, if there is one.
    pub(super) fn trial_left(&self) -> Option<Duration> {
        self.due.map(|due| due.saturating_sub(clock::monotonic()))
    }

    /// Sets the clock of the trial that is published. From then on the host's clock may jump.
    pub(super) fn set_trial_clock(&mut self) {
        let trial = self.publish.borrow().trial().cloned();
        let left = trial.map(|trial| trial.left((self.clock)()));
        self.due = left.map(|left| clock::monotonic() + left);
    }

    /// Takes back what nobody confirmed in time.
    pub(super) fn expire(&mut self) {
        let Some(trial) = self.publish.borrow().trial().cloned() else {
            self.due = None;
            return;
        };
        match self.revert(Ending::of(trial.first), AGENT, NOT_IN_TIME) {
            Ok(Committed { revision, .. }) => {
                let (author, revision) = (&*trial.author, revision.number);
                tracing::warn!(
                    author,
                    revision,
                    "changes were not confirmed in time and are taken back"
                );
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(
                    error,
                    "changes that were not confirmed in time cannot be taken back"
                );
                self.due = Some(clock::monotonic() + RETRY);
            }
        }
    }

    /// Lets the changes stay that are on trial.
    pub(super) fn confirm(&mut self, ending: Ending) -> Result<Trial, ChangeError> {
        let old = self.usable()?;
        let trial = on_trial(&old, &ending)?;
        holds(ending, &old, old.document())?;
        self.settle(&old)?;
        Ok(trial)
    }

    /// Nothing is on trial any more.
    fn settle(&mut self, old: &Snapshot) -> Result<(), ChangeError> {
        while let Err(error) = self.forget_trial(old.revision().number) {
            let full = matches!(error, ChangeError::DiskFull);
            if !full || !self.reserve.release() {
                return Err(error);
            }
        }
        self.due = None;
        self.publish(Snapshot::settled(old));
        Ok(())
    }

    fn forget_trial(&mut self, head: u64) -> Result<(), ChangeError> {
        let connection = self.connection(head)?;
        db::keep_trial(connection, None).map_err(|error| {
            self.give_up_connection();
            error.into()
        })
    }

    /// Takes the changes back that are on trial, as a new revision; `why` stands behind their names.
    pub(super) fn revert(
        &mut self,
        ending: Ending,
        author: &str,
        why: &str,
    ) -> Result<Committed, ChangeError> {
        let old = self.usable()?;
        let trial = on_trial(&old, &ending)?;
        let first = trial.first;
        let before = self.at(first.saturating_sub(1))?;
        let before = Arc::new(before.ok_or(ChangeError::History(first))?);
        holds(ending, &old, &before)?;
        if before.hash() == old.document().hash() {
            self.settle(&old)?;
            return Ok(Committed {
                revision: old.revision().clone(),
                changed: false,
            });
        }
        let text = |rule| Invalid::new("reason", format!("{rule}"));
        let author = author.parse().map_err(text)?;
        let reason = format!("{}{why}", named(&trial));
        let reason = reason.parse().map_err(text)?;
        let revision = old
            .revision()
            .next((self.clock)(), author, reason, before.hash());
        self.commit(&old, revision, before, None)
    }

    /// The document as of a revision, or nothing where history does not reach so far.
    pub(super) fn at(&mut self, number: u64) -> Result<Option<Document>, ChangeError> {
        let current = self.usable()?;
        let head = current.revision().number;
        let Some(wanted) = self.recorded(number)? else {
            return Ok(None);
        };
        let mut document = Document::clone(current.document());
        let mut ops = vec![];
        for step in (number.saturating_add(1)..=head).rev() {
            let Some(mut inverse) = self.inverse(step)? else {
                return Ok(None);
            };
            ops.append(&mut inverse.ops);
            if ops.len() >= STEPS_AT_ONCE || step == number + 1 {
                let delta = Delta {
                    ops: std::mem::take(&mut ops),
                };
                let back = document.apply(&delta);
                document = back.or(Err(ChangeError::History(step)))?;
            }
        }
        if document.hash() == wanted.content_hash {
            Ok(Some(document))
        } else {
            Err(ChangeError::History(number))
        }
    }

    fn recorded(&mut self, number: u64) -> Result<Option<Revision>, ChangeError> {
        if number == 0 {
            return Ok(Some(Revision::genesis()));
        }
        let Ok(row) = i64::try_from(number) else {
            return Ok(None);
        };
        let sql = "SELECT record FROM revision WHERE number = ?1";
        let found: Option<String> = self
            .readable()?
            .query_row(sql, [row], |row| row.get(0))
            .optional()?;
        let parse = |record: String| serde_json::from_str(&record);
        found
            .map(parse)
            .transpose()
            .or(Err(ChangeError::History(number)))
    }

    fn usable(&self) -> Result<Arc<Snapshot>, ChangeError> {
        let current = Arc::clone(&self.publish.borrow());
        match current.problem() {
            Some(problem) => Err(ChangeError::Problem(Arc::clone(problem))),
            None => Ok(current),
        }
    }
}

/// The trial that an ending is for, unless it is over.
fn on_trial(snapshot: &Snapshot, ending: &Ending) -> Result<Trial, ChangeError> {
    let trial = snapshot.trial().filter(|one| one.first == ending.first);
    trial.cloned().ok_or(ChangeError::NothingOnTrial)
}

/// What an ending was asked for must hold now, when nobody else can change anything.
fn holds(ending: Ending, now: &Snapshot, after: &Document) -> Result<(), ChangeError> {
    let current = now.revision().number;
    if ending.if_match.is_some_and(|wanted| wanted != current) {
        return Err(ChangeError::Conflict { current });
    }
    let check = || (ending.check)(now.document(), after);
    let checked = catch_unwind(AssertUnwindSafe(check));
    Ok(checked.or(Err(ChangeError::Panicked))??)
}

/// The revisions of a trial, for the history.
pub(crate) fn named(trial: &Trial) -> String {
    if trial.first == trial.last {
        return format!("took back revision {} of {}", trial.first, trial.author);
    }
    let Trial {
        first,
        last,
        author,
        ..
    } = trial;
    format!("took back revisions {first} to {last} of {author}")
}
