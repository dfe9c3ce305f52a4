//! An agent that is killed while several operators change all kinds of things over TLS: nothing
//! acknowledged is lost, and the audit log tells of all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Builder;
use underpass_fleet::FleetError;
use underpass_fleet::client::{AgentClient, Known};
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};
use underpass_runtime::{clock, random};
use underpass_shared::api::management::{DocumentTarget, Query, Target, Verb};
use underpass_shared::rights::Role;

use super::Managed;
use crate::process::{in_full, until};

/// How often the agent is killed, and how often in full; the variable sets another number.
const KILLS: u32 = 8;
const KILLS_IN_FULL: u32 = 200;
const KILLS_VARIABLE: &str = "UNDERPASS_TEST_KILLS";
/// Entries of each kind.
const ENTRIES: u64 = 6;
/// The agent is killed after at most so many changes of one life ...
const CHANGES: u32 = 24;
/// ... and at most so much later, in microseconds, about as long as a change takes.
const LATER_US: u32 = 20_000;
/// An operator makes no more in one life, so that a failure ends the test.
const CHANGES_MAX: u32 = 400;

const CONNECTOR: &str = "/api/v1/configuration/connector";
const SUBACCOUNT: &str =
    "/api/v1/configuration/subaccounts/gate.example.com/0190a5a2-6d0e-7cc0-8000-000000000001";

/// The body of a call, from the entry's name and its text.
type Body = fn(name: &str, text: &str) -> Value;

/// Something that there may be several of, found by a name.
struct Kind {
    list: fn() -> String,
    /// The last segment of the path of an entry.
    segment: fn(name: &str) -> String,
    /// Whether that is the id that the agent gave it instead.
    by_id: bool,
    /// The field that it is found by.
    name_field: &'static str,
    /// The field that is changed; None where it comes and goes only.
    text_field: Option<&'static str>,
    name: fn(n: u64) -> String,
    text: fn(n: u64) -> String,
    new: Body,
    change: Option<(Verb, Body)>,
}

fn numbered(n: u64) -> String {
    format!("change {n}")
}

fn mapping(host: &str, text: &str) -> Value {
    json!({"virtualHost": host, "virtualPort": 80, "localHost": "10.0.0.1", "localPort": 80,
           "protocol": "HTTP", "backendType": "nonSAPsys", "authenticationMode": "NONE",
           "description": text})
}

const MAPPINGS: Kind = Kind {
    list: || format!("{SUBACCOUNT}/systemMappings"),
    segment: |host| format!("{host}:80"),
    by_id: false,
    name_field: "virtualHost",
    text_field: Some("description"),
    name: |n| format!("host{n}.virtual"),
    text: numbered,
    new: mapping,
    change: Some((Verb::Put, mapping)),
};

fn domain(internal: &str, text: &str) -> Value {
    json!({"internalDomain": internal, "virtualDomain": text})
}

const DOMAINS: Kind = Kind {
    list: || format!("{SUBACCOUNT}/domainMappings"),
    segment: str::to_owned,
    by_id: false,
    name_field: "internalDomain",
    text_field: Some("virtualDomain"),
    name: |n| format!("corp{n}.example"),
    text: |n| format!("change{n}.example"),
    new: domain,
    change: Some((Verb::Put, domain)),
};

const RESOURCES: Kind = Kind {
    list: || format!("{SUBACCOUNT}/systemMappings/fixed.virtual:80/resources"),
    segment: |path| path.replace('/', "-"),
    by_id: false,
    name_field: "id",
    text_field: Some("description"),
    name: |n| format!("/resource{n}"),
    text: numbered,
    new: |path, text| json!({"id": path, "description": text}),
    change: Some((
        Verb::Put,
        |_, text| json!({"enabled": true, "description": text}),
    )),
};

const COLLEAGUES: Kind = Kind {
    list: || format!("{CONNECTOR}/operators"),
    segment: str::to_owned,
    by_id: true,
    name_field: "name",
    text_field: Some("comment"),
    name: |n| format!("colleague {n}"),
    text: numbered,
    new: |name, text| {
        let csr = PrivateKey::generate().unwrap().request().unwrap();
        json!({"name": name, "role": "Display", "comment": text, "csr": csr})
    },
    change: Some((Verb::Patch, |_, text| json!({"comment": text}))),
};

const TRUSTED: Kind = Kind {
    list: || format!("{CONNECTOR}/onPremises/truststore/certificates"),
    segment: str::to_owned,
    by_id: false,
    name_field: "alias",
    text_field: None,
    name: |n| format!("trusted{n}"),
    text: |_| String::new(),
    new: |alias, _| {
        let lifetime = Lifetime {
            now_ms: clock::wall_ms(),
            valid: Duration::from_secs(86_400),
        };
        let (authority, _key) = Authority::create(alias, lifetime).unwrap();
        json!({"alias": alias, "certificate": authority.certificate()})
    },
    change: None,
};

const REGIONS: Kind = Kind {
    list: || format!("{CONNECTOR}/regions"),
    segment: str::to_owned,
    by_id: false,
    name_field: "regionHost",
    text_field: Some("name"),
    name: |n| format!("gate{n}.example.com"),
    text: numbered,
    new: |host, text| json!({"regionHost": host, "name": text}),
    change: None,
};

/// What each operator changes.
const WORK: [&[Kind]; 4] = [
    &[MAPPINGS, DOMAINS],
    &[RESOURCES],
    &[COLLEAGUES],
    &[TRUSTED, REGIONS],
];

/// By place of the kind and name: what an entry shows.
type Shown = BTreeMap<(usize, String), String>;

/// A change that may have been made or not.
struct Unknown {
    entry: (usize, String),
    /// Nothing where it was to be removed.
    after: Option<String>,
}

/// An operator who makes one change after another, and of whose last one nothing is known when the
/// agent is killed under it.
struct Worker {
    kinds: &'static [Kind],
    known: Known,
    changes: u64,
    told: Shown,
    unknown: Option<Unknown>,
    ids: BTreeMap<String, String>,
}

/// What all of them were told.
#[derive(Default)]
struct Acknowledged {
    count: AtomicU32,
    revisions: Mutex<BTreeSet<u64>>,
}

/// Whether the agent is gone. Whatever else goes wrong ends the test.
fn is_gone(error: &FleetError) -> bool {
    assert!(
        matches!(
            error,
            FleetError::Broken(_) | FleetError::Unreachable { .. } | FleetError::Handshake { .. }
        ),
        "{error:?}"
    );
    true
}

fn target(path: &str) -> Target {
    Target::parse(path).unwrap()
}

impl Worker {
    fn new(kinds: &'static [Kind], known: Known) -> Self {
        Self {
            kinds,
            known,
            changes: 0,
            told: Shown::new(),
            unknown: None,
            ids: BTreeMap::new(),
        }
    }

    /// Makes one change; false when the agent is gone.
    async fn change(&mut self, client: &AgentClient, all: &Acknowledged) -> bool {
        self.changes += 1;
        let count = u64::try_from(self.kinds.len()).unwrap();
        let at = usize::try_from(self.changes % count).unwrap();
        let kind = &self.kinds[at];
        let name = (kind.name)(self.changes / count % ENTRIES);
        let text = (kind.text)(self.changes);
        let list = (kind.list)();
        let segment = match self.ids.get(&name) {
            Some(id) => id.clone(),
            None => (kind.segment)(&name),
        };
        let entry = (at, name);
        let change = kind.change.filter(|_| !random::number().is_multiple_of(3));
        let (verb, path, body, after) = match (self.told.contains_key(&entry), change) {
            (false, _) => (Verb::Post, list, (kind.new)(&entry.1, &text), Some(text)),
            (true, Some((verb, body))) => {
                let path = format!("{list}/{segment}");
                (verb, path, body(&entry.1, &text), Some(text))
            }
            (true, None) => (Verb::Delete, format!("{list}/{segment}"), json!({}), None),
        };
        let query = Query::default();
        let sent = client.send(verb, &target(&path), &query, &body).await;
        match sent {
            Ok(reply) => {
                if kind.by_id && verb == Verb::Post {
                    let issued: Value = reply.read().unwrap();
                    let id = issued["operator"]["id"].as_str().unwrap();
                    self.ids.insert(entry.1.clone(), id.to_owned());
                }
                self.tell(entry, after);
                all.revisions.lock().unwrap().extend(reply.revision);
                all.count.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(error) => {
                self.unknown = Some(Unknown { entry, after });
                !is_gone(&error)
            }
        }
    }

    fn tell(&mut self, entry: (usize, String), after: Option<String>) {
        match after {
            Some(text) => drop(self.told.insert(entry, text)),
            None => drop(self.told.remove(&entry)),
        }
    }

    /// Compares with what an agent has after its start; of the unknown change it has all or nothing.
    async fn check(&mut self, client: &AgentClient) {
        let found = self.found(client).await;
        if let Some(Unknown { entry, after }) = self.unknown.take()
            && found.get(&entry) == after.as_ref()
        {
            self.tell(entry, after);
        }
        assert_eq!(found, self.told);
    }

    async fn found(&mut self, client: &AgentClient) -> Shown {
        let mut found = Shown::new();
        for (at, kind) in self.kinds.iter().enumerate() {
            let rows: Vec<Value> = client.get(&target(&(kind.list)())).await.unwrap();
            let own: BTreeSet<String> = (0..ENTRIES).map(kind.name).collect();
            for row in rows {
                let text = |field: &str| row[field].as_str().unwrap().to_owned();
                let name = text(kind.name_field);
                if !own.contains(&name) {
                    continue;
                }
                if kind.by_id {
                    self.ids.insert(name.clone(), text("id"));
                }
                found.insert((at, name), kind.text_field.map(text).unwrap_or_default());
            }
        }
        found
    }

    /// Changes until the agent is gone.
    async fn work(&mut self, client: &AgentClient, all: &Acknowledged) {
        for _ in 0..CHANGES_MAX {
            if !self.change(client, all).await {
                return;
            }
        }
    }
}

/// A configuration with a subaccount that is not connected, so that nobody is dialled.
async fn prepare(client: &AgentClient) {
    let mut document: Value = client
        .get(&Target::Document(DocumentTarget::Whole))
        .await
        .unwrap();
    let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
    document["subaccounts"] = json!([{
        "regionHost": "gate.example.com", "subaccount": id, "instance": id, "credential": id,
        "connected": false,
        "mappings": [{"virtualAddress": "fixed.virtual:80", "internalAddress": "10.0.0.1:80",
                      "protocol": "HTTP", "backendType": "nonSAPsys"}],
    }]);
    let query = Query::default();
    let put = client.send(
        Verb::Put,
        &Target::Document(DocumentTarget::Whole),
        &query,
        &document,
    );
    put.await.unwrap();
}

impl Managed {
    /// Starts the agent again after it was killed.
    fn start_again(&mut self) {
        std::fs::remove_file(self.agent.dir.join("addresses.json")).unwrap();
        self.agent.run();
        self.address();
    }

    /// All that was told is there, and the audit log is sound.
    fn check(&self, workers: &mut [Worker]) {
        for worker in workers {
            let client = self.client(&worker.known);
            self.runtime.block_on(worker.check(&client));
        }
        let verified = self.agent.tell(&["audit", "verify"]);
        assert_eq!(verified["openIntents"], 0, "{verified}");
    }
}

/// Changes of all workers at once, until the agent is killed.
fn work_until_killed(managed: &mut Managed, workers: &mut [Worker], all: &Acknowledged) {
    let before = all.count.load(Ordering::Relaxed);
    let enough = before + 1 + random::number() % CHANGES;
    let clients: Vec<AgentClient> = workers
        .iter()
        .map(|one| managed.client(&one.known))
        .collect();
    std::thread::scope(|scope| {
        for (worker, client) in workers.iter_mut().zip(&clients) {
            scope.spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(worker.work(client, all));
            });
        }
        until("enough changes", || {
            (all.count.load(Ordering::Relaxed) >= enough).then_some(())
        });
        std::thread::sleep(Duration::from_micros((random::number() % LATER_US).into()));
        let ended = managed.agent.process().ended();
        assert!(ended.is_none(), "{}", managed.agent.process().output());
        managed.agent.process().kill();
    });
}

#[test]
fn a_killed_agent_has_every_change_that_was_acknowledged_over_tls() {
    let usual = if in_full() { KILLS_IN_FULL } else { KILLS };
    let kills = std::env::var(KILLS_VARIABLE).map_or(usual, |text| text.parse().unwrap());
    let mut managed = Managed::start();
    let names = ["anna", "ben", "clara", "david"];
    let mut workers: Vec<Worker> = names
        .iter()
        .zip(WORK)
        .map(|(name, kinds)| Worker::new(kinds, managed.operator(name, Role::Administrator)))
        .collect();
    let first = managed.client(&workers[0].known);
    managed.runtime.block_on(prepare(&first));
    let all = Acknowledged::default();
    for _ in 0..kills {
        work_until_killed(&mut managed, &mut workers, &all);
        managed.start_again();
        managed.check(&mut workers);
    }
    let records = managed.agent.tell(&["audit", "list", "--limit=100000"]);
    let records = records.as_array().unwrap().iter();
    let done = records.filter(|one| one["outcome"] == "Done");
    let done: BTreeSet<u64> = done.filter_map(|one| one["revision"].as_u64()).collect();
    let revisions = all.revisions.into_inner().unwrap();
    let missing: Vec<&u64> = revisions.difference(&done).collect();
    assert!(missing.is_empty(), "not recorded: {missing:?}");
    println!("{kills} kills, {} changes acknowledged", revisions.len());
}
