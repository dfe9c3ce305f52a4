//! The store from outside: changes, conflicts, restarts, damage.

mod changes;
mod damage;
mod history;
mod trial;

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use underpass_shared::config::{
    BackendType, Mapping, MappingFields, Protocol, Resource, SubaccountFields, SubaccountKey,
};
use underpass_shared::policy::Access;
use uuid::Uuid;

use super::*;

const NOW: i64 = 1_700_000_000_000;

fn open(dir: &Path) -> Store {
    Store::open(dir, || NOW).unwrap()
}

fn key() -> SubaccountKey {
    SubaccountKey {
        region_host: "localhost:8443".parse().unwrap(),
        subaccount: Uuid::from_u128(1).to_string().parse().unwrap(),
        location_id: "".parse().unwrap(),
    }
}

fn own() -> SubaccountFields {
    let instance = Uuid::from_u128(2).to_string().parse().unwrap();
    let credential = Uuid::from_u128(3).to_string().parse().unwrap();
    SubaccountFields::enrolled(key(), instance, credential)
}

fn mapping(n: usize, path: &str) -> Mapping {
    let resource = Resource {
        enabled: true,
        description: "x".repeat(500).parse().unwrap(),
        ..Resource::closed(path.parse().unwrap())
    };
    Mapping::try_from(MappingFields {
        resources: vec![resource],
        ..MappingFields::closed(
            format!("host{n}:80").parse().unwrap(),
            "10.0.0.1:8080".parse().unwrap(),
            Protocol::Http,
            BackendType::NonSap,
        )
    })
    .unwrap()
}

fn put(store: &Store, n: usize, path: &str) -> Committed {
    let mapping = mapping(n, path);
    store
        .change_blocking("tester", "test", None, move |old| {
            old.with_mapping(key(), mapping)
        })
        .unwrap()
}

/// A store with one subaccount and two mappings: head 3.
fn filled(dir: &Path) -> Store {
    let store = open(dir);
    store
        .change_blocking("tester", "enrol", None, |old| old.with_subaccount(own()))
        .unwrap();
    put(&store, 1, "/one");
    put(&store, 2, "/two");
    store
}

fn allowed(snapshot: &Snapshot, path: &str) -> bool {
    let access = Access {
        protocol: Protocol::Http,
        host: "host1",
        port: 80,
        path: path.as_bytes(),
        websocket: false,
    };
    snapshot
        .policy(&key())
        .is_some_and(|policy| policy.decide(&access).is_ok())
}

fn sql(dir: &Path, statement: &str) {
    let connection = Connection::open(dir.join(STATE_FILE)).unwrap();
    assert_ne!(connection.execute(statement, []).unwrap(), 0, "{statement}");
}

fn opened(dir: &TempDir) -> Store {
    let dir = dir.path().to_owned();
    let filled = std::thread::spawn(move || filled(&dir));
    filled.join().unwrap()
}
