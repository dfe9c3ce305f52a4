//! The management API over TLS: who is at the other end, and for how long.
//!
//! The handlers are those of the local socket. Whatever happens here, a port that is taken, a
//! crowd that knocks, forwarded requests go on.

mod certificates;
mod connection;
mod crowd;
mod front;
mod listen;
mod outside;
mod passwords;
mod tls;
mod visitor;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::OldestTls;

pub use self::certificates::ServerCertificates;
use self::crowd::Crowd;
use self::front::Front;
use self::passwords::Gate;
use crate::admin::Admin;
use crate::forward::OwnListeners;
use crate::secrets::SecretStore;
use crate::status::StatusBoard;
use crate::store::Snapshot;

/// The port where no other is given.
const PORT: u16 = 8443;
/// Connections at once that have not shown who they are.
const STRANGERS_MAX: usize = 64;
/// Connections at once of operators, with their event streams.
const OPERATORS_MAX: usize = 256;

/// Where and how the API is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The addresses; the usual ones where there is none.
    pub listen: Vec<SocketAddr>,
    /// The oldest TLS.
    pub oldest: OldestTls,
}

impl Options {
    /// The addresses, and whether it is a fault that the host has none of this kind.
    fn addresses(&self) -> Vec<(SocketAddr, Wish)> {
        if self.listen.is_empty() {
            let (all6, all4) = (Ipv6Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED);
            return vec![
                (SocketAddr::from((all6, PORT)), Wish::IfThereIs),
                (SocketAddr::from((all4, PORT)), Wish::Given),
            ];
        }
        self.listen.iter().map(|one| (*one, Wish::Given)).collect()
    }
}

/// How much an address is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// It was asked for.
    Given,
    /// Not every host has IPv6.
    IfThereIs,
}

/// All that connections need.
struct Shared {
    data_dir: PathBuf,
    admin: Arc<Admin>,
    /// What depends on who the agent is.
    front: watch::Sender<Arc<Front>>,
    oldest: OldestTls,
    certificates: ServerCertificates,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    board: StatusBoard,
    listeners: OwnListeners,
    crowd: Crowd,
    operators: Arc<Semaphore>,
    gate: Gate,
}

/// What the listener serves.
pub struct Served {
    /// The handlers.
    pub admin: Admin,
    /// What it shows.
    pub certificates: ServerCertificates,
    /// The configuration, with the operators.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// Where it tells its state.
    pub board: StatusBoard,
    /// Where it tells its addresses, so that no mapping leads to them.
    pub listeners: OwnListeners,
}

/// The file that tells the addresses of a running agent.
pub fn addresses(data_dir: &Path) -> PathBuf {
    data_dir.join(listen::ADDRESSES_FILE)
}

/// Serves the management API on another thread's runtime. Ends with `tasks`.
///
/// # Errors
/// When a certificate cannot be used.
pub fn start(
    data_dir: &Path,
    options: &Options,
    served: Served,
    runtime: &Handle,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    let certificates = served.certificates.clone();
    let snapshot = served.snapshot.clone();
    let following = certificates.clone().follow(snapshot.clone(), tasks.clone());
    tasks.spawn_on(runtime, "management-certificate", following);
    let identity = served.admin.desk().identity()?;
    let identities = served.admin.desk().identities();
    let front = {
        let current = served.snapshot.borrow();
        let settings = current.document().connector();
        Front::new(identity, certificates.by_name(), options.oldest, settings)?
    };
    let shared = Arc::new(Shared {
        data_dir: data_dir.to_owned(),
        front: watch::Sender::new(Arc::new(front)),
        oldest: options.oldest,
        certificates: certificates.clone(),
        admin: Arc::new(served.admin),
        snapshot: served.snapshot,
        board: served.board,
        listeners: served.listeners,
        crowd: Crowd::new(STRANGERS_MAX),
        operators: Arc::new(Semaphore::new(OPERATORS_MAX)),
        gate: Gate::new(SecretStore::new(data_dir)),
    });
    if options.oldest == OldestTls::Tls12 {
        shared
            .board
            .management(|management| management.tls12 = true);
        tracing::warn!("the management API also speaks TLS 1.2 (--management-tls12)");
    }
    let following = front::follow(Arc::clone(&shared), identities, tasks.clone());
    tasks.spawn_on(runtime, "management-identity", following);
    for (address, wish) in options.addresses() {
        let listening = listen::run(address, wish, Arc::clone(&shared), tasks.clone());
        tasks.spawn_on(runtime, "management-listen", listening);
    }
    let renewing = certificates.renew(snapshot, tasks.clone());
    tasks.spawn_on(runtime, "management-certificates", renewing);
    Ok(())
}
