//! One search through the configurations of many agents.

use std::sync::Arc;

use underpass_shared::id::AgentId;

use super::{Found, Search};
use crate::snapshot::AgentSnapshot;

/// What was found on one agent.
#[derive(Clone, Debug)]
pub struct FoundAgent {
    /// Which.
    pub agent: AgentId,
    /// How the user calls it.
    pub label: String,
    /// Whether it is away, so that this is what was known last.
    pub is_stale: bool,
    /// What was found.
    pub found: Found,
}

/// What was found on many agents.
#[derive(Clone, Debug, Default)]
pub struct FleetFound {
    /// Agents on which something was found, in the order in which they were given.
    pub agents: Vec<FoundAgent>,
    /// How many were looked through.
    pub searched: usize,
    /// Agents that are away and of which nothing is known, with their labels.
    pub missing: Vec<(AgentId, String)>,
}

impl Search {
    /// Looks through all that is known of these agents.
    ///
    /// # Errors
    /// When a document does not have the form of documents.
    pub fn run_all(&self, agents: &[Arc<AgentSnapshot>]) -> Result<FleetFound, String> {
        let mut all = FleetFound::default();
        for agent in agents {
            let Some(known) = agent.configuration.value() else {
                all.missing.push((agent.id, agent.label.to_string()));
                continue;
            };
            all.searched += 1;
            let found = self.run(&known.document);
            let found = found.map_err(|invalid| format!("{}: {invalid}", agent.label))?;
            if !found.hits.is_empty() {
                all.agents.push(FoundAgent {
                    agent: agent.id,
                    label: agent.label.to_string(),
                    is_stale: agent.configuration.is_stale() || !agent.link.is_online(),
                    found,
                });
            }
        }
        Ok(all)
    }
}

impl FleetFound {
    /// How many places were found.
    pub fn places(&self) -> usize {
        let count = |one: &FoundAgent| one.found.hits.len() + one.found.more;
        self.agents.iter().map(count).sum()
    }
}
