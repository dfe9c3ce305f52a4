//! The tunnels that are up, by subaccount and location ID.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;
use underpass_runtime::tunnel::Caller;
use underpass_shared::id::{InstanceId, TunnelKey};

/// One tunnel connection.
#[derive(Clone, Debug)]
pub struct Tunnel {
    /// The agent instance behind it.
    pub instance: InstanceId,
    /// The data thread that drives it.
    pub thread: usize,
    /// Where streams are opened.
    pub caller: Caller,
}

/// All tunnels of this node. Clones are the same registry.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tunnels: RwLock<BTreeMap<TunnelKey, Arc<[Tunnel]>>>,
    changed: Notify,
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

    /// How many connections an agent has on each of `threads` threads.
    pub fn spread(&self, key: &TunnelKey, threads: usize) -> Vec<usize> {
        let mut counts = vec![0; threads];
        if let Some(group) = self.read().get(key) {
            for tunnel in group.iter().filter(|tunnel| tunnel.caller.is_open()) {
                if let Some(count) = counts.get_mut(tunnel.thread) {
                    *count += 1;
                }
            }
        }
        counts
    }

    /// Every tunnel with its key.
    pub fn all(&self) -> Vec<(TunnelKey, Tunnel)> {
        let tunnels = self.read();
        let each = tunnels
            .iter()
            .flat_map(|(key, group)| group.iter().map(|tunnel| (key.clone(), tunnel.clone())));
        each.collect()
    }

    /// Adds a tunnel that came up.
    pub fn add(&self, key: &TunnelKey, tunnel: Tunnel) {
        self.change(key, |group| group.push(tunnel));
    }

    /// Removes a tunnel that ended.
    pub fn remove(&self, key: &TunnelKey, caller: &Caller) {
        self.change(key, |group| {
            group.retain(|tunnel| !tunnel.caller.is_same(caller))
        });
    }

    /// Resolves at the next change after the call.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
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
        self.0.changed.notify_waiters();
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<TunnelKey, Arc<[Tunnel]>>> {
        self.0
            .tunnels
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
