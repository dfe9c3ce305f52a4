//! What stood on all agents, each asked for its own.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{AlertList, AlertState, AlertTarget, Query, Target};
use underpass_shared::id::AgentId;

use super::rows::Row;
use crate::cx::Cx;

/// Alerts that are asked of each agent.
const ASKED: usize = 100;

/// What stood.
#[derive(Default)]
pub(super) struct History {
    of: BTreeMap<AgentId, Slot<AlertList>>,
}

impl History {
    /// Asks anew.
    pub(super) fn refresh(&self) {
        self.of.values().for_each(Slot::refresh);
    }

    /// What is known, the newest first; how many agents have not told.
    pub(super) fn rows(&mut self, cx: &mut Cx<'_>) -> (Vec<Row>, usize) {
        let query = Query {
            alerts: AlertState::History,
            limit: Some(ASKED),
            ..Query::default()
        };
        let target = Target::Alerts(AlertTarget::All);
        let (mut rows, mut silent) = (vec![], 0);
        let fleet = std::sync::Arc::clone(cx.fleet);
        for agent in fleet.agents.iter().filter(|one| one.link.is_online()) {
            let slot = self.of.entry(agent.id).or_default();
            slot.request(cx.commands, agent.id, &target, &query);
            match slot.get().value() {
                Some(list) => {
                    let all = list.alerts.iter();
                    rows.extend(all.map(|alert| Row::of(agent, alert, cx.now_ms)));
                }
                None => silent += 1,
            }
        }
        let ended = |row: &Row| row.alert.as_ref().and_then(|alert| alert.resolved_ms);
        rows.sort_by_key(|row| Reverse(ended(row)));
        (rows, silent)
    }
}
