//! Brings the tunnels that are there in line with those that the configuration wants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::Handler;
use underpass_shared::api::management::Drain;
use underpass_shared::config::{ConnectorFields, Proxy, SubaccountKey, TunnelConnections};
use underpass_shared::id::{InstanceId, LocationId, RegionHost, SubaccountId};
use underpass_shared::protocol::limits::{CONNECTIONS_DEFAULT, CONNECTIONS_MAX};

use super::lineage::Lineage;
use super::{renew, slot};
use crate::credentials::CredentialStore;
use crate::diagnosis::Diagnoses;
use crate::forward::Forward;
use crate::secrets::SecretStore;
use crate::status::StatusBoard;
use crate::store::Snapshot;

/// One enrolment that shall be connected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID that the gateway authorised.
    pub location: LocationId,
    /// The instance that was enrolled.
    pub instance: InstanceId,
}

impl Wanted {
    /// What it is found by in the document.
    pub fn key(&self) -> SubaccountKey {
        SubaccountKey {
            region_host: self.region_host.clone(),
            subaccount: self.subaccount,
            location_id: self.location.clone(),
        }
    }
}

/// What tunnels need beside the configuration.
pub struct Tunnels {
    /// Client keys and certificates.
    pub credentials: CredentialStore,
    /// Passwords, such as that of a proxy.
    pub secrets: SecretStore,
    /// Where the state of connections is told.
    pub board: StatusBoard,
    /// Where is told what goes wrong.
    pub diagnoses: Diagnoses,
    /// The drain that keeps all of them closed.
    pub drain: watch::Receiver<Option<Drain>>,
    /// The owner of all tunnel tasks.
    pub tasks: Tasks,
}

/// What all tunnels follow of the configuration.
#[derive(Default)]
struct Ways {
    proxy: watch::Sender<Option<Proxy>>,
    /// How many connections each is to have; None leaves it to the gateway.
    connections: watch::Sender<Option<u8>>,
}

impl Ways {
    fn follow(&self, connector: &ConnectorFields) {
        self.proxy
            .send_if_modified(|proxy| replace(proxy, connector.proxy.as_ref()));
        let tuned = connector.tunnel_connections;
        let tuned = (tuned != TunnelConnections::default()).then(|| tuned.get());
        self.connections.send_if_modified(|present| {
            let changed = *present != tuned;
            *present = tuned;
            changed
        });
    }
}

/// Reconciles until told to stop. A change touches only the tunnels that it concerns.
pub async fn run(tunnels: Tunnels, forward: Forward, mut snapshot: watch::Receiver<Arc<Snapshot>>) {
    let mut running: BTreeMap<Wanted, Tasks> = BTreeMap::new();
    let ways = Ways::default();
    let mut drain = tunnels.drain.clone();
    loop {
        let current = Arc::clone(&snapshot.borrow_and_update());
        let wanted = match *drain.borrow_and_update() {
            Some(_) => BTreeSet::new(),
            None => wanted(&current),
        };
        ways.follow(current.document().connector());
        running.retain(|link, tasks| {
            let keep = wanted.contains(link);
            if !keep {
                tasks.stop();
            }
            keep
        });
        for link in wanted {
            running
                .entry(link)
                .or_insert_with_key(|link| start(&tunnels, &forward, &ways, link));
        }
        tokio::select! {
            changed = snapshot.changed() => if changed.is_err() { return },
            Ok(()) = drain.changed() => {}
            () = tunnels.tasks.stopped() => return,
        }
    }
}

/// The enrolments that a configuration wants connected.
pub(crate) fn wanted(snapshot: &Snapshot) -> BTreeSet<Wanted> {
    let subaccounts = snapshot.document().subaccounts().iter();
    let connected = subaccounts.map(|one| one.own()).filter(|own| own.connected);
    connected
        .map(|own| Wanted {
            region_host: own.key.region_host.clone(),
            subaccount: own.key.subaccount,
            location: own.key.location_id.clone(),
            instance: own.instance,
        })
        .collect()
}

/// Whether the proxy is another one now.
fn replace(old: &mut Option<Proxy>, new: Option<&Proxy>) -> bool {
    if old.as_ref() == new {
        return false;
    }
    *old = new.cloned();
    true
}

fn start(tunnels: &Tunnels, forward: &Forward, ways: &Ways, wanted: &Wanted) -> Tasks {
    let tasks = tunnels.tasks.child();
    let link = Arc::new(slot::Link {
        handler: Arc::new(forward.for_subaccount(wanted)),
        meter: forward.meter().tunnel(&wanted.key()),
        known: AtomicU32::new(0),
        wanted: wanted.clone(),
        lineage: Lineage::of(&tunnels.credentials, wanted.instance),
        credentials: tunnels.credentials.clone(),
        secrets: tunnels.secrets.clone(),
        proxy: ways.proxy.subscribe(),
        teller: tunnels.board.teller(),
        board: tunnels.board.clone(),
        diagnoses: tunnels.diagnoses.clone(),
        connections: watch::Sender::new(CONNECTIONS_DEFAULT),
        asked: AtomicU8::new(CONNECTIONS_DEFAULT),
        tuned: ways.connections.subscribe(),
        tasks: tasks.clone(),
    });
    link.count();
    tasks.spawn("tunnel-renew", renew::keep(Arc::clone(&link)));
    tasks.spawn("tunnel-slots", slots(link));
    tasks
}

/// Runs as many slots as the gateway asks for.
async fn slots<H: Handler>(link: Arc<slot::Link<H>>) {
    let mut count = link.connections.subscribe();
    let mut tuned = link.tuned.clone();
    let mut running: BTreeMap<u8, JoinHandle<Option<()>>> = BTreeMap::new();
    loop {
        let wanted = (*count.borrow_and_update()).clamp(1, CONNECTIONS_MAX);
        // One that is too many ends when its streams have.
        running.retain(|_, slot| !slot.is_finished());
        for index in 0..wanted {
            running.entry(index).or_insert_with(|| {
                let slot = slot::keep(Arc::clone(&link), index);
                link.tasks.spawn("tunnel-slot", slot)
            });
        }
        tokio::select! {
            changed = count.changed() => if changed.is_err() { return },
            Ok(()) = tuned.changed() => link.count(),
            () = link.tasks.stopped() => return,
        }
    }
}
