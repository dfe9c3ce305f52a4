//! Which agents the list shows, and in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use underpass_fleet::snapshot::{AgentSnapshot, Health};
use underpass_shared::id::AgentId;

use super::list::Col;
use super::words::Texts;
use crate::cx::Cx;
use crate::digest::{certificate_days, tunnels};
use crate::widget::Sort;

#[derive(PartialEq)]
struct Key {
    generation: u64,
    filter: String,
    group: Option<Arc<str>>,
    health: Option<Health>,
    sort: Option<Sort>,
}

/// Places of the agents that are shown, made anew only when something changed.
#[derive(Default)]
pub(super) struct View {
    key: Option<Key>,
    rows: Arc<[usize]>,
    /// The agents of the rows, in their order.
    ids: Vec<AgentId>,
    texts: Texts,
}

impl View {
    pub(super) const fn rows(&self) -> &Arc<[usize]> {
        &self.rows
    }

    /// The row of an agent, if it is shown.
    pub(super) fn row(&self, agent: AgentId) -> Option<usize> {
        self.ids.iter().position(|id| *id == agent)
    }

    /// Whether the rows show the same agents as when they were made.
    fn stands(&self, agents: &[Arc<AgentSnapshot>]) -> bool {
        let mut rows = self.rows.iter().zip(&self.ids);
        rows.all(|(at, id)| agents.get(*at).is_some_and(|agent| agent.id == *id))
    }

    /// Whether the rows can stay as they are, though what they are ordered by may have changed: for as
    /// long as a menu of one of them is open.
    pub(super) fn holds(&self, cx: &Cx<'_>) -> bool {
        self.key.is_some() && self.stands(&cx.fleet.agents)
    }

    pub(super) fn refresh(
        &mut self,
        cx: &Cx<'_>,
        filter: &str,
        group: Option<&Arc<str>>,
        health: Option<Health>,
        sort: Option<Sort>,
    ) {
        let key = Key {
            generation: cx.fleet.generation,
            filter: filter.trim().to_lowercase(),
            group: group.cloned(),
            health,
            sort,
        };
        if self.key.as_ref() == Some(&key) {
            return;
        }
        let agents = &cx.fleet.agents;
        let named = self.texts.find(agents, &key.filter);
        let shows = |at: &usize| {
            let agent = &agents[*at];
            let is_so = key.health.is_none_or(|health| health == agent.health);
            is_so && (key.group.is_none() || key.group == agent.group) && named(*at)
        };
        let mut rows: Vec<usize> = (0..agents.len()).filter(shows).collect();
        let order = |one: &usize, other: &usize| {
            let (one, other) = (&agents[*one], &agents[*other]);
            let first = match sort {
                None => one.health.cmp(&other.health),
                Some(sort) if sort.descending => by(Col::at(sort.column), other, one),
                Some(sort) => by(Col::at(sort.column), one, other),
            };
            first.then_with(|| one.label.cmp(&other.label))
        };
        rows.sort_by(order);
        drop(named);
        self.ids = rows.iter().map(|at| agents[*at].id).collect();
        self.rows = rows.into();
        self.key = Some(key);
    }
}

fn by(column: Option<Col>, one: &AgentSnapshot, other: &AgentSnapshot) -> Ordering {
    let version = |agent: &AgentSnapshot| agent.version.value().map(|known| known.version.clone());
    let last = |agent: &AgentSnapshot| agent.series.last().copied().unwrap_or_default();
    let float = |one: Option<f32>, other: Option<f32>| {
        one.unwrap_or(-1.0).total_cmp(&other.unwrap_or(-1.0))
    };
    match column {
        None | Some(Col::Status) => one.health.cmp(&other.health),
        Some(Col::Agent) => one.label.cmp(&other.label),
        Some(Col::Group) => one.group.cmp(&other.group),
        Some(Col::Version) => version(one).cmp(&version(other)),
        Some(Col::Tunnels) => tunnels(one).cmp(&tunnels(other)),
        Some(Col::Subaccounts) => {
            super::list::subaccounts(one).cmp(&super::list::subaccounts(other))
        }
        Some(Col::Cpu | Col::Hour) => float(last(one).cpu, last(other).cpu),
        Some(Col::Requests) => float(last(one).requests, last(other).requests),
        Some(Col::Certificate) => {
            let days = |agent| certificate_days(agent).unwrap_or(i64::MAX);
            days(one).cmp(&days(other))
        }
        Some(Col::Seen) => other.last_seen_ms.cmp(&one.last_seen_ms),
        Some(Col::Menu) => Ordering::Equal,
    }
}
