//! The tunnels that are up, by subaccount and location ID: those that carry streams, and those that
//! wait beside them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;
use underpass_runtime::tunnel::Caller;
use underpass_shared::id::{InstanceId, TunnelKey};
use underpass_shared::protocol::internal::Standby;
use uuid::Uuid;

/// One tunnel connection.
#[derive(Clone, Debug)]
pub struct Tunnel {
    /// The agent instance behind it.
    pub instance: InstanceId,
    /// The process of it, if it tells.
    pub process: Option<Uuid>,
    /// Where it comes from.
    pub address: Option<SocketAddr>,
    /// Since when it is up, milliseconds UTC.
    pub since_ms: i64,
    /// The data thread that drives it.
    pub thread: usize,
    /// Where streams are opened.
    pub caller: Caller,
    /// Whether its agent is being told of its place, which nobody changes meanwhile.
    pub(super) is_entering: Arc<AtomicBool>,
}

impl Tunnel {
    /// Whether `other` must not come up beside this one. The directory gives a place to one
    /// instance only, so another instance here is one that is on its way out.
    fn excludes(&self, other: &Self) -> bool {
        let copies = match (self.process, other.process) {
            (Some(one), Some(two)) => one != two,
            (None, _) | (_, None) => false,
        };
        copies && self.instance == other.instance && self.caller.is_open()
    }
}

/// A tunnel that is up and carries no new streams.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The tunnel.
    pub tunnel: Tunnel,
    /// Why it waits.
    pub why: Standby,
}

/// All tunnels of this node. Clones are the same registry.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tunnels: RwLock<BTreeMap<TunnelKey, Arc<[Tunnel]>>>,
    waiting: RwLock<BTreeMap<TunnelKey, Vec<Waiting>>>,
    /// Connections per thread, those on their way up included.
    places: Mutex<BTreeMap<TunnelKey, Vec<usize>>>,
    changed: watch::Sender<()>,
}

impl Registry {
    /// The tunnel for a request that arrived on `thread`: one of that thread if there is one, else
    /// the one with the fewest streams. `tried` are those that refused already.
    pub fn pick(&self, key: &TunnelKey, thread: usize, tried: &[Tunnel]) -> Option<Tunnel> {
        let group = Arc::clone(self.read().get(key)?);
        let usable = group.iter().filter(|tunnel| {
            tunnel.caller.is_open()
                && !tried
                    .iter()
                    .any(|other| other.caller.is_same(&tunnel.caller))
        });
        usable
            .min_by_key(|tunnel| (tunnel.thread != thread, tunnel.caller.active()))
            .cloned()
    }

    /// Chooses the thread with the fewest connections of an agent for one that is coming up, and
    /// counts it there until the place is dropped.
    pub(super) fn place(&self, key: &TunnelKey, threads: usize) -> Place {
        let mut places = self.places();
        let counts = places.entry(key.clone()).or_default();
        counts.resize(threads.max(1), 0);
        let least = counts.iter().enumerate().min_by_key(|(_, count)| **count);
        let thread = least.map_or(0, |(thread, _)| thread);
        let before = counts.iter().sum();
        if let Some(count) = counts.get_mut(thread) {
            *count += 1;
        }
        Place {
            thread,
            before,
            key: key.clone(),
            registry: self.clone(),
        }
    }

    /// Every tunnel that carries streams, with its key.
    pub fn all(&self) -> Vec<(TunnelKey, Tunnel)> {
        let tunnels = self.read();
        let each = tunnels
            .iter()
            .flat_map(|(key, group)| group.iter().map(|tunnel| (key.clone(), tunnel.clone())));
        each.collect()
    }

    /// Adds a tunnel that came up. False when another process of the same instance, such as a
    /// copy of the agent, has the place.
    pub fn add(&self, key: &TunnelKey, tunnel: Tunnel) -> bool {
        let mut added = true;
        self.change(key, |group| {
            added = !group.iter().any(|other| other.excludes(&tunnel));
            if added {
                group.push(tunnel);
            }
        });
        added
    }

    /// Removes a tunnel that ended.
    pub fn remove(&self, key: &TunnelKey, caller: &Caller) {
        self.change_waiting(key, |group| {
            group.retain(|one| !one.tunnel.caller.is_same(caller));
        });
        self.change(key, |group| {
            group.retain(|tunnel| !tunnel.caller.is_same(caller))
        });
    }

    /// Every tunnel that waits, with its key.
    pub fn waiting(&self) -> Vec<(TunnelKey, Waiting)> {
        let waiting = self.0.waiting.read();
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let each = waiting
            .iter()
            .flat_map(|(key, group)| group.iter().map(|one| (key.clone(), one.clone())));
        each.collect()
    }

    /// Adds a tunnel that came up and has to wait.
    pub(super) fn add_waiting(&self, key: &TunnelKey, one: Waiting) {
        self.change_waiting(key, |group| group.push(one));
        self.0.changed.send_replace(());
    }

    /// A tunnel that waited carries streams from now on. What ended meanwhile is gone.
    pub(super) fn promote(&self, key: &TunnelKey, caller: &Caller) {
        let mut found = None;
        self.change_waiting(key, |group| {
            let at = group
                .iter()
                .position(|one| one.tunnel.caller.is_same(caller));
            found = at.map(|at| group.remove(at).tunnel);
        });
        if let Some(tunnel) = found {
            self.change(key, |group| group.push(tunnel));
        }
    }

    /// A tunnel that is there carries no new streams from now on, or waits for another reason.
    pub(super) fn demote(&self, key: &TunnelKey, caller: &Caller, why: Standby) {
        let mut found = None;
        self.change(key, |group| {
            let at = group.iter().position(|one| one.caller.is_same(caller));
            found = at.map(|at| group.remove(at));
        });
        self.change_waiting(key, |group| {
            group.extend(found.map(|tunnel| Waiting { tunnel, why }));
            for one in group.iter_mut() {
                if one.tunnel.caller.is_same(caller) {
                    one.why = why;
                }
            }
        });
        self.0.changed.send_replace(());
    }

    fn change_waiting(&self, key: &TunnelKey, edit: impl FnOnce(&mut Vec<Waiting>)) {
        let waiting = self.0.waiting.write();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let group = waiting.entry(key.clone()).or_default();
        edit(group);
        if group.is_empty() {
            waiting.remove(key);
        }
    }

    /// Has everybody who watches look again.
    pub(super) fn poke(&self) {
        self.0.changed.send_replace(());
    }

    /// Changes whenever a tunnel comes or goes.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    fn change(&self, key: &TunnelKey, edit: impl FnOnce(&mut Vec<Tunnel>)) {
        let mut tunnels = self
            .0
            .tunnels
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut group = tunnels
            .get(key)
            .map(|group| group.to_vec())
            .unwrap_or_default();
        edit(&mut group);
        if group.is_empty() {
            tunnels.remove(key);
        } else {
            tunnels.insert(key.clone(), group.into());
        }
        drop(tunnels);
        self.0.changed.send_replace(());
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<TunnelKey, Vec<usize>>> {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<TunnelKey, Arc<[Tunnel]>>> {
        self.0
            .tunnels
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place on a data thread.
#[derive(Debug)]
pub(super) struct Place {
    /// The thread.
    pub thread: usize,
    /// How many connections the agent had before.
    pub before: usize,
    key: TunnelKey,
    registry: Registry,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.registry.places();
        if let Some(counts) = places.get_mut(&self.key) {
            if let Some(count) = counts.get_mut(self.thread) {
                *count -= 1;
            }
            if counts.iter().all(|count| *count == 0) {
                places.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_one_agent_spread_over_the_threads() {
        let registry = Registry::default();
        let key = TunnelKey {
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location: "".parse().unwrap(),
        };
        let places = [0, 1, 2].map(|_| registry.place(&key, 2));
        assert_eq!(places.each_ref().map(|place| place.thread), [0, 1, 0]);
        assert_eq!(places.each_ref().map(|place| place.before), [0, 1, 2]);
        drop(places);
        assert!(registry.places().is_empty());
    }
}
