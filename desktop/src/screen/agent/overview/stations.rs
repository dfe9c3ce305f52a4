//! The way of a request: cloud, tunnels, agent, back ends, and how each of them is.

use std::collections::BTreeSet;

use underpass_fleet::snapshot::{AgentSnapshot, Link};
use underpass_shared::alert::Category;
use underpass_shared::api::management::{Connection, Status};
use underpass_shared::config::Document;
use underpass_shared::diagnosis::{Diagnosis, Kind};

use super::backends::Found;
use crate::digest::tunnels;
use crate::measured::state_of as severity_state;
use crate::screen::agent::trouble::state_of as diagnosis_state;
use crate::text;
use crate::theme::State;

/// Something on the way, or the way between two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Station {
    /// How it is.
    pub state: State,
    /// What it is, in a word or a name.
    pub what: String,
    /// How it is, in a few words.
    pub note: String,
}

impl Station {
    fn new(state: State, what: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            state,
            what: what.into(),
            note: note.into(),
        }
    }
}

/// The whole way, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub cloud: Station,
    pub tunnels: Station,
    pub agent: Station,
    pub network: Station,
    pub backends: Station,
    /// Where it is broken, in one sentence.
    pub broken: Option<String>,
}

/// How the way is, from what is known of the agent and what checks of its back ends found.
pub(super) fn way(agent: &AgentSnapshot, diagnoses: &[Diagnosis], found: &Found) -> Way {
    let status = agent.status.value().filter(|_| agent.link.is_online());
    let document = agent.configuration.value().map(|one| &*one.document);
    let mut way = Way {
        cloud: cloud(status, document),
        tunnels: between(agent, status),
        agent: own(agent, status),
        network: network(found),
        backends: backends(agent, diagnoses, document),
        broken: None,
    };
    way.broken = broken(&way, agent, status, found);
    way
}

fn cloud(status: Option<&Status>, document: Option<&Document>) -> Station {
    let hosts: BTreeSet<String> = document.map_or_else(BTreeSet::new, |document| {
        let keys = document.subaccounts().iter().map(|one| one.key());
        keys.map(|key| key.region_host.to_string()).collect()
    });
    let what = match hosts.iter().next() {
        Some(host) if hosts.len() == 1 => text::clean(host),
        Some(_) => text::plural(hosts.len(), "gateway"),
        None => "No gateway".to_owned(),
    };
    let Some(status) = status else {
        return Station::new(State::Off, what, "Not known now");
    };
    let is_up = |link: &&underpass_shared::api::management::LinkStatus| {
        link.connections
            .iter()
            .any(|one| matches!(one, Connection::Up))
    };
    let (total, up) = (
        status.links.len(),
        status.links.iter().filter(is_up).count(),
    );
    let subaccounts = text::plural(total, "subaccount");
    match up {
        _ if total == 0 => Station::new(State::Off, what, "No subaccount is connected"),
        0 => Station::new(State::Error, what, format!("None of {subaccounts} reached")),
        up if up < total => {
            Station::new(State::Warn, what, format!("{up} of {subaccounts} reached"))
        }
        _ => Station::new(State::Ok, what, format!("{subaccounts} reached")),
    }
}

fn between(agent: &AgentSnapshot, status: Option<&Status>) -> Station {
    if status.is_none() {
        return Station::new(State::Off, "Tunnels", "not known");
    }
    let (up, total) = tunnels(agent);
    let state = match up {
        _ if total == 0 => State::Off,
        0 => State::Error,
        up if up < total => State::Warn,
        _ => State::Ok,
    };
    Station::new(state, "Tunnels", format!("{up} of {total} up"))
}

fn own(agent: &AgentSnapshot, status: Option<&Status>) -> Station {
    let name = text::clean(&agent.label);
    match &agent.link {
        Link::Connecting { .. } => Station::new(State::Pending, name, "Being called"),
        Link::Away { .. } => Station::new(State::Error, name, "Does not answer"),
        Link::Refused { .. } => Station::new(State::Error, name, "Does not let us in"),
        Link::KeyChanged { .. } => Station::new(State::Error, name, "Is not who it was"),
        Link::Online { .. } => {
            if status.is_some_and(|status| status.drain.is_some()) {
                return Station::new(State::Warn, name, "Drained: takes no requests");
            }
            if status.is_some_and(|status| status.problem.is_some()) {
                return Station::new(State::Error, name, "Lets no request through");
            }
            let answer = agent.series.last().and_then(|sample| sample.answer_ms);
            let note =
                answer.map_or_else(|| "Answers".to_owned(), |ms| format!("Answers in {ms} ms"));
            Station::new(State::Ok, name, note)
        }
    }
}

fn network(found: &Found) -> Station {
    let checked = found.reached + found.failed.len();
    let (state, note) = match (checked, found.waiting) {
        (0, 0) => (State::Off, "not checked".to_owned()),
        (_, 1..) => (
            State::Pending,
            format!("{checked} of {} checked", checked + found.waiting),
        ),
        _ if found.failed.is_empty() => {
            let slowest = found
                .slowest_ms
                .map_or_else(String::new, |ms| format!(", {ms} ms"));
            (
                State::Ok,
                format!("{} of {checked} reached{slowest}", found.reached),
            )
        }
        _ if found.reached > 0 => (
            State::Warn,
            format!("{} of {checked} reached", found.reached),
        ),
        _ => (State::Error, "none reached".to_owned()),
    };
    Station::new(state, "Network", note)
}

/// What the agent's alerts and diagnoses tell of them; of one that is away nothing is known.
fn backends(
    agent: &AgentSnapshot,
    diagnoses: &[Diagnosis],
    document: Option<&Document>,
) -> Station {
    let Some(document) = document else {
        return Station::new(State::Off, "Back ends", "Not known yet");
    };
    let mappings = || document.subaccounts().iter().flat_map(|one| one.mappings());
    let hosts: BTreeSet<String> = mappings()
        .map(|one| one.internal_address.host.to_string())
        .collect();
    let open = mappings().count();
    if open == 0 {
        return Station::new(State::Off, "No back end", "Nothing is open");
    }
    let alerts = agent.alerts.value().map_or(&[][..], |list| &list.alerts);
    let alerts = alerts
        .iter()
        .filter(|one| one.category == Category::Backends)
        .map(|one| (&*one.id.entity, severity_state(one.severity)));
    let diagnoses = diagnoses
        .iter()
        .filter(|one| is_of_backend(one.kind))
        .map(|one| (&*one.entity, diagnosis_state(one)));
    let told: Vec<(&str, State)> = alerts.chain(diagnoses).collect();
    let troubled: BTreeSet<&str> = told.iter().map(|(entity, _)| *entity).collect();
    let is_down = told.iter().any(|(_, state)| *state == State::Error);
    let well = format!("{} open", text::plural(open, "system mapping"));
    let (state, note) = match troubled.len() {
        _ if !agent.link.is_online() => (State::Off, well),
        0 => (State::Ok, well),
        count => (
            if is_down { State::Error } else { State::Warn },
            format!("{count} of {open} in trouble"),
        ),
    };
    Station::new(state, text::plural(hosts.len(), "host"), note)
}

/// Whether it is about a system behind a mapping, rather than who asks for what there.
const fn is_of_backend(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BackendName
            | Kind::BackendGuarded
            | Kind::BackendRefuses
            | Kind::BackendTls
            | Kind::BackendSlow
    )
}

/// The first place, seen from the cloud, where requests stop.
fn broken(
    way: &Way,
    agent: &AgentSnapshot,
    status: Option<&Status>,
    found: &Found,
) -> Option<String> {
    if way.agent.state == State::Error {
        return agent.problem.as_deref().map(text::clean);
    }
    let reason = |link: &underpass_shared::api::management::LinkStatus| {
        link.connections.iter().find_map(|one| match one {
            Connection::Failed(reason) => Some(format!(
                "No tunnel to {}: {}",
                link.region_host,
                text::clean(reason)
            )),
            Connection::Up | Connection::Connecting => None,
        })
    };
    let tunnels = status.and_then(|status| status.links.iter().find_map(reason));
    tunnels.or_else(|| {
        let (address, why) = found.failed.first()?;
        Some(format!("{address} cannot be reached: {}", text::clean(why)))
    })
}

#[cfg(test)]
mod tests {
    use underpass_fleet::demo::{SEED, Still};
    use underpass_fleet::remote::Remote;
    use underpass_fleet::snapshot::Health;
    use underpass_shared::alert::Severity;
    use underpass_shared::api::management::AlertList;

    use super::*;

    fn agents() -> Vec<std::sync::Arc<AgentSnapshot>> {
        Still::new(SEED, 1_772_443_800_000)
            .snapshot()
            .agents
            .to_vec()
    }

    #[test]
    fn an_agent_that_is_well_has_a_whole_way() {
        let agent = agents()
            .into_iter()
            .find(|one| one.health == Health::Online)
            .unwrap();
        let way = way(&agent, &[], &Found::default());
        let states = [&way.cloud, &way.tunnels, &way.agent, &way.backends].map(|one| one.state);
        assert_eq!(states, [State::Ok; 4], "{way:?}");
        assert_eq!((way.network.state, way.broken), (State::Off, None));
    }

    #[test]
    fn what_is_behind_an_agent_that_is_away_is_not_known() {
        let is_away = |one: &std::sync::Arc<AgentSnapshot>| matches!(one.link, Link::Away { .. });
        let agent = agents().into_iter().find(is_away).unwrap();
        let way = way(&agent, &[], &Found::default());
        assert_eq!(way.agent.state, State::Error);
        assert_eq!([way.cloud.state, way.tunnels.state], [State::Off; 2]);
        assert!(way.broken.is_some());
    }

    #[test]
    fn back_ends_are_as_the_alerts_tell_and_not_known_of_one_that_is_away() {
        let agents = agents();
        let way_of = |agent: &AgentSnapshot| way(agent, &[], &Found::default()).backends;
        let all = agents.iter().filter_map(|one| one.alerts.value());
        let mut alert = all.flat_map(|list| &list.alerts).next().unwrap().clone();
        let well = agents.iter().find(|one| one.health == Health::Online);
        let mut agent = (**well.unwrap()).clone();
        let open = way_of(&agent).note;
        for (category, severity, state) in [
            (Category::Tunnels, Severity::Error, State::Ok),
            (Category::Backends, Severity::Warning, State::Warn),
            (Category::Backends, Severity::Error, State::Error),
        ] {
            (alert.category, alert.severity) = (category, severity);
            // Two alerts of one system are one system.
            let alerts = vec![alert.clone(), alert.clone()];
            agent.alerts = Remote::ready(AlertList { alerts }, 0);
            let station = way_of(&agent);
            assert_eq!(station.state, state);
            let is_told =
                station.note.starts_with("1 of ") && station.note.ends_with(" in trouble");
            assert_eq!(is_told, category == Category::Backends, "{station:?}");
            assert_eq!(station.note == open, !is_told, "{station:?}");
        }
        let diagnosis = |kind: Kind| Diagnosis {
            id: 1,
            kind,
            category: kind.category(),
            title: kind.title().to_owned(),
            entity: "x".to_owned(),
            message: String::new(),
            causes: vec![],
            fixes: vec![],
            occurrences: 1,
            first_ms: 0,
            last_ms: 0,
            recurrence: None,
        };
        agent.alerts = Remote::ready(AlertList::default(), 0);
        let with = |kind| way(&agent, &[diagnosis(kind)], &Found::default()).backends;
        assert_eq!(with(Kind::BackendTls).state, State::Error);
        assert_eq!(with(Kind::PathDenied).state, State::Ok);
        let away = agents.iter().find(|one| !one.link.is_online()).unwrap();
        assert_eq!(way_of(away).state, State::Off);
    }

    #[test]
    fn checks_tell_where_the_way_ends() {
        let agent = agents()
            .into_iter()
            .find(|one| one.health == Health::Online)
            .unwrap();
        let found = Found {
            reached: 2,
            failed: vec![("erp:443".to_owned(), "refused".to_owned())],
            waiting: 0,
            slowest_ms: Some(9),
        };
        let way = way(&agent, &[], &found);
        assert_eq!(
            (way.network.state, way.network.note.as_str()),
            (State::Warn, "2 of 3 reached")
        );
        assert_eq!(
            way.broken.as_deref(),
            Some("erp:443 cannot be reached: refused")
        );
    }
}
