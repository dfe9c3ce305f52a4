//! A made-up fleet: the same kind of answers as real agents give, by the same rules, from memory.
//!
//! All of it follows from a seed and the time, so that pictures and tests of screens are always the
//! same.

mod acts;
mod agent;
mod answers;
mod audit;
mod cast;
mod certificates;
mod custody;
mod document;
mod form;
mod furniture;
mod logs;
mod measured;
pub(crate) mod moves;
mod own;
mod quality;
mod random;
pub(crate) mod scc;
mod schedules;
mod shelf;
mod still;
mod store;
mod trouble;

use std::sync::Arc;

use underpass_shared::config::Document;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

pub use self::agent::Clock;
use self::agent::DemoAgent;
use self::cast::{GROUPS, TAGS, trouble};
use self::random::Dice;
pub(crate) use self::shelf::{rollouts, templates};
pub use self::still::Still;
use crate::api::Api;
use crate::command::Described;

/// The seed of the demo that people see.
pub const SEED: u64 = 20_260_101;

/// One agent of the play.
pub(crate) struct Actor {
    pub(crate) described: Described,
    pub(crate) address: InternalAddress,
    agent: Arc<DemoAgent>,
}

impl Actor {
    pub(crate) fn id(&self) -> AgentId {
        self.agent.id
    }

    pub(crate) fn document(&self) -> Document {
        Document::clone(self.agent.state().store.current().1)
    }

    pub(crate) fn api(&self) -> Arc<dyn Api> {
        Arc::clone(&self.agent) as Arc<dyn Api>
    }
}

/// All agents of the play.
pub(crate) fn cast(seed: u64, clock: &Clock) -> Vec<Actor> {
    let mut dice = Dice::new(seed);
    let mut all = vec![];
    for (group, (name, prefix, count)) in GROUPS.iter().enumerate() {
        for number in 1..=*count {
            let host = format!("{prefix}-agent{number:02}");
            let Ok(address) = format!("{host}.corp.example:8443").parse::<InternalAddress>() else {
                continue;
            };
            let tags = TAGS.iter().filter(|_| dice.below(4) == 0);
            let described = Described {
                label: host.clone(),
                group: Some((*name).to_owned()),
                tags: tags.map(|tag| (*tag).to_owned()).collect(),
            };
            let trouble = trouble(all.len());
            let clock = Arc::clone(clock);
            let agent = DemoAgent::new(dice.next(), host, address.clone(), trouble, group, clock);
            all.push(Actor {
                described,
                address,
                agent: Arc::new(agent),
            });
        }
    }
    all
}
