//! The fleet in a few numbers, counted once per snapshot and not once per frame.

use std::sync::Arc;

use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, Health};
use underpass_shared::alert::Alert;
use underpass_shared::api::management::Connection;

use crate::text;
use crate::theme::State;

/// How many samples the tiles show.
const POINTS: usize = 60;
/// A certificate that ends sooner than this many days is counted.
const CERTIFICATE_DAYS: i64 = 30;

/// A group of agents.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// How the worst of its agents is.
    pub worst: Health,
    /// How many agents it has.
    pub count: usize,
}

/// The fleet in a few numbers.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// Of which snapshot.
    pub generation: u64,
    /// How many agents there are of each health, in the order of [`Health::ALL`].
    pub by_health: [usize; 5],
    /// The groups by name.
    pub groups: Vec<Group>,
    /// Tunnels that are up.
    pub tunnels_up: usize,
    /// All tunnels.
    pub tunnels: usize,
    /// Requests per second of all agents over the last samples.
    pub requests: Vec<f32>,
    /// The busiest processors of all agents, in percent, over the last samples.
    pub cpu: Vec<f32>,
    /// The agent with the highest load, and how high it is.
    pub busiest: Option<(Arc<str>, f32)>,
    /// Certificates that end soon.
    pub ending: usize,
    /// The agent whose certificate ends first, and in how many days.
    pub first_end: Option<(Arc<str>, i64)>,
    /// Places of the agents that have a problem, the worst first.
    pub troubled: Vec<usize>,
    /// Alerts that stand and of which nobody has taken note, with what this app sees itself.
    pub alerts: usize,
    /// When an agent answered last, milliseconds UTC.
    pub newest_ms: Option<i64>,
}

impl Digest {
    /// Counts.
    pub fn of(fleet: &FleetSnapshot) -> Self {
        let mut digest = Self {
            generation: fleet.generation,
            requests: vec![f32::NAN; POINTS],
            cpu: vec![f32::NAN; POINTS],
            ..Self::default()
        };
        for (place, agent) in fleet.agents.iter().enumerate() {
            digest.add(place, agent);
        }
        digest
            .groups
            .sort_by(|one, other| one.name.cmp(&other.name));
        digest
            .troubled
            .sort_by_key(|place| fleet.agents[*place].health);
        digest
    }

    /// How many agents are of a health.
    pub fn count(&self, health: Health) -> usize {
        Health::ALL
            .iter()
            .position(|one| *one == health)
            .map_or(0, |at| self.by_health[at])
    }

    fn add(&mut self, place: usize, agent: &AgentSnapshot) {
        if let Some(at) = Health::ALL.iter().position(|one| *one == agent.health) {
            self.by_health[at] += 1;
        }
        if agent.problem.is_some() {
            self.troubled.push(place);
        }
        self.alerts += open_alerts(agent);
        self.newest_ms = self.newest_ms.max(agent.last_seen_ms);
        if let Some(name) = &agent.group {
            match self.groups.iter_mut().find(|group| group.name == *name) {
                Some(group) => {
                    group.count += 1;
                    group.worst = group.worst.min(agent.health);
                }
                None => self.groups.push(Group {
                    name: Arc::clone(name),
                    worst: agent.health,
                    count: 1,
                }),
            }
        }
        let (up, total) = tunnels(agent);
        self.tunnels += total;
        self.tunnels_up += if agent.link.is_online() { up } else { 0 };
        if let Some(days) = certificate_days(agent) {
            self.ending += usize::from(days <= CERTIFICATE_DAYS);
            if self
                .first_end
                .as_ref()
                .is_none_or(|(_, first)| days < *first)
            {
                self.first_end = Some((Arc::clone(&agent.label), days));
            }
        }
        if agent.link.is_online() {
            self.add_series(agent);
        }
    }

    fn add_series(&mut self, agent: &AgentSnapshot) {
        let samples = &agent.series.samples;
        for (back, sample) in samples.iter().rev().take(POINTS).enumerate() {
            let at = POINTS - 1 - back;
            if let Some(requests) = sample.requests {
                let sum = &mut self.requests[at];
                *sum = if sum.is_nan() {
                    requests
                } else {
                    *sum + requests
                };
            }
            if let Some(cpu) = sample.cpu {
                self.cpu[at] = self.cpu[at].max(cpu * 100.0);
            }
        }
        let load = samples
            .last()
            .and_then(|sample| sample.cpu)
            .map(|cpu| cpu * 100.0);
        if let Some(load) = load
            && self.busiest.as_ref().is_none_or(|(_, most)| load > *most)
        {
            self.busiest = Some((Arc::clone(&agent.label), load));
        }
    }
}

/// Alerts of an agent of which nobody has taken note; what this app sees counts as one.
fn open_alerts(agent: &AgentSnapshot) -> usize {
    let alerts = agent.alerts.value().map_or(&[][..], |list| &list.alerts);
    let seen = alerts.is_empty() || !agent.link.is_online();
    let is_open = |one: &&Alert| one.acknowledged.is_none() && one.silenced_until_ms.is_none();
    alerts.iter().filter(is_open).count() + usize::from(seen && agent.problem.is_some())
}

/// Tunnels of an agent that are up, and all of them.
pub fn tunnels(agent: &AgentSnapshot) -> (usize, usize) {
    let links = agent
        .status
        .value()
        .map_or(&[][..], |status| status.links.as_slice());
    links
        .iter()
        .flat_map(|link| &link.connections)
        .fold((0, 0), |(up, total), one| {
            (up + usize::from(matches!(one, Connection::Up)), total + 1)
        })
}

/// Days until the first certificate of an agent ends, or that which we show it.
pub fn certificate_days(agent: &AgentSnapshot) -> Option<i64> {
    let expiring = agent
        .status
        .value()
        .map_or(&[][..], |status| status.expiring.as_slice());
    let first = expiring.iter().map(|one| one.days_left).min();
    first.into_iter().chain(agent.certificate_days).min()
}

/// How a health is shown.
pub const fn state_of(health: Health) -> State {
    match health {
        Health::Offline => State::Error,
        Health::Degraded => State::Warn,
        Health::Applying => State::Pending,
        Health::Unknown => State::Off,
        Health::Online => State::Ok,
    }
}

/// How the problem of an agent is shown: one that is well has something to be looked at.
pub const fn trouble_of(health: Health) -> State {
    match health {
        Health::Online => State::Warn,
        Health::Offline | Health::Degraded | Health::Applying | Health::Unknown => state_of(health),
    }
}

/// Why an agent is not well, to stand beside its name: where it is says nothing there.
pub fn trouble(agent: &AgentSnapshot) -> Option<String> {
    let problem = agent.problem.as_deref()?;
    let away = format!("cannot reach {}: ", agent.address);
    Some(match problem.strip_prefix(&*away) {
        Some(why) => text::sentence(&format!("not reached: {why}")),
        None => text::sentence(problem),
    })
}

/// The word of a health.
pub const fn word_of(health: Health) -> &'static str {
    match health {
        Health::Offline => "Offline",
        Health::Degraded => "Degraded",
        Health::Applying => "Applying",
        Health::Unknown => "Unknown",
        Health::Online => "Online",
    }
}
