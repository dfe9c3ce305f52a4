//! What is found out from the configurations that are known.

use std::sync::Arc;

use crate::command::{Compare, Find, Settle, Survey};
use crate::drift::Comparison;
use crate::snapshot::AgentSnapshot;

impl Survey {
    /// Begins to wait for the answer; the ticket that it is put by.
    pub(crate) fn begin(&self) -> u64 {
        match self {
            Self::Compare(compare) => compare.done.begin(),
            Self::Settle(settle) => settle.done.begin(),
            Self::Find(find) => find.done.begin(),
        }
    }

    /// Finds it out and puts the answer. All agents are known by these.
    pub(crate) fn finish(self, ticket: u64, known: &[Arc<AgentSnapshot>], now_ms: i64) {
        match self {
            Self::Compare(Compare {
                agents,
                basis,
                rules,
                pairing,
                done,
            }) => {
                let made = Comparison::make(known, &agents, &basis, rules, pairing, now_ms);
                done.finish(ticket, made, now_ms);
            }
            Self::Settle(Settle {
                comparison,
                agents,
                places,
                done,
            }) => {
                let settled = comparison.settle(known, &agents, places.as_ref());
                done.finish(ticket, Ok(settled), now_ms);
            }
            Self::Find(Find {
                agents,
                search,
                done,
            }) => {
                let wanted = known.iter().filter(|one| agents.contains(&one.id));
                let wanted: Vec<_> = wanted.cloned().collect();
                done.finish(ticket, search.run_all(&wanted), now_ms);
            }
        }
    }
}
