//! One agent of a rollout.

use serde::{Deserialize, Serialize};
use underpass_shared::config::ChangeKind;
use underpass_shared::hash::Hash256;
use underpass_shared::id::AgentId;

use super::fault::{Fault, FaultKind};
use super::{Act, Wanted};
use crate::snapshot::{Failure, PartState};

/// Most changed parts that are written down for one agent.
pub(super) const CHANGES_MAX: usize = 100;

/// One changed part of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// How it changes.
    pub change: ChangeKind,
    /// Which part.
    pub part: String,
}

/// What is to be done with an agent, as it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The revision of its configuration that the plan is for.
    pub revision: u64,
    /// The hash of that configuration.
    pub before: Hash256,
    /// The hash of the one that it shall have.
    pub wanted: Hash256,
    /// What changes.
    pub changes: Vec<Planned>,
    /// How many further parts change.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How far a rollout is with an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum State {
    /// It was not asked yet.
    Unplanned,
    /// It is as it shall be already.
    Unchanged,
    /// It does not take the change.
    Refused {
        /// Why not.
        fault: Fault,
    },
    /// It takes the change.
    Ready,
    /// The change is on its way; whether it was made is asked for when the rollout goes on.
    Running,
    /// The change was made.
    Done {
        /// The revision that it led to.
        revision: u64,
    },
    /// The change was not made.
    Failed {
        /// Why not.
        fault: Fault,
    },
    /// The change was made, and the agent is not well with it.
    Unwell {
        /// The revision that it led to.
        revision: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// Nobody knows whether the change was made; it is asked for when the rollout goes on.
    Unknown {
        /// Why not.
        fault: Fault,
    },
    /// It is being taken back.
    Undoing {
        /// The revision that is taken back.
        revision: u64,
    },
    /// It was taken back.
    Undone {
        /// The revision that this led to.
        revision: u64,
    },
    /// It could not be taken back.
    NotUndone {
        /// The revision that still stands.
        revision: u64,
        /// Why not.
        fault: Fault,
    },
}

impl State {
    /// Whether it may become something else without anybody's doing.
    pub const fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Running | Self::Unknown { .. } | Self::Undoing { .. }
        )
    }

    /// What went wrong, where something did.
    pub const fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Refused { fault }
            | Self::Failed { fault }
            | Self::Unwell { fault, .. }
            | Self::Unknown { fault }
            | Self::NotUndone { fault, .. } => Some(fault),
            Self::Unplanned
            | Self::Unchanged
            | Self::Ready
            | Self::Running
            | Self::Done { .. }
            | Self::Undoing { .. }
            | Self::Undone { .. } => None,
        }
    }

    /// The revision that it came to, by the change or by taking it back.
    pub const fn revision(&self) -> Option<u64> {
        if let Self::Done { revision } | Self::Undone { revision } = self {
            Some(*revision)
        } else {
            None
        }
    }

    /// It in one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unplanned => "not planned",
            Self::Unchanged => "unchanged",
            Self::Refused { .. } => "refused",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Unwell { .. } => "unwell",
            Self::Unknown { .. } => "unknown",
            Self::Undoing { .. } => "undoing",
            Self::Undone { .. } => "undone",
            Self::NotUndone { .. } => "not undone",
        }
    }

    /// It as the list of jobs shows it, at the end of an act or within it.
    pub(crate) fn shown(&self) -> PartState {
        let done = |revision| PartState::Done { revision };
        match self {
            Self::Unplanned => PartState::Waiting,
            Self::Running | Self::Undoing { .. } => PartState::Running,
            Self::Ready | Self::Unchanged => done(None),
            Self::Done { revision } | Self::Undone { revision } => done(Some(*revision)),
            Self::Refused { fault }
            | Self::Failed { fault }
            | Self::Unwell { fault, .. }
            | Self::Unknown { fault }
            | Self::NotUndone { fault, .. } => PartState::Failed(Failure {
                kind: None,
                message: fault.message.as_str().into(),
                field: fault.field.as_deref().map(Into::into),
            }),
        }
    }
}

/// One agent of a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Which agent.
    pub agent: AgentId,
    /// How the user called it when the rollout was made.
    pub label: String,
    /// The group that it was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
    /// What is to be done, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

impl Part {
    pub(super) fn new(wanted: Wanted) -> Self {
        let Wanted {
            agent,
            label,
            group,
        } = wanted;
        Self {
            agent,
            label,
            group,
            state: State::Unplanned,
            plan: None,
        }
    }

    /// Whether an act is about it.
    pub(crate) const fn is_for(&self, act: Act) -> bool {
        match (act, &self.state) {
            (Act::Plan { .. }, State::Unplanned)
            | (
                Act::Plan { again: true },
                State::Refused { .. } | State::Failed { .. } | State::Undone { .. },
            )
            | (Act::Apply, State::Ready | State::Running | State::Unknown { .. })
            | (
                Act::Undo,
                State::Done { .. }
                | State::Unwell { .. }
                | State::Undoing { .. }
                | State::NotUndone { .. }
                | State::Running
                | State::Unknown { .. },
            ) => true,
            (
                Act::Plan { .. } | Act::Apply | Act::Undo,
                State::Unplanned
                | State::Unchanged
                | State::Refused { .. }
                | State::Ready
                | State::Running
                | State::Done { .. }
                | State::Failed { .. }
                | State::Unwell { .. }
                | State::Unknown { .. }
                | State::Undoing { .. }
                | State::Undone { .. }
                | State::NotUndone { .. },
            ) => false,
        }
    }

    /// What it is while an act is about to touch the agent.
    pub(super) fn begun(&self, act: Act) -> State {
        match (act, &self.state) {
            (Act::Apply, State::Ready) => State::Running,
            (
                Act::Undo,
                State::Done { revision }
                | State::Unwell { revision, .. }
                | State::NotUndone { revision, .. },
            ) => State::Undoing {
                revision: *revision,
            },
            (_, other) => other.clone(),
        }
    }
}

/// How many agents are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the states")]
pub struct Counts {
    pub unplanned: usize,
    pub unchanged: usize,
    pub refused: usize,
    pub ready: usize,
    pub running: usize,
    pub done: usize,
    pub failed: usize,
    pub unwell: usize,
    pub unknown: usize,
    pub undone: usize,
    pub not_undone: usize,
}

impl Counts {
    pub(crate) fn of<'a>(parts: impl Iterator<Item = &'a Part>) -> Self {
        let mut counts = Self::default();
        for part in parts {
            *counts.of_state(&part.state) += 1;
        }
        counts
    }

    const fn of_state(&mut self, state: &State) -> &mut usize {
        match state {
            State::Unplanned => &mut self.unplanned,
            State::Unchanged => &mut self.unchanged,
            State::Refused { .. } => &mut self.refused,
            State::Ready => &mut self.ready,
            State::Running | State::Undoing { .. } => &mut self.running,
            State::Done { .. } => &mut self.done,
            State::Failed { .. } => &mut self.failed,
            State::Unwell { .. } => &mut self.unwell,
            State::Unknown { .. } => &mut self.unknown,
            State::Undone { .. } => &mut self.undone,
            State::NotUndone { .. } => &mut self.not_undone,
        }
    }

    /// Each number that is not zero, with its word.
    pub fn words(&self) -> Vec<(usize, &'static str)> {
        let all = [
            (self.unplanned, "not planned"),
            (self.ready, "ready"),
            (self.running, "running"),
            (self.done, "done"),
            (self.unchanged, "unchanged"),
            (self.refused, "refused"),
            (self.failed, "failed"),
            (self.unwell, "unwell"),
            (self.unknown, "unknown"),
            (self.undone, "undone"),
            (self.not_undone, "not undone"),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }

    /// How many agents something went wrong with.
    pub const fn wrong(&self) -> usize {
        self.refused + self.failed + self.unwell + self.unknown + self.not_undone
    }
}

/// That an agent was not as the plan has it.
pub(super) fn raced(wanted: u64, present: u64) -> State {
    let message = format!(
        "its configuration was changed since the plan: it is at revision {present}, planned was {wanted}"
    );
    State::Failed {
        fault: Fault::new(FaultKind::Raced, message),
    }
}
