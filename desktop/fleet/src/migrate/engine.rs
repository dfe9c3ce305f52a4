//! Does one step of a migration after the other, and writes each down before and after.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
use underpass_shared::id::AgentId;
use uuid::Uuid;

use super::acts::Acts;
use super::calls::{Agents, Fault};
use super::journal::{JournalError, Journals};
use super::machine::{Direction, Migration, Next};
use crate::backup::Opener;

/// Looks at a target after the cut-over, as its operator wants it: by requests of an application.
pub trait Probe: Send + Sync {
    /// What was seen, or why it does not work.
    fn look(&self, target: AgentId) -> BoxFuture<'_, Result<Vec<String>, String>>;
}

/// What the engine works with.
#[derive(Clone)]
pub struct Engine {
    /// The agents.
    pub agents: Arc<dyn Agents>,
    /// Where it writes down what it does.
    pub journals: Journals,
    /// Is told after each change of state.
    pub told: Arc<dyn Fn(&Migration) + Send + Sync>,
    /// Stops it.
    pub stop: CancellationToken,
    /// What opens the backup, where the source is one.
    pub opener: Option<Opener>,
    /// A look from outside after each cut-over.
    pub probe: Option<Arc<dyn Probe>>,
    /// Whether a failure takes all back at once; otherwise somebody decides.
    pub back_on_failure: bool,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All is done.
    Done,
    /// All was taken back.
    Undone,
    /// A step failed, and somebody is to decide.
    Stopped,
    /// Somebody stopped it between two steps or within one that waits.
    Cancelled,
}

impl Engine {
    /// What stops an engine, when somebody cancels it.
    pub fn stopper() -> CancellationToken {
        CancellationToken::new()
    }

    /// An id for a plan, or what belongs to one. Ids sort by their time.
    pub fn id() -> Uuid {
        Uuid::now_v7()
    }

    /// Goes on with a migration until it is over, stopped, or somebody must decide.
    ///
    /// # Errors
    /// When its state cannot be written down: then nothing more is done.
    pub async fn run(&self, migration: &mut Migration) -> Result<Ended, JournalError> {
        self.keep(migration)?;
        loop {
            let (number, step) = match migration.next() {
                Next::Do(number, step) | Next::Undo(number, step) => (number, step),
                Next::Done => return Ok(Ended::Done),
                Next::Undone => return Ok(Ended::Undone),
                Next::Stopped => {
                    let forward = migration.direction == Direction::Forward;
                    if forward && self.back_on_failure && migration.turn_back().is_ok() {
                        self.keep(migration)?;
                        continue;
                    }
                    return Ok(Ended::Stopped);
                }
            };
            if self.stop.is_cancelled() {
                return Ok(Ended::Cancelled);
            }
            migration.begin(number, clock::wall_ms());
            self.keep(migration)?;
            let acts = Acts {
                agents: &*self.agents,
                stop: &self.stop,
                opener: self.opener.as_ref(),
                probe: self.probe.as_deref(),
            };
            let came = match migration.direction {
                Direction::Forward => acts.act(migration, step).await,
                Direction::Back => acts.undo(migration, step).await,
            };
            let now_ms = clock::wall_ms();
            match came {
                Ok(seen) => migration.done(number, seen, now_ms),
                Err(Fault::Failed { reason, seen }) => {
                    migration.failed(number, &reason, seen, now_ms);
                }
                Err(Fault::Lost(from)) => {
                    if !migration.lost(step.target, from) {
                        let reason = "the target forgets what was prepared there";
                        migration.failed(number, reason, vec![], now_ms);
                    }
                }
                Err(Fault::Cancelled) => {
                    self.keep(migration)?;
                    return Ok(Ended::Cancelled);
                }
            }
            self.keep(migration)?;
        }
    }

    /// Tries what a migration would do, up to what the targets would change, and leaves nothing
    /// behind. What was seen stands in the records.
    ///
    /// # Errors
    /// When its state cannot be written down.
    pub async fn rehearse(&self, migration: &mut Migration) -> Result<Ended, JournalError> {
        let mut ended = Ended::Done;
        while let Next::Do(number, step) = migration.next() {
            if !step.act.is_harmless() {
                break;
            }
            migration.begin(number, clock::wall_ms());
            let acts = Acts {
                agents: &*self.agents,
                stop: &self.stop,
                opener: self.opener.as_ref(),
                probe: None,
            };
            let mut came = acts.act(migration, step).await;
            if came.is_ok()
                && let Err(fault) = acts.undo(migration, step).await
            {
                came = Err(fault);
            }
            let now_ms = clock::wall_ms();
            match came {
                Ok(seen) => migration.done(number, seen, now_ms),
                Err(Fault::Failed { reason, seen }) => {
                    migration.failed(number, &reason, seen, now_ms);
                    ended = Ended::Stopped;
                }
                Err(Fault::Lost(_)) => {
                    migration.failed(number, "the target forgets at once", vec![], now_ms);
                    ended = Ended::Stopped;
                }
                Err(Fault::Cancelled) => return Ok(Ended::Cancelled),
            }
            (self.told)(migration);
        }
        Ok(ended)
    }

    fn keep(&self, migration: &Migration) -> Result<(), JournalError> {
        self.journals.keep(migration)?;
        (self.told)(migration);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
