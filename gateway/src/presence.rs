//! Since when each location ID has its agent, or lacks it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use underpass_runtime::clock;
use underpass_shared::id::{InstanceId, TunnelKey};
use underpass_shared::instant::Now;

use crate::directory::{Directory, Index};
use crate::tunnels::Registry;

/// Several changes within this time are one: a gateway that starts gets all its agents at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether an agent is there, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Who has the location ID.
    pub instance: InstanceId,
    /// Whether it has a tunnel.
    pub is_there: bool,
    /// Since when it is so; at most since the gateway started.
    pub since: Now,
}

/// All location IDs that agents are enrolled for.
#[derive(Debug, Default)]
struct Places(BTreeMap<TunnelKey, Presence>);

impl Places {
    /// Takes in who is enrolled and who has a tunnel.
    fn look(
        &mut self,
        now: Now,
        enrolled: &BTreeMap<TunnelKey, InstanceId>,
        there: &BTreeSet<TunnelKey>,
    ) {
        self.0
            .retain(|key, place| enrolled.get(key) == Some(&place.instance));
        for (key, instance) in enrolled {
            let is_there = there.contains(key);
            let new = Presence {
                instance: *instance,
                is_there,
                since: now,
            };
            let place = self.0.entry(key.clone()).or_insert(new);
            if place.is_there != is_there {
                *place = new;
            }
        }
    }
}

/// Watches who is there. Clones are the same.
#[derive(Clone, Debug)]
pub struct Presences {
    places: Arc<Mutex<Places>>,
    registry: Registry,
    directory: Directory,
}

impl Presences {
    /// Of the agents that are enrolled in a directory and have tunnels in a registry.
    pub fn new(registry: Registry, directory: Directory) -> Self {
        let presences = Self {
            places: Arc::default(),
            registry,
            directory,
        };
        presences.look();
        presences
    }

    /// Watches until it is dropped.
    pub async fn watch(self) {
        let (mut tunnels, mut index) = (self.registry.watch(), self.directory.watch());
        loop {
            self.look();
            tokio::time::sleep(PAUSE).await;
            let changed = tokio::select! {
                changed = tunnels.changed() => changed.is_ok(),
                changed = index.changed() => changed.is_ok(),
            };
            if !changed {
                return;
            }
        }
    }

    /// All location IDs, ordered.
    pub fn all(&self) -> Vec<(TunnelKey, Presence)> {
        let places = self.places();
        let each = places.0.iter().map(|(key, place)| (key.clone(), *place));
        each.collect()
    }

    fn look(&self) {
        let enrolled = enrolled(&self.directory.index());
        let there = self.registry.all().into_iter().map(|(key, _)| key);
        self.places()
            .look(clock::now(), &enrolled, &there.collect());
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn enrolled(index: &Index) -> BTreeMap<TunnelKey, InstanceId> {
    let valid = index.identities();
    // Whom a place is only offered to does not have it.
    let valid = valid.filter(|agent| !agent.is_revoked() && agent.offered.is_none());
    valid
        .map(|agent| (agent.tunnel_key(), agent.instance))
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn times_begin_when_an_agent_comes_or_goes_or_another_takes_its_place() {
        let key = |location: &str| TunnelKey {
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location: location.parse().unwrap(),
        };
        let instance = |number| InstanceId::from_uuid(Uuid::from_u128(number));
        let at = |s: u64| Now {
            monotonic: Duration::from_secs(s),
            wall_ms: 0,
        };
        let mut enrolled = BTreeMap::from([(key("a"), instance(1)), (key("b"), instance(2))]);
        let mut places = Places::default();
        let seen = |places: &Places, location: &str| {
            let place = places.0.get(&key(location))?;
            Some((place.is_there, place.since.monotonic.as_secs()))
        };
        places.look(at(0), &enrolled, &BTreeSet::from([key("a")]));
        places.look(at(5), &enrolled, &BTreeSet::from([key("a")]));
        assert_eq!(seen(&places, "a"), Some((true, 0)));
        assert_eq!(seen(&places, "b"), Some((false, 0)));
        places.look(at(6), &enrolled, &BTreeSet::from([key("b")]));
        assert_eq!(seen(&places, "a"), Some((false, 6)));
        assert_eq!(seen(&places, "b"), Some((true, 6)));
        enrolled.insert(key("a"), instance(3));
        enrolled.remove(&key("b"));
        places.look(at(9), &enrolled, &BTreeSet::from([key("b")]));
        assert_eq!(seen(&places, "a"), Some((false, 9)));
        assert_eq!(seen(&places, "b"), None);
    }
}
