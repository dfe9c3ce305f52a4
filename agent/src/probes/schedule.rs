//! When which back end is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use underpass_shared::config::{MappingPart, Probe};
use underpass_shared::policy::effective::effective;

use super::Name;
use crate::store::Snapshot;

/// The probes by mapping and by time.
#[derive(Default)]
pub(super) struct Schedule {
    entries: BTreeMap<Name, Entry>,
    due: BTreeSet<(Duration, Name)>,
}

struct Entry {
    mapping: Arc<MappingPart>,
    probe: Probe,
    at: Duration,
}

impl Schedule {
    /// Follows a configuration; what did not change keeps its turn.
    pub(super) fn follow(&mut self, snapshot: &Snapshot, now: Duration) {
        let mut before = std::mem::take(&mut self.entries);
        self.due.clear();
        for subaccount in snapshot.document().subaccounts() {
            for mapping in subaccount.mappings() {
                let Some(probe) = &mapping.probe else {
                    continue;
                };
                if effective(mapping).is_err() {
                    continue;
                }
                let name = (subaccount.key().clone(), mapping.virtual_address.clone());
                let every = Duration::from_secs(probe.every_sec.get().into());
                let same = before.remove(&name).filter(|one| one.probe == **probe);
                let at = same.map_or_else(|| now + offset(mapping, every), |one| one.at);
                self.due.insert((at, name.clone()));
                let entry = Entry {
                    mapping: Arc::clone(mapping),
                    probe: Probe::clone(probe),
                    at,
                };
                self.entries.insert(name, entry);
            }
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.entries.keys()
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.entries.contains_key(name)
    }

    /// How long until the next is due.
    pub(super) fn next(&self, now: Duration) -> Option<Duration> {
        let (at, _) = self.due.first()?;
        Some(at.saturating_sub(now))
    }

    /// Takes one that is due, which gets its next turn.
    pub(super) fn take(&mut self, now: Duration) -> Option<(Name, Arc<MappingPart>, Probe)> {
        let (at, name) = self.due.pop_first()?;
        if at > now {
            self.due.insert((at, name));
            return None;
        }
        let entry = self.entries.get_mut(&name)?;
        // Turns that were missed are not made up for.
        entry.at = now + Duration::from_secs(entry.probe.every_sec.get().into());
        self.due.insert((entry.at, name.clone()));
        Some((name, Arc::clone(&entry.mapping), entry.probe.clone()))
    }
}

/// Where in its interval a mapping has its turn, so that not all have it at once.
fn offset(mapping: &MappingPart, every: Duration) -> Duration {
    let hash = mapping.hash();
    let share = hash.as_bytes().first().copied().unwrap_or(0);
    every.saturating_mul(u32::from(share)) / 256
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use underpass_shared::config::Document;

    use super::*;
    use crate::store::Store;

    async fn put(store: &Store, every: &[u32]) {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let mapping = |(number, every): (usize, &u32)| {
            json!({"virtualAddress": format!("v{number:03}:80"), "internalAddress": "a:1",
                   "protocol": "HTTP", "backendType": "nonSAPsys", "probe": {"everySec": every}})
        };
        let mut mappings: Vec<_> = every.iter().enumerate().map(mapping).collect();
        // What is never forwarded is never asked, and who has no probe is not either.
        mappings.push(json!({"virtualAddress": "tcp:80", "internalAddress": "a:1",
            "protocol": "TCP", "backendType": "nonSAPsys", "probe": {"everySec": 1}}));
        mappings.push(
            json!({"virtualAddress": "none:80", "internalAddress": "a:1",
            "protocol": "HTTP", "backendType": "nonSAPsys"}),
        );
        let json = json!({"schema": 1, "subaccounts": [{"regionHost": "g", "subaccount": id,
            "instance": id, "credential": id, "connected": true, "mappings": mappings}]});
        let document = Document::from_json(&json.to_string()).unwrap();
        let changed = store.change("os:test", "test", None, move |_old| Ok(document));
        changed.await.unwrap();
    }

    #[tokio::test]
    async fn each_has_its_turn_once_in_its_interval_and_not_all_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), || 1_700_000_000_000).unwrap();
        put(&store, &[60; 100]).await;
        let mut schedule = Schedule::default();
        schedule.follow(&store.current(), Duration::ZERO);
        let mut turns: BTreeMap<Name, u32> = BTreeMap::new();
        let mut most = 0;
        for second in 0..180 {
            let now = Duration::from_secs(second);
            // A change of something else takes nobody's turn.
            schedule.follow(&store.current(), now);
            let mut at_once = 0;
            while let Some((name, ..)) = schedule.take(now) {
                *turns.entry(name).or_default() += 1;
                at_once += 1;
            }
            most = at_once.max(most);
        }
        assert_eq!(turns.len(), 100);
        assert!(
            turns.values().all(|count| (2..=3).contains(count)),
            "{turns:?}"
        );
        assert!(most < 20, "{most} at once");
        put(&store, &[1]).await;
        schedule.follow(&store.current(), Duration::from_secs(180));
        assert_eq!(schedule.entries.len(), 1);
        let next = schedule.next(Duration::from_secs(180)).unwrap();
        assert!(next < Duration::from_secs(1), "{next:?}");
        // Turns that were missed are not made up for.
        assert!(schedule.take(Duration::from_secs(900)).is_some());
        assert!(schedule.take(Duration::from_secs(900)).is_none());
    }
}
