//! One tunnel connection that is kept up for ever: dial, serve, replace, back off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinHandle};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{ConnectionError, Handler, Place, Served, serve};
use underpass_runtime::{clock, random};
use underpass_shared::api::management::Connection;
use underpass_shared::config::Proxy;
use underpass_shared::protocol::capability::{CAPABILITY, STANDBY};
use underpass_shared::protocol::internal::{Hello, HelloAnswer, Standby};
use underpass_shared::protocol::role::Role;
use underpass_shared::tunnel::backoff::Backoff;

use super::dial::{DialError, dial};
use super::lineage::{self, Lineage};
use super::proxy::Route;
use super::reconcile::Wanted;
use crate::credentials::CredentialStore;
use crate::diagnosis::Diagnoses;
use crate::measure::TunnelMeter;
use crate::secrets::SecretStore;
use crate::status::{StatusBoard, Teller};

/// What the slots of one enrolment share.
pub(super) struct Link<H> {
    pub(super) wanted: Wanted,
    pub(super) credentials: CredentialStore,
    pub(super) secrets: SecretStore,
    /// The proxy that the configuration names.
    pub(super) proxy: watch::Receiver<Option<Proxy>>,
    pub(super) handler: Arc<H>,
    /// Where its connections are measured.
    pub(super) meter: Arc<TunnelMeter>,
    /// Which of its connections were up already, by bit.
    pub(super) known: AtomicU32,
    pub(super) board: StatusBoard,
    pub(super) diagnoses: Diagnoses,
    /// Its voice on the board.
    pub(super) teller: Teller,
    /// How many connections there are to be.
    pub(super) connections: watch::Sender<u8>,
    /// How many the gateway asked for.
    pub(super) asked: AtomicU8,
    /// How many the configuration wants, where it says so.
    pub(super) tuned: watch::Receiver<Option<u8>>,
    /// What this process is to the gateway.
    pub(super) lineage: Lineage,
    /// Told to stop when the enrolment is no longer wanted.
    pub(super) tasks: Tasks,
}

impl<H> Link<H> {
    /// Counts the connections anew: what the configuration wants comes before what the gateway
    /// asked for.
    pub(super) fn count(&self) {
        let tuned = *self.tuned.borrow();
        let wanted = tuned.unwrap_or_else(|| self.asked.load(Ordering::Relaxed));
        self.connections.send_if_modified(|count| {
            let changed = *count != wanted;
            *count = wanted;
            changed
        });
    }

    /// Tells the state of a connection; `None` when there shall be none.
    fn tell(&self, index: u8, state: Option<Connection>) {
        self.board
            .connection(self.teller, &self.wanted, index, state);
    }

    /// The way out as it is configured now.
    pub(super) fn route(&self) -> anyhow::Result<Route> {
        let proxy = self.proxy.borrow().clone();
        Route::of(proxy.as_ref(), &self.secrets)
    }
}

/// A connection that goes on beside us until this is dropped, for it leads another way than is
/// configured now.
struct Outdated {
    _replaced: oneshot::Sender<()>,
}

/// Keeps one connection up until the link stops or the gateway wants fewer than `index` + 1.
pub(super) async fn keep<H: Handler>(link: Arc<Link<H>>, index: u8) {
    let mut backoff = Backoff::default();
    let mut count = link.connections.subscribe();
    let mut proxy = link.proxy.clone();
    let mut outdated = None;
    loop {
        proxy.mark_unchanged();
        if link.tasks.is_stopped() || *count.borrow_and_update() <= index {
            break;
        }
        let ended = attempt(&link, index, &mut backoff, &mut outdated).await;
        let wait = match ended {
            // It goes on beside us until its streams have ended; the next one is due now.
            Ended::Draining => continue,
            Ended::Outdated(old) => {
                outdated = old.or(outdated);
                continue;
            }
            Ended::Lost => backoff.lost(clock::monotonic(), random::number()),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // Another way may be open now.
            Ok(()) = proxy.changed() => {}
            () = link.tasks.stopped() => break,
        }
    }
    link.tell(index, None);
}

enum Ended {
    Draining,
    Lost,
    /// The way out is another one now. What was up stays so until its replacement is.
    Outdated(Option<Outdated>),
}

async fn attempt<H: Handler>(
    link: &Arc<Link<H>>,
    index: u8,
    backoff: &mut Backoff,
    outdated: &mut Option<Outdated>,
) -> Ended {
    let wanted = &link.wanted;
    let mut proxy = link.proxy.clone();
    proxy.mark_unchanged();
    link.tell(index, Some(Connection::Connecting));
    let stream = async {
        let credentials = link.credentials.load(wanted.instance)?;
        let tls = credentials.tls(Role::Tunnel)?;
        let route = link.route()?;
        let (stream, wire) = dial(&wanted.region_host, &route, &tls).await?;
        anyhow::Ok((stream, wire, route))
    };
    let (stream, wire, route) = match stream.await {
        Ok(connected) => connected,
        Err(error) => {
            tracing::info!(host = %wanted.region_host, error = format!("{error:#}"), "tunnel not connected");
            if let Some(error) = error.downcast_ref::<DialError>() {
                link.diagnoses.tunnel_failed(error);
            }
            let failed = Connection::Failed(format!("{error:#}"));
            link.tell(index, Some(failed));
            return Ended::Lost;
        }
    };
    let served = Served::new(HelloAnswer {
        capability: CAPABILITY,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: wanted.instance,
        process: Some(lineage::process()),
        previous: link.lineage.previous(),
    });
    let serving = {
        let (link, served) = (Arc::clone(link), served.clone());
        async move {
            let _connected = link.meter.connected(&served);
            serve(stream, wire, &served, &link.handler, &link.tasks).await
        }
    };
    let serving = link.tasks.spawn("tunnel-serve", serving);
    let following = Following {
        link,
        index,
        served,
        route,
        proxy,
    };
    following.follow(backoff, outdated, serving).await
}

/// What a gateway does with agents that it does not accept; they are told nothing.
const DISMISSED: &str = "the gateway closed the connection without a word; if this lasts, it does not \
    accept this agent (revoked, or a copy or backup with an older key): `underpass-agent subaccount \
    renew` says why, and with `--token TOKEN` it enrols anew";

/// A served connection and what its slot listens to.
struct Following<'a, H> {
    link: &'a Arc<Link<H>>,
    index: u8,
    served: Served,
    /// The way that it was dialled.
    route: Route,
    /// Marked before the connection was dialled.
    proxy: watch::Receiver<Option<Proxy>>,
}

type Serving = JoinHandle<Option<Result<(), ConnectionError>>>;

impl<H: Handler> Following<'_, H> {
    /// Follows the connection until it ends or is on its way out.
    async fn follow(
        mut self,
        backoff: &mut Backoff,
        outdated: &mut Option<Outdated>,
        mut serving: Serving,
    ) -> Ended {
        let (mut hello, mut place) = (self.served.hello(), self.served.place());
        let mut count = self.link.connections.subscribe();
        let mut leaving = false;
        loop {
            tokio::select! {
                ended = &mut serving => return self.lost(backoff, ended),
                Ok(()) = hello.changed() => {
                    let Some(hello) = hello.borrow_and_update().clone() else { continue };
                    backoff.connected(clock::monotonic());
                    self.up(&hello);
                    if hello.capability < STANDBY {
                        // It says nothing of places.
                        drop(outdated.take());
                    }
                }
                Ok(()) = place.changed() => {
                    let said = *place.borrow_and_update();
                    self.placed(said);
                    // The gateway uses this one: only now is the old one not needed any more.
                    drop(outdated.take());
                }
                () = self.served.draining(), if !leaving => {
                    if self.served.retry_after().is_none() {
                        return Ended::Draining;
                    }
                    // Turned away: the connection ends, and the wait begins then.
                    leaving = true;
                }
                Ok(()) = self.proxy.changed(), if !leaving => return Ended::Outdated(self.outdate()),
                Ok(_) = count.wait_for(|count| *count <= self.index), if !leaving => {
                    leaving = true;
                    self.served.wish_drain();
                }
                () = self.link.tasks.stopped(), if !leaving => {
                    leaving = true;
                    self.served.wish_drain();
                }
            }
        }
    }

    fn lost(
        &self,
        backoff: &mut Backoff,
        ended: Result<Option<Result<(), ConnectionError>>, JoinError>,
    ) -> Ended {
        let is_greeted = self.served.hello().borrow().is_some();
        let mut reason = match ended {
            Ok(Some(Ok(()) | Err(ConnectionError::Broken(_) | ConnectionError::Io(_))))
                if !is_greeted =>
            {
                DISMISSED.to_owned()
            }
            Ok(Some(Err(error))) => format!("{:#}", anyhow::Error::from(error)),
            _ => "the gateway closed the connection".to_owned(),
        };
        let link = self.link;
        if let Some(retry) = self.served.retry_after() {
            backoff.retry_after(Duration::from_millis(retry.after_ms));
            reason = retry.reason;
            tracing::warn!(host = %link.wanted.region_host, reason, "the gateway turned this agent away");
        } else {
            tracing::info!(host = %link.wanted.region_host, reason, "tunnel down");
        }
        let failed = Connection::Failed(reason);
        link.tell(self.index, Some(failed));
        Ended::Lost
    }

    fn up(&self, hello: &Hello) {
        let (link, index) = (self.link, self.index);
        tracing::info!(host = %link.wanted.region_host, index, "tunnel up");
        // A gateway that knows of places says next whether this one carries anything.
        if hello.capability < STANDBY {
            link.tell(index, Some(Connection::Up));
        }
        let bit = 1_u32.checked_shl(u32::from(index)).unwrap_or(0);
        if link.known.fetch_or(bit, Ordering::Relaxed) & bit != 0 {
            link.meter.reconnected();
        }
        let host = &link.wanted.region_host;
        link.diagnoses.tunnel_up(host, &self.route, hello.time_ms);
        link.board
            .gateway(link.teller, &link.wanted, &hello.version);
        if hello.connections > 0 {
            link.asked.store(hello.connections, Ordering::Relaxed);
        }
        link.count();
    }

    /// Whether it carries requests, as the gateway says.
    fn placed(&self, place: Option<Place>) {
        let link = self.link;
        let (wanted, host) = (&link.wanted, &link.wanted.region_host);
        match place {
            Some(Place::Standby(Standby::Copy)) => {
                let reason = lineage::quarantined(wanted);
                tracing::warn!(%host, reason, "the gateway keeps this agent in quarantine");
                link.lineage.taken(&link.credentials, wanted.instance);
                link.board.taken(wanted, true);
                link.tell(self.index, Some(Connection::Failed(reason)));
            }
            Some(Place::Standby(why)) => {
                tracing::info!(%host, index = self.index, ?why, "tunnel waits");
                link.board.taken(wanted, false);
                link.tell(self.index, Some(Connection::Up));
            }
            Some(Place::Holder) => {
                link.lineage.kept(&link.credentials, wanted.instance);
                link.board.taken(wanted, false);
                link.tell(self.index, Some(Connection::Up));
            }
            None => {}
        }
    }

    /// Leaves the connection to itself until its replacement is up, or the link stops.
    fn outdate(&self) -> Option<Outdated> {
        let served = self.served.clone();
        tracing::info!(host = %self.link.wanted.region_host, index = self.index, "the proxy changed; connecting anew");
        if served.hello().borrow().is_none() {
            served.wish_drain();
            return None;
        }
        let (replaced, is_replaced) = oneshot::channel::<()>();
        let tasks = self.link.tasks.clone();
        self.link.tasks.spawn("tunnel-outdated", async move {
            tokio::select! {
                _ = is_replaced => {}
                () = tasks.stopped() => {}
            }
            served.wish_drain();
        });
        Some(Outdated {
            _replaced: replaced,
        })
    }
}
