//! Which agents a command is about.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot};
use underpass_shared::id::AgentId;

use super::agents::is_settled;
use super::engine::Engine;

/// Which agents.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// Agents by label or by the beginning of their ids.
    #[arg(value_name = "AGENT", conflicts_with_all = ["groups", "tags", "all"])]
    agents: Vec<String>,
    /// The agents of this group; may be given several times.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Only agents with this tag; may be given several times, they must have all then.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// All known agents.
    #[arg(long, conflicts_with_all = ["groups", "tags"])]
    all: bool,
}

impl Which {
    /// The agents of groups with tags; all where there are none.
    pub(super) const fn of(groups: Vec<String>, tags: Vec<String>) -> Self {
        Self {
            agents: vec![],
            groups,
            tags,
            all: false,
        }
    }

    /// Whether nothing was said.
    pub(super) const fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.groups.is_empty() && self.tags.is_empty() && !self.all
    }

    /// The agents, in the order in which they were named or are listed; all where nothing was said.
    pub(super) fn find(&self, engine: &Engine) -> anyhow::Result<Vec<Arc<AgentSnapshot>>> {
        let fleet = engine.snapshot();
        let mut found: Vec<Arc<AgentSnapshot>> = vec![];
        for name in &self.agents {
            let agent = engine.agent(name)?;
            if !found.iter().any(|one| one.id == agent.id) {
                found.push(agent);
            }
        }
        if self.agents.is_empty() {
            let known = fleet.groups();
            for group in &self.groups {
                ensure!(
                    known.contains(group.as_str()),
                    "there is no group {group:?}; `underpass fleet list` shows all"
                );
            }
            let fits = |one: &&Arc<AgentSnapshot>| self.fits(one);
            found.extend(fleet.agents.iter().filter(fits).map(Arc::clone));
        }
        ensure!(!found.is_empty(), "there is no such agent");
        Ok(found)
    }

    fn fits(&self, agent: &AgentSnapshot) -> bool {
        let own = agent.group.as_deref();
        let in_group = self.groups.is_empty() || self.groups.iter().any(|one| own == Some(one));
        let has = |tag: &String| agent.tags.iter().any(|own| **own == **tag);
        in_group && self.tags.iter().all(has)
    }
}

/// The agents as they are known when nothing more is to come of them, or the time is over.
pub(super) fn settled(engine: &Engine, ids: &[AgentId], seconds: u16) -> Vec<Arc<AgentSnapshot>> {
    let of = |fleet: &FleetSnapshot| -> Vec<Arc<AgentSnapshot>> {
        let found = ids.iter().filter_map(|id| fleet.agent(*id));
        found.map(Arc::clone).collect()
    };
    let limit = Duration::from_secs(seconds.into());
    let settled = engine.wait("all agents", limit, |fleet| {
        let agents = of(fleet);
        Ok(agents.iter().all(|one| is_settled(one)).then_some(agents))
    });
    // Who did not answer in time is shown as far as it is known.
    settled.unwrap_or_else(|_late| of(&engine.snapshot()))
}
