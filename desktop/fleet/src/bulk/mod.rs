//! One change on many agents: planned on all of them first, tried on a few, stopped when it goes
//! wrong, gone on with after a break, and taken back.
//!
//! What a rollout came to is written down before each step, so that nothing is lost with the
//! program that runs it: what was under way is asked for when it goes on.

mod act;
mod fault;
mod journal;
mod part;
mod run;
mod turns;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use underpass_shared::config::{ConfirmWithin, Invalid};
use underpass_shared::id::AgentId;

pub use self::fault::{Fault, FaultKind};
pub(crate) use self::journal::KEPT_MAX;
pub use self::journal::{Journal, JournalError};
pub use self::part::{Counts, Part, Plan, Planned, State};
pub use self::run::{Ended, Stopped};
pub(crate) use self::run::{Runner, Told};
use crate::snapshot::AgentSnapshot;
use crate::template::{Template, Values};

/// The form in which rollouts are written; a newer one is not read, so that nothing of it is lost.
/// In the second agents may have changes of their own.
const FORMAT: u32 = 2;
/// The form of rollouts with one change for all.
const FORMAT_ONE: u32 = 1;
/// Most agents of one rollout: all of it is written down with each step.
pub const AGENTS_MAX: usize = 1_000;
/// Most agents that are changed at the same time: each is a connection and a document in memory.
const AT_ONCE_MAX: usize = 64;
/// Agents that are changed at the same time where nothing else is said: what is wrong with a change
/// is seen before all have it.
const AT_ONCE: usize = 8;
/// How long tunnels may take to be up again where nothing else is said: as long as an agent waits
/// at most before it dials again.
const WATCH_SECONDS: u32 = 60;
/// The longest time to watch, or to wait behind the first agents.
const SECONDS_MAX: u32 = 3_600;

/// How a rollout goes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// How many agents get the change first; all others wait until it went well with these.
    pub canary: usize,
    /// How many agents are changed at the same time.
    pub at_once: usize,
    /// How many agents may fail, behind the first ones, before no further one is begun.
    pub failures: usize,
    /// How long to wait behind the first agents, in seconds.
    pub pause_seconds: u32,
    /// How long the tunnels of an agent may take to be up again, in seconds; 0 does not look.
    pub watch_seconds: u32,
    /// Agents take the change back unless it is confirmed within so many seconds, which is done as
    /// soon as an agent is found to be well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_within: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            canary: 1,
            at_once: AT_ONCE,
            failures: 0,
            pause_seconds: 0,
            watch_seconds: WATCH_SECONDS,
            confirm_within: None,
        }
    }
}

impl Options {
    /// Whether they make sense.
    fn check(&self) -> Result<(), Invalid> {
        let wrong = |field: &str, rule: String| Err(Invalid::new(field, rule));
        if !(1..=AT_ONCE_MAX).contains(&self.at_once) {
            return wrong("atOnce", format!("must be between 1 and {AT_ONCE_MAX}"));
        }
        for (field, seconds) in [
            ("pauseSeconds", self.pause_seconds),
            ("watchSeconds", self.watch_seconds),
        ] {
            if seconds > SECONDS_MAX {
                return wrong(field, format!("must be at most {SECONDS_MAX}"));
            }
        }
        let Some(within) = self.confirm_within else {
            return Ok(());
        };
        if let Err(rule) = within.to_string().parse::<ConfirmWithin>() {
            return wrong("confirmWithin", rule.to_string());
        }
        // What is confirmed too late was taken back, and the change was for nothing.
        if within <= self.watch_seconds {
            let rule = format!(
                "must be more than the {} seconds for which tunnels are watched",
                self.watch_seconds
            );
            return wrong("confirmWithin", rule);
        }
        Ok(())
    }

    /// The time for the confirmation, where the change is on trial.
    fn trial(&self) -> Option<ConfirmWithin> {
        self.confirm_within?.to_string().parse().ok()
    }
}

/// What is done with the agents of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Ask each agent what the change would do; those where it failed or was refused, too, where
    /// `again` says so.
    Plan {
        /// Whether what failed is planned anew.
        again: bool,
    },
    /// Make the change where it is planned, and find out about what was under way.
    Apply,
    /// Take it back where it was made.
    Undo,
}

/// A change on many agents, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    format: u32,
    /// What it is called by; none before it was planned.
    pub number: Option<NonZeroUsize>,
    /// What it does, for people.
    pub title: String,
    /// When it was made, milliseconds UTC.
    pub created_ms: i64,
    /// How it goes about.
    pub options: Options,
    /// The agents, in the order in which they get the change.
    pub parts: Vec<Part>,
    /// The change.
    pub template: Template,
    /// The changes of agents that have one of their own, in its place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<AgentId, Template>,
    /// What its variables are for which agent.
    pub values: Values,
}

/// An agent that is to get a change.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub agent: AgentId,
    /// How the user calls it.
    pub label: String,
    /// The group that the user put it in.
    pub group: Option<String>,
}

impl Wanted {
    /// An agent as it is known.
    pub fn of(agent: &AgentSnapshot) -> Self {
        Self {
            agent: agent.id,
            label: agent.label.to_string(),
            group: agent.group.as_deref().map(str::to_owned),
        }
    }
}

impl Rollout {
    /// One that nobody knows yet, not even the agents. The first of `agents` get it first.
    ///
    /// # Errors
    /// When options, values or the number of agents make no sense.
    pub fn new(
        template: Template,
        values: Values,
        options: Options,
        agents: Vec<Wanted>,
        now_ms: i64,
    ) -> Result<Self, Invalid> {
        options.check()?;
        values.check(&template)?;
        if agents.is_empty() || agents.len() > AGENTS_MAX {
            let rule = format!("must be between 1 and {AGENTS_MAX}");
            return Err(Invalid::new("agents", rule));
        }
        let mut parts: Vec<Part> = vec![];
        for wanted in agents {
            if !parts.iter().any(|part| part.agent == wanted.agent) {
                parts.push(Part::new(wanted));
            }
        }
        let title = match template.name.as_str() {
            "" => "Change many agents".to_owned(),
            name => format!("Apply {name}"),
        };
        Ok(Self {
            format: FORMAT_ONE,
            number: None,
            title,
            created_ms: now_ms,
            options,
            parts,
            template,
            own: BTreeMap::new(),
            values,
        })
    }

    /// The same with a change of its own for each agent; agents that have none are left out.
    ///
    /// # Errors
    /// When options or the number of agents make no sense.
    pub fn each(
        title: &str,
        own: BTreeMap<AgentId, Template>,
        options: Options,
        mut agents: Vec<Wanted>,
        now_ms: i64,
    ) -> Result<Self, Invalid> {
        agents.retain(|wanted| own.contains_key(&wanted.agent));
        let none = Template::empty("");
        let rollout = Self::new(none, Values::default(), options, agents, now_ms)?;
        Ok(Self {
            format: FORMAT,
            title: title.to_owned(),
            own,
            ..rollout
        })
    }

    /// The change of an agent.
    pub fn change_of(&self, agent: AgentId) -> &Template {
        self.own.get(&agent).unwrap_or(&self.template)
    }

    /// How many agents are how far.
    pub fn counts(&self) -> Counts {
        Counts::of(self.parts.iter())
    }

    /// The agents that an act is about.
    pub fn todo(&self, act: Act) -> Vec<AgentId> {
        let parts = self.parts.iter().filter(|part| part.is_for(act));
        parts.map(|part| part.agent).collect()
    }

    /// Whether nothing of it is under way or unknown.
    pub fn is_settled(&self) -> bool {
        !self.parts.iter().any(|part| part.state.is_open())
    }
}

#[cfg(test)]
mod tests;
