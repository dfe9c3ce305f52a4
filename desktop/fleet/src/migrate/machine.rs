//! What a migration does next: no IO, no clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use underpass_shared::api::management::Vouched;
use underpass_shared::id::{AgentId, HandoverId};

use super::plan::Plan;
use super::step::{Act, Step, steps};
use super::tried::Tried;

/// How often a target may lose what it only remembers, before the migration stops.
const LOSSES_MAX: u32 = 3;
/// Most characters of a text that is kept of a step.
const TEXT_LEN_MAX: usize = 500;
/// Most texts that are kept of a step; a target checks thousands of hosts.
const TEXTS_MAX: usize = 200;

/// How far a step is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum State {
    /// Nothing was done.
    #[default]
    Waiting,
    /// It was begun; whether it was done is not known.
    Begun,
    /// It was done.
    Done,
    /// It was not done, or not all of it.
    Failed {
        /// Why.
        reason: String,
    },
    /// Taking it back was begun.
    Undoing,
    /// It was taken back.
    Undone,
    /// It cannot be taken back.
    Stuck {
        /// Why.
        reason: String,
    },
}

impl State {
    /// Whether something of it may be left that must be taken back.
    const fn may_have_been_done(&self) -> bool {
        match self {
            Self::Begun | Self::Done | Self::Failed { .. } | Self::Undoing => true,
            Self::Waiting | Self::Undone | Self::Stuck { .. } => false,
        }
    }
}

/// A step and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Which step.
    #[serde(flatten)]
    pub step: Step,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
    /// When it was begun the last time, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_ms: Option<i64>,
    /// When it ended, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// When taking it back was begun the last time, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_begun_ms: Option<i64>,
    /// When that ended, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_ended_ms: Option<i64>,
    /// What was seen, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
}

/// What one step leaves for later ones of the same target. No secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Left {
    /// The plan of the restore that the target has ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<String>,
    /// What the gateways issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouched: Option<Vouched>,
    /// The handover back, after the one there was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<HandoverId>,
    /// Whether the handover back is done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
    /// What came of the test requests after the cut-over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Tried>,
}

/// In which direction a migration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// It is being done.
    Forward,
    /// It is being taken back.
    Back,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The step with this number.
    Do(usize, Step),
    /// Taking back the step with this number.
    Undo(usize, Step),
    /// Nothing, before somebody decides: it can go on, or back.
    Stopped,
    /// Nothing: all is done.
    Done,
    /// Nothing: all was taken back.
    Undone,
}

/// A decision that cannot be taken now.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotNow {
    /// It is over.
    #[error("the migration was taken back; plan another one")]
    TakenBack,
    /// There is nothing to go on with.
    #[error("the migration is done; it can only be taken back")]
    IsDone,
    /// It is being taken back.
    #[error("the migration is being taken back; that can only be finished")]
    GoesBack,
}

/// The state of a migration: all that must be known to go on after the program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// What it is to do.
    pub plan: Arc<Plan>,
    /// In which direction it goes.
    pub direction: Direction,
    /// Its steps in their order.
    pub records: Vec<Record>,
    /// What steps left for later ones.
    #[serde(default)]
    left: BTreeMap<AgentId, Left>,
    /// The step that failed, and why, where all was taken back because of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// How often a target had lost what it only remembers.
    #[serde(default)]
    losses: u32,
}

impl Migration {
    /// One of which nothing was done.
    pub fn new(plan: Arc<Plan>) -> Self {
        let record = |step| Record {
            step,
            state: State::Waiting,
            begun_ms: None,
            ended_ms: None,
            back_begun_ms: None,
            back_ended_ms: None,
            seen: vec![],
        };
        Self {
            records: steps(&plan).into_iter().map(record).collect(),
            plan,
            direction: Direction::Forward,
            left: BTreeMap::new(),
            cause: None,
            losses: 0,
        }
    }

    /// What is to be done next.
    ///
    /// A step that was begun when the program ended is done again: all of them may be.
    pub fn next(&self) -> Next {
        match self.direction {
            Direction::Forward => {
                let open = |record: &&Record| record.state != State::Done;
                let Some(number) = self.records.iter().position(|one| open(&one)) else {
                    return Next::Done;
                };
                match self.records.get(number) {
                    Some(Record {
                        state: State::Failed { .. },
                        ..
                    })
                    | None => Next::Stopped,
                    Some(record) => Next::Do(number, record.step),
                }
            }
            Direction::Back => {
                let stuck = |one: &Record| matches!(one.state, State::Stuck { .. });
                if self.records.iter().any(stuck) {
                    return Next::Stopped;
                }
                let mut numbered = self.records.iter().enumerate().rev();
                match numbered.find(|(_, one)| one.state.may_have_been_done()) {
                    Some((number, record)) => Next::Undo(number, record.step),
                    None => Next::Undone,
                }
            }
        }
    }

    /// Whether nothing more can come of it, but that somebody takes it back.
    pub fn is_over(&self) -> bool {
        matches!(self.next(), Next::Done | Next::Undone)
    }

    /// What earlier steps left for those of a target.
    pub fn left(&mut self, target: AgentId) -> &mut Left {
        self.left.entry(target).or_default()
    }

    /// What came of the test requests, by their targets.
    pub fn tried(&self) -> impl Iterator<Item = (AgentId, &Tried)> {
        let all = self.left.iter();
        all.flat_map(|(agent, left)| left.tried.iter().map(|one| (*agent, one)))
    }

    /// A step, or its taking back, begins.
    pub fn begin(&mut self, number: usize, now_ms: i64) {
        let direction = self.direction;
        let Some(record) = self.records.get_mut(number) else {
            return;
        };
        match direction {
            Direction::Forward => {
                record.state = State::Begun;
                (record.begun_ms, record.ended_ms) = (Some(now_ms), None);
            }
            Direction::Back => {
                record.state = State::Undoing;
                (record.back_begun_ms, record.back_ended_ms) = (Some(now_ms), None);
            }
        }
    }

    /// A step, or its taking back, was done.
    pub fn done(&mut self, number: usize, seen: Vec<String>, now_ms: i64) {
        let state = match self.direction {
            Direction::Forward => State::Done,
            Direction::Back => State::Undone,
        };
        self.end(number, state, seen, now_ms);
    }

    /// A step, or its taking back, failed.
    pub fn failed(&mut self, number: usize, reason: &str, seen: Vec<String>, now_ms: i64) {
        let reason = short(reason);
        let state = match self.direction {
            Direction::Forward => State::Failed { reason },
            Direction::Back => State::Stuck { reason },
        };
        self.end(number, state, seen, now_ms);
    }

    fn end(&mut self, number: usize, state: State, mut seen: Vec<String>, now_ms: i64) {
        let Some(record) = self.records.get_mut(number) else {
            return;
        };
        let more = seen.len().saturating_sub(TEXTS_MAX);
        seen.truncate(TEXTS_MAX);
        let mut seen: Vec<String> = seen.iter().map(|text| short(text)).collect();
        if more > 0 {
            seen.push(format!("and {more} more"));
        }
        record.state = state;
        // Taking back adds to what was seen on the way forward.
        match self.direction {
            Direction::Forward => (record.ended_ms, record.seen) = (Some(now_ms), seen),
            Direction::Back => {
                record.back_ended_ms = Some(now_ms);
                record.seen.extend(seen);
            }
        }
    }

    /// A target lost what it only remembered, so the steps since `from` are done again. That is a
    /// failure where it happens all the time.
    pub fn lost(&mut self, target: AgentId, from: Act) -> bool {
        if self.direction == Direction::Back || self.losses >= LOSSES_MAX {
            return false;
        }
        self.losses += 1;
        for record in &mut self.records {
            let is_of = record.step.target == target && record.step.act >= from;
            // Whether all of it is forgotten is not known, so the way back goes by it.
            if is_of && record.state.may_have_been_done() {
                record.state = State::Begun;
            }
        }
        true
    }

    /// Somebody wants it to go on, in the direction that it has.
    ///
    /// # Errors
    /// When there is nothing to go on with.
    pub fn go_on(&mut self) -> Result<(), NotNow> {
        match self.next() {
            Next::Done => return Err(NotNow::IsDone),
            Next::Undone => return Err(NotNow::TakenBack),
            Next::Do(..) | Next::Undo(..) | Next::Stopped => {}
        }
        self.losses = 0;
        for record in &mut self.records {
            match record.state {
                // It may have been done all the same.
                State::Failed { .. } if self.direction == Direction::Forward => {
                    record.state = State::Begun;
                }
                State::Stuck { .. } => record.state = State::Undoing,
                State::Failed { .. }
                | State::Waiting
                | State::Begun
                | State::Done
                | State::Undoing
                | State::Undone => {}
            }
        }
        Ok(())
    }

    /// Somebody wants it taken back: also when it is done.
    ///
    /// # Errors
    /// When it was taken back already.
    pub fn turn_back(&mut self) -> Result<(), NotNow> {
        if self.next() == Next::Undone {
            return Err(NotNow::TakenBack);
        }
        if self.direction == Direction::Back {
            return self.go_on();
        }
        let cause = self.failure();
        self.cause = cause.map(|(step, reason)| format!("{}: {reason}", step.act));
        self.direction = Direction::Back;
        Ok(())
    }

    /// The step that failed or is stuck, with the reason.
    pub fn failure(&self) -> Option<(Step, &str)> {
        self.records.iter().find_map(|record| match &record.state {
            State::Failed { reason } if self.direction == Direction::Forward => {
                Some((record.step, reason.as_str()))
            }
            State::Stuck { reason } => Some((record.step, reason.as_str())),
            State::Failed { .. }
            | State::Waiting
            | State::Begun
            | State::Done
            | State::Undoing
            | State::Undone => None,
        })
    }

    /// The steps that are behind it, and all of them.
    pub fn progress(&self) -> (usize, usize) {
        let behind = |one: &&Record| match self.direction {
            Direction::Forward => one.state == State::Done,
            Direction::Back => !one.state.may_have_been_done(),
        };
        let count = self.records.iter().filter(behind).count();
        (count, self.records.len())
    }

    /// From the first begin to the last end in its direction, milliseconds.
    pub fn took_ms(&self) -> Option<i64> {
        let times = |one: &Record| match self.direction {
            Direction::Forward => (one.begun_ms, one.ended_ms),
            Direction::Back => (one.back_begun_ms, one.back_ended_ms),
        };
        let first = self.records.iter().filter_map(|one| times(one).0).min()?;
        let last = self.records.iter().filter_map(|one| times(one).1).max()?;
        Some(last.saturating_sub(first))
    }
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_LEN_MAX).collect()
}

#[cfg(test)]
mod tests;
