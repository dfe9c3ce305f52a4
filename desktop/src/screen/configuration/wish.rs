//! What a rollout begins with, wherever on the pages it is asked for.

use std::collections::BTreeMap;

use underpass_fleet::template::{Template, Values};
use underpass_shared::id::AgentId;

/// The agents and the change that somebody wants to begin with; both can still be chosen.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The agents.
    pub agents: Vec<AgentId>,
    /// The change.
    pub change: Option<WishedChange>,
}

/// A change that is known already.
#[derive(Clone, Debug)]
pub enum WishedChange {
    /// The same for all.
    Template(Box<Template>, Box<Values>),
    /// For each agent its own.
    Each {
        /// What it does, for people.
        title: String,
        /// The changes.
        own: BTreeMap<AgentId, Template>,
    },
}

impl Wish {
    /// These agents, with a change that is still to be chosen.
    pub fn of(agents: impl IntoIterator<Item = AgentId>) -> Self {
        Self {
            agents: agents.into_iter().collect(),
            change: None,
        }
    }
}
