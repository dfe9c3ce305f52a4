//! The life of one tunnel at the gateway: authorise, move to its thread, hello, route, end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{Caller, ConnectionError};
use underpass_shared::id::{InstanceId, TunnelKey};
use underpass_shared::protocol::capability::CAPABILITY;
use underpass_shared::protocol::internal::{Hello, RetryAfter};
use underpass_shared::protocol::limits::{CONNECTIONS_MAX, ROTATE_AFTER_STREAMS};

use super::accept::{Incoming, PublicPort, TunnelIo, identity};
use super::registry::{Place, Tunnel};
use crate::directory::{Directory, Index};
use crate::metrics::TunnelRefusal;

/// How often a running tunnel's age is looked at; changes of the directory are seen at once.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// What an agent with too many connections is told to wait.
const CROWDED: Duration = Duration::from_secs(30);
/// What a second process of an agent is told to wait: about as long as it takes until a first one
/// whose host died is noticed.
const TAKEN: Duration = Duration::from_secs(5);

/// Why an agent's certificate is not accepted, or no longer.
#[derive(Debug, Error, PartialEq, Eq)]
enum Refusal {
    #[error("the client certificate carries no agent identity")]
    NoIdentity,
    #[error("the agent instance is unknown here")]
    Unknown,
    #[error("the agent instance was revoked")]
    Revoked,
    #[error("the certificate is not one of the agent's present ones")]
    OldKey,
    #[error("the subaccount was removed")]
    NoSubaccount,
    #[error("the client certificate has expired")]
    Expired,
}

impl Refusal {
    /// What it counts as.
    fn counted(&self) -> TunnelRefusal {
        match self {
            Self::NoIdentity => TunnelRefusal::NoIdentity,
            Self::Unknown => TunnelRefusal::Unknown,
            Self::Revoked => TunnelRefusal::Revoked,
            Self::OldKey => TunnelRefusal::OldKey,
            Self::NoSubaccount => TunnelRefusal::NoSubaccount,
            Self::Expired => TunnelRefusal::Expired,
        }
    }
}

/// Who is at the other end, as the certificate proves.
#[derive(Clone, Copy, Debug)]
struct Peer {
    instance: InstanceId,
    spki_hash: [u8; 32],
    not_after_ms: i64,
}

/// Sends one tunnel connection, after its handshake, to the thread that drives it to its end.
pub(super) fn run(incoming: Incoming, port: &PublicPort, tasks: &Tasks) {
    let (peer, key) = match admit(&incoming, &port.directory) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            let identity = identity(incoming.certificate.as_ref());
            port.metrics.tunnels_refused.count(refusal.counted());
            tracing::warn!(?identity, %refusal, "tunnel refused");
            return;
        }
    };
    let place = port.registry.place(&key, port.threads.len());
    let Some(runtime) = port.threads.get(place.thread) else {
        return;
    };
    let mut incoming = incoming;
    if let Err(error) = transport(&mut incoming.io).leave() {
        tracing::warn!(%error, "cannot move a tunnel to its thread");
        return;
    }
    let life = Life {
        peer,
        key,
        place,
        port: port.clone(),
        tasks: tasks.clone(),
    };
    tasks.spawn_on(runtime, "tunnel", life.run(incoming));
}

struct Life {
    peer: Peer,
    key: TunnelKey,
    place: Place,
    port: PublicPort,
    tasks: Tasks,
}

impl Life {
    async fn run(self, incoming: Incoming) {
        let address = incoming.address;
        let caller = match self.establish(incoming).await {
            Ok(caller) => caller,
            Err(error) => {
                tracing::info!(key = %self.key, %error, "tunnel did not come up");
                return;
            }
        };
        // Twice the limit, for replacements come up before those that they replace are gone.
        if self.place.before >= usize::from(CONNECTIONS_MAX) * 2 {
            let reason = "too many connections of this agent".to_owned();
            return self
                .turn_away(&caller, TunnelRefusal::Crowded, CROWDED, reason)
                .await;
        }
        let tunnel = Tunnel {
            instance: self.peer.instance,
            process: caller.answer().process,
            address,
            since_ms: clock::wall_ms(),
            thread: self.place.thread,
            caller: caller.clone(),
            is_entering: Arc::default(),
        };
        // What changes from here on is seen by the watch; what changed before, now.
        let index = self.port.directory.watch();
        if !self.may_stay(&caller).await {
            return;
        }
        if !self.port.places.enter(&self.key, tunnel).await {
            let instance = self.peer.instance;
            let from = address.map(|address| address.ip());
            let incidents = &self.port.incidents;
            incidents.claimed(clock::now(), &self.key, from, Some(instance));
            let reason = taken(&self.key, instance);
            return self
                .turn_away(&caller, TunnelRefusal::LocationTaken, TAKEN, reason)
                .await;
        }
        self.port
            .metrics
            .tunnels_opened
            .fetch_add(1, Ordering::Relaxed);
        tracing::info!(key = %self.key, instance = %self.peer.instance, thread = self.place.thread, "tunnel up");
        self.watch(&caller, index).await;
        self.port.registry.remove(&self.key, &caller);
        tracing::info!(key = %self.key, instance = %self.peer.instance, "tunnel down");
    }

    async fn turn_away(
        &self,
        caller: &Caller,
        counted: TunnelRefusal,
        wait: Duration,
        reason: String,
    ) {
        self.port.metrics.tunnels_refused.count(counted);
        tracing::warn!(key = %self.key, reason, "tunnel refused");
        let after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        caller.retry_after(&RetryAfter { after_ms, reason }).await;
    }

    async fn establish(&self, incoming: Incoming) -> Result<Caller, ConnectionError> {
        let Incoming { mut io, wire, .. } = incoming;
        if transport(&mut io).join().is_err() {
            return Err(ConnectionError::Protocol(
                "the connection was lost on its way to a thread",
            ));
        }
        let hello = Hello {
            capability: CAPABILITY,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            connections: self.port.connections,
            time_ms: Some(clock::wall_ms()),
        };
        let caller = Caller::establish(io, wire, &hello, &self.tasks).await?;
        if caller.answer().instance == self.peer.instance {
            Ok(caller)
        } else {
            caller.close();
            Err(ConnectionError::Protocol(
                "the hello names another instance than the certificate",
            ))
        }
    }

    /// Waits for the end: by the agent, by revocation, by expiry, by rotation or by our own stop.
    async fn watch(&self, caller: &Caller, mut index: watch::Receiver<Arc<Index>>) {
        loop {
            tokio::select! {
                () = caller.closed() => return,
                () = self.tasks.stopped() => return caller.drain().await,
                _ = index.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if !self.may_stay(caller).await {
                return;
            }
            if caller.opened() >= ROTATE_AFTER_STREAMS {
                return caller.drain().await;
            }
        }
    }

    /// Whether the agent may still hold tunnels; this one is ended where not.
    async fn may_stay(&self, caller: &Caller) -> bool {
        let Err(refusal) = authorise(&self.peer, &self.port.directory) else {
            return true;
        };
        self.port.metrics.tunnels_refused.count(refusal.counted());
        if self.is_handed_over() {
            // What it carries may end in order: nobody did anything wrong.
            caller.drain().await;
        } else {
            tracing::warn!(key = %self.key, %refusal, "tunnel closed");
            caller.close();
        }
        false
    }

    /// Whether a handover ended so that the agent has no place any more.
    fn is_handed_over(&self) -> bool {
        let index = self.port.directory.index();
        let handover = index.handover(&self.key);
        handover.is_some_and(|one| one.has_ended_for(self.peer.instance))
    }
}

fn taken(key: &TunnelKey, instance: InstanceId) -> String {
    format!(
        "LOCATION_TAKEN: subaccount {} has an agent with location ID \"{}\" already: another \
         process of instance {instance} is connected, such as a copy of this agent's data \
         directory; stop one of the two, or enrol this one anew with a location ID of its own",
        key.subaccount, key.location
    )
}

fn transport(io: &mut TunnelIo) -> &mut underpass_runtime::net::MovableTcp {
    io.get_mut().0.get_mut()
}

fn admit(incoming: &Incoming, directory: &Directory) -> Result<(Peer, TunnelKey), Refusal> {
    let certificate = incoming.certificate.as_ref().ok_or(Refusal::NoIdentity)?;
    let identity = certificate.identity.ok_or(Refusal::NoIdentity)?;
    let peer = Peer {
        instance: identity.instance,
        spki_hash: certificate.spki_hash,
        not_after_ms: certificate.not_after_ms,
    };
    Ok((peer, authorise(&peer, directory)?))
}

/// Whether an agent may hold tunnels now, and for what.
fn authorise(peer: &Peer, directory: &Directory) -> Result<TunnelKey, Refusal> {
    let index = directory.index();
    let identity = index.identity(&peer.instance).ok_or(Refusal::Unknown)?;
    if identity.revoked_at_ms.is_some() {
        return Err(Refusal::Revoked);
    }
    if !identity.accepts(&peer.spki_hash) {
        return Err(Refusal::OldKey);
    }
    if index.subaccount(&identity.subaccount).is_none() {
        return Err(Refusal::NoSubaccount);
    }
    if clock::wall_ms() >= peer.not_after_ms {
        return Err(Refusal::Expired);
    }
    Ok(identity.tunnel_key())
}
