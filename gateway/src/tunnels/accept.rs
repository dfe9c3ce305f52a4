//! The public port: TLS handshakes, then each connection to the part that serves its role.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use underpass_runtime::net::{self, MovableTcp};
use underpass_runtime::pki::CertificateInfo;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ServerStream, ServerTls};
use underpass_runtime::tunnel::Served;
use underpass_runtime::tunnel::io::{Watched, Wire};
use underpass_shared::id::InstanceId;
use underpass_shared::pki::identity::AgentIdentity;
use underpass_shared::protocol::capability::CAPABILITY;
use underpass_shared::protocol::internal::HelloAnswer;
use underpass_shared::protocol::role::Role;
use underpass_shared::protocol::timers::HANDSHAKE;

use super::enrol::{Enrolment, Presented};
use super::places::Places;
use super::registry::Registry;
use super::requesters::Requesters;
use super::tunnel;
use crate::alerts::Incidents;
use crate::certificates::Certificates;
use crate::directory::Directory;
use crate::metrics::Metrics;

/// Handshakes at once; more wait in the kernel, so that a herd of agents cannot starve consumers.
const HANDSHAKES_MAX: usize = 256;
/// How long a control or enrolment connection lives; it has one request to make.
const REQUESTER_LIFE: Duration = Duration::from_secs(30);
/// Pause after the system refuses a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the public port needs.
#[derive(Clone)]
pub struct PublicPort {
    /// TLS by role.
    pub tls: ServerTls,
    /// The CA, for enrolment.
    pub certificates: Arc<Certificates>,
    /// Subaccounts, identities, enrolment tokens.
    pub directory: Directory,
    /// Where tunnels are entered.
    pub registry: Registry,
    /// Who of several carries.
    pub places: Places,
    /// The data threads.
    pub threads: Arc<[Handle]>,
    /// Connections that an agent is asked to hold for a subaccount.
    pub connections: u8,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What agents try in vain.
    pub incidents: Incidents,
}

/// A byte stream after its handshake.
pub(super) type TunnelIo = ServerStream<Watched<MovableTcp>>;

/// A connection whose role and client certificate are known.
pub(super) struct Incoming {
    pub(super) io: TunnelIo,
    pub(super) wire: Wire,
    pub(super) certificate: Option<CertificateInfo>,
    pub(super) address: Option<SocketAddr>,
}

/// Accepts connections until told to stop.
pub async fn run(listener: TcpListener, port: PublicPort, tasks: Tasks) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let requesters = Requesters::default();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &handshakes) => accepted,
            () = tasks.stopped() => return,
        };
        match accepted {
            Ok((stream, permit)) => {
                let connection = handle(
                    stream,
                    permit,
                    requesters.clone(),
                    port.clone(),
                    tasks.clone(),
                );
                tasks.spawn("public-connection", connection);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection on the public port");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    handshakes: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(handshakes).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, _peer) = listener.accept().await?;
    Ok((stream, permit))
}

async fn handle(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    requesters: Requesters,
    port: PublicPort,
    tasks: Tasks,
) {
    let peer = stream.peer_addr().ok();
    let handshake = timeout(HANDSHAKE, handshake(stream, &port.tls)).await;
    drop(permit);
    let (role, incoming) = match handshake.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(done) => done,
        Err(error) => {
            port.metrics
                .handshakes_failed
                .fetch_add(1, Ordering::Relaxed);
            tracing::info!(?peer, %error, "handshake failed on the public port");
            return;
        }
    };
    let (presented, place) = match role {
        Role::Tunnel => return tunnel::run(incoming, &port, &tasks),
        Role::Control => {
            let certificate = incoming.certificate.clone();
            let presented = certificate.map(Presented::Certificate);
            (presented, requesters.agent())
        }
        Role::Enrol => {
            let presented = exporter(&incoming.io).map(Presented::Exporter);
            (presented, requesters.stranger(peer.map(|peer| peer.ip())))
        }
    };
    let Some(_place) = place else {
        let metrics = &port.metrics.requesters_refused;
        metrics.fetch_add(1, Ordering::Relaxed);
        tracing::info!(
            ?peer,
            ?role,
            "too many connections of this kind; one is closed"
        );
        return;
    };
    if let Some(presented) = presented {
        let serving = serve(incoming, presented, &port, &tasks);
        tokio::select! {
            () = serving => {}
            () = tokio::time::sleep(REQUESTER_LIFE) => {}
            () = tasks.stopped() => {}
        }
    }
}

async fn handshake(stream: TcpStream, tls: &ServerTls) -> io::Result<(Role, Incoming)> {
    net::tune_tunnel(&stream)?;
    let address = stream.peer_addr().ok();
    let watched = Watched::new(MovableTcp::from(stream));
    let wire = watched.wire();
    let (role, io) = tls.accept(watched).await?;
    let certificates = io.get_ref().1.peer_certificates();
    let certificate = certificates
        .and_then(<[_]>::first)
        .map(|der| CertificateInfo::from_der(der))
        .transpose()
        .map_err(io::Error::other)?;
    let incoming = Incoming {
        io,
        wire,
        certificate,
        address,
    };
    Ok((role, incoming))
}

fn exporter(io: &TunnelIo) -> Option<[u8; 32]> {
    let label = underpass_shared::api::enrol::RENEW_EXPORTER_LABEL;
    let (_, session) = io.get_ref();
    session.export_keying_material([0; 32], label, None).ok()
}

/// Serves the agent's own requests: enrolment and renewal.
async fn serve(incoming: Incoming, presented: Presented, port: &PublicPort, tasks: &Tasks) {
    let handler = Arc::new(Enrolment {
        presented,
        tls: port.tls.clone(),
        certificates: Arc::clone(&port.certificates),
        directory: port.directory.clone(),
        metrics: Arc::clone(&port.metrics),
        incidents: port.incidents.clone(),
        places: port.places.clone(),
        from: incoming.address.map(|address| address.ip()),
    });
    let served = Served::for_requests(HelloAnswer {
        capability: CAPABILITY,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: InstanceId::from_uuid(uuid::Uuid::nil()),
        process: None,
        previous: None,
    });
    let Incoming { io, wire, .. } = incoming;
    let ended = underpass_runtime::tunnel::serve(io, wire, &served, &handler, tasks).await;
    if let Err(error) = ended {
        tracing::debug!(%error, "control connection ended");
    }
}

/// The identity that a client certificate carries, if it is one of an agent.
pub(super) fn identity(certificate: Option<&CertificateInfo>) -> Option<AgentIdentity> {
    certificate.and_then(|certificate| certificate.identity)
}
