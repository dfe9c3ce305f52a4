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
