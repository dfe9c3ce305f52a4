//! One address of the management API: bound as soon as it can be, told where it is.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::{file, net};

use super::{Shared, Wish, connection};
use crate::identity::certificate_path;

/// Pause before an address is tried again, doubled each time.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest such pause: who frees the port waits no longer than this.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Pause after the system refuses a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Where the addresses are told, in the data directory.
pub(super) const ADDRESSES_FILE: &str = "addresses.json";

/// The addresses that a running agent got.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reached {
    pid: u32,
    management: Vec<SocketAddr>,
    management_urls: Vec<String>,
    /// The TLS server name that asks for the certificate of the agent's identity.
    server_name: String,
    ca_cert: std::path::PathBuf,
}

/// Listens until told to stop.
pub(super) async fn run(address: SocketAddr, wish: Wish, shared: Arc<Shared>, tasks: Tasks) {
    let mut pause = RETRY_FIRST;
    let listener = loop {
        match net::listen_one_family(address) {
            Ok(listener) => break listener,
            Err(error) if wish == Wish::IfThereIs && !is_fault(&error) => {
                tracing::info!(%address, %error, "the management API has no such address here");
                return;
            }
            Err(error) => tell_fault(&shared, address, &error),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = tasks.stopped() => return,
        }
        pause = RETRY_MAX.min(pause * 2);
    };
    let _own = listener
        .local_addr()
        .map(|address| shared.listeners.register(address));
    if let Err(error) = tell_bound(&shared, address, &listener) {
        tracing::warn!(%error, "cannot tell the addresses of the management API");
    }
    accept(&listener, &shared, &tasks).await;
}

/// Whether somebody should do something about it.
fn is_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied
    )
}

fn tell_fault(shared: &Shared, address: SocketAddr, error: &io::Error) {
    let known = [
        (
            ErrorKind::AddrInUse,
            "another program uses it; end that, or choose another address",
        ),
        (
            ErrorKind::PermissionDenied,
            "the agent's user may not use it; choose a port of 1024 or higher",
        ),
        (
            ErrorKind::AddrNotAvailable,
            "this host has no such address; choose another one",
        ),
    ];
    let remedy = known.iter().find(|(kind, _)| *kind == error.kind());
    let remedy = remedy.map_or("choose another address", |(_, remedy)| remedy);
    let problem = format!("{address}: {error}: {remedy} with --management-listen");
    let known = shared.board.management(|management| {
        let known = management.problems.insert(address, problem.clone());
        known.is_some()
    });
    if !known {
        tracing::warn!(%address, problem, "the management API is not reachable there yet; it is tried again");
    }
}

fn tell_bound(shared: &Shared, wished: SocketAddr, listener: &TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "the management API is reachable");
    shared.board.management(|management| {
        management.problems.remove(&wished);
        management.listening.push(address);
        // One writer at a time: the board is locked.
        tell(shared, &management.listening)
    })
}

/// Tells where the agent is reached, and by which name its identity is asked for.
pub(super) fn tell_addresses(shared: &Shared) -> io::Result<()> {
    shared
        .board
        .management(|management| tell(shared, &management.listening))
}

fn tell(shared: &Shared, listening: &[SocketAddr]) -> io::Result<()> {
    let url = |address: &SocketAddr| format!("https://{}", reachable(address));
    let reached = Reached {
        pid: std::process::id(),
        management: listening.to_vec(),
        management_urls: listening.iter().map(url).collect(),
        server_name: shared.front().identity.id().server_name(),
        ca_cert: certificate_path(&shared.data_dir),
    };
    let path = shared.data_dir.join(ADDRESSES_FILE);
    file::replace(&path, &serde_json::to_vec_pretty(&reached)?)
}

/// How a program on this host finds an address.
fn reachable(address: &SocketAddr) -> String {
    if address.ip().is_unspecified() || address.ip().is_loopback() {
        return format!("localhost:{}", address.port());
    }
    address.to_string()
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>, tasks: &Tasks) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopped() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let serving = connection::run(stream, peer, Arc::clone(shared), tasks.clone());
                tasks.spawn("management-connection", serving);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection to the management API");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
