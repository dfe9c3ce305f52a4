//! The immutable copy of the directory that everybody reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use underpass_shared::id::{InstanceId, SubaccountId, TunnelKey};
use uuid::Uuid;

use super::key;
use super::orders::{LogFilter, Order};
use super::record::{Binding, Handover, Identity, Settings, Subaccount};
use crate::state::{Change, Changes, Entry};

/// All subaccounts, identities, bindings and settings as of one version of the store.
#[derive(Clone, Debug, Default)]
pub struct Index {
    version: u64,
    subaccounts: BTreeMap<SubaccountId, Arc<Subaccount>>,
    identities: BTreeMap<InstanceId, Arc<Identity>>,
    handovers: BTreeMap<TunnelKey, Arc<Handover>>,
    holders: BTreeMap<InstanceId, Arc<Uuid>>,
    bindings: BTreeMap<String, Arc<Binding>>,
    settings: Option<Arc<Settings>>,
    orders: BTreeMap<Uuid, Arc<Order>>,
    log_filter: Option<Arc<LogFilter>>,
}

/// What an update changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Touched {
    /// Something that decides whether a token is good.
    pub(super) tokens: bool,
}

impl Index {
    /// The version of the store this index shows.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The subaccount of this id.
    pub fn subaccount(&self, id: &SubaccountId) -> Option<&Arc<Subaccount>> {
        self.subaccounts.get(id)
    }

    /// All subaccounts, ordered by id.
    pub fn subaccounts(&self) -> impl Iterator<Item = &Arc<Subaccount>> {
        self.subaccounts.values()
    }

    /// The subaccount with this id or, in any case, this display name.
    pub fn find_subaccount(&self, text: &str) -> Option<&Arc<Subaccount>> {
        if let Ok(id) = text.parse() {
            return self.subaccount(&id);
        }
        let wanted = text.to_lowercase();
        self.subaccounts()
            .find(|subaccount| subaccount.name.to_lowercase() == wanted)
    }

    /// The enrolled agent of this instance id.
    pub fn identity(&self, id: &InstanceId) -> Option<&Arc<Identity>> {
        self.identities.get(id)
    }

    /// All enrolled agents, revoked ones included, ordered by instance id.
    pub fn identities(&self) -> impl Iterator<Item = &Arc<Identity>> {
        self.identities.values()
    }

    /// The newest handover of a place, open or not.
    pub fn handover(&self, place: &TunnelKey) -> Option<&Arc<Handover>> {
        self.handovers.get(place)
    }

    /// All handovers that are open or ended lately, ordered by place.
    pub fn handovers(&self) -> impl Iterator<Item = &Arc<Handover>> {
        self.handovers.values()
    }

    /// The process of an instance that had its place last.
    pub fn holder(&self, id: &InstanceId) -> Option<Uuid> {
        self.holders.get(id).map(|process| **process)
    }

    /// The binding of this OAuth client id.
    pub fn binding(&self, client_id: &str) -> Option<&Arc<Binding>> {
        self.bindings.get(client_id)
    }

    /// All bindings, ordered by OAuth client id.
    pub fn bindings(&self) -> impl Iterator<Item = &Arc<Binding>> {
        self.bindings.values()
    }

    /// Where this gateway is reached; `None` until a server has run once.
    pub fn settings(&self) -> Option<&Arc<Settings>> {
        self.settings.as_ref()
    }

    /// What commands asked of the running gateway and what it has not answered yet.
    pub fn orders(&self) -> impl Iterator<Item = (Uuid, &Arc<Order>)> {
        self.orders.iter().map(|(id, order)| (*id, order))
    }

    /// What is logged, where an operator changed it.
    pub fn log_filter(&self) -> Option<&Arc<LogFilter>> {
        self.log_filter.as_ref()
    }

    pub(super) fn build(version: u64, rows: Vec<(String, Entry)>) -> Self {
        let rows = rows.into_iter().map(|(key, entry)| Change {
            key,
            entry: Some(entry),
        });
        let mut index = Self::default();
        index.apply(Changes {
            version,
            rows: rows.collect(),
        });
        index
    }

    pub(super) fn apply(&mut self, changes: Changes) -> Touched {
        let mut touched = Touched::default();
        for Change { key, entry } in changes.rows {
            if let Some(id) = key.strip_prefix(key::SUBACCOUNT) {
                set(&mut self.subaccounts, id.parse().ok(), read(&key, entry));
                touched.tokens = true;
            } else if let Some(id) = key.strip_prefix(key::IDENTITY) {
                set(&mut self.identities, id.parse().ok(), read(&key, entry));
            } else if let Some(place) = key.strip_prefix(key::HANDOVER) {
                set(&mut self.handovers, place_of(place), read(&key, entry));
            } else if let Some(id) = key.strip_prefix(key::HOLDER) {
                set(&mut self.holders, id.parse().ok(), read(&key, entry));
            } else if let Some(id) = key.strip_prefix(key::BINDING) {
                set(&mut self.bindings, Some(id.to_owned()), read(&key, entry));
                touched.tokens = true;
            } else if let Some(id) = key.strip_prefix(key::ORDER) {
                set(&mut self.orders, id.parse().ok(), read(&key, entry));
            } else if key == key::LOG {
                self.log_filter = read(&key, entry);
            } else if key == key::SETTINGS {
                self.settings = read(&key, entry);
                touched.tokens = true;
            }
        }
        self.version = changes.version;
        touched
    }
}

fn place_of(text: &str) -> Option<TunnelKey> {
    let (subaccount, location) = text.split_once('/')?;
    Some(TunnelKey {
        subaccount: subaccount.parse().ok()?,
        location: location.parse().ok()?,
    })
}

fn set<K: Ord, V>(map: &mut BTreeMap<K, Arc<V>>, id: Option<K>, record: Option<Arc<V>>) {
    let Some(id) = id else { return };
    match record {
        Some(record) => drop(map.insert(id, record)),
        None => drop(map.remove(&id)),
    }
}

/// A record that cannot be read counts as absent, which denies.
fn read<T: DeserializeOwned>(key: &str, entry: Option<Entry>) -> Option<Arc<T>> {
    let entry = entry?;
    match serde_json::from_slice(&entry.value) {
        Ok(record) => Some(Arc::new(record)),
        Err(error) => {
            tracing::error!(key, %error, "record of the directory is damaged and ignored");
            None
        }
    }
}
