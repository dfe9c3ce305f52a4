//! Restores of agents: planned there, applied there, and followed from here also where the
//! connection breaks meanwhile.

mod follow;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use underpass_runtime::form::Form;
use underpass_shared::api::management::{
    RestoreApplied, RestorePlanShown, RestoreStep, RestoreTarget, Target, Verb,
};
use underpass_shared::id::AgentId;
use underpass_shared::restore::Choice;

pub(crate) use self::follow::{AGAIN, Follow};
use crate::FleetError;
use crate::api::Call;
use crate::backup::{Opener, with_file};

/// A restore that is wanted, or the way back from the last one: one job.
#[derive(Clone, Debug)]
pub struct Restore {
    /// Which agent.
    pub agent: AgentId,
    /// What it does, as a heading.
    pub title: String,
    /// Which of the two.
    pub act: Act,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Act {
    /// The plan is applied.
    Apply(Arc<RestorePlanShown>),
    /// The last restore is taken back, as of a revision.
    RollBack {
        /// The present revision; on another one it is refused.
        revision: u64,
    },
}

impl Act {
    /// The call that does it.
    pub(crate) fn call(&self) -> Call {
        match self {
            Self::Apply(plan) => {
                let target = Target::Restores(RestoreTarget::Apply(plan.id));
                Call::new(Verb::Post, target).if_match(plan.revision)
            }
            Self::RollBack { revision } => {
                let target = Target::Restores(RestoreTarget::Rollback);
                Call::new(Verb::Post, target).if_match(*revision)
            }
        }
    }

    /// Whether the agent is another one for those who manage it afterwards.
    fn exchanges_identity(&self) -> bool {
        match self {
            Self::Apply(plan) => plan.identity_changes,
            Self::RollBack { .. } => true,
        }
    }
}

/// How far a restore is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The agent was asked.
    Asked,
    /// What the agent does now.
    At(RestoreStep),
    /// The connection broke; the agent is asked what came of it.
    Lost,
}

/// What came of a restore.
#[derive(Clone, Debug)]
pub struct Done {
    /// What the agent did.
    pub applied: RestoreApplied,
    /// What it did it by; none for the way back.
    pub plan: Option<Arc<RestorePlanShown>>,
}

/// Asks an agent what a restore of the archive in a file would do. It changes nothing there. The file
/// is read as it is sent.
///
/// # Errors
/// When the choice cannot be written as JSON.
pub fn plan(archive: PathBuf, opener: &Opener, choice: &Choice) -> Result<Call, FleetError> {
    let choice = serde_json::to_string(choice)?;
    let call = Call::new(Verb::Post, Target::Restores(RestoreTarget::Plans));
    let form = Form::new().text("choice", &choice);
    Ok(with_file(call, form, archive, opener))
}
