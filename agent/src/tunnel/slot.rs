//! One tunnel connection that is kept up for ever: dial, serve, replace, back off.

use std::sync::Arc;

use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{Handler, Served, serve};
use underpass_runtime::{clock, random};
use underpass_shared::protocol::capability::CAPABILITY;
use underpass_shared::protocol::internal::HelloAnswer;
use underpass_shared::protocol::role::Role;
use underpass_shared::tunnel::backoff::Backoff;

use super::dial::dial;
use super::reconcile::Wanted;
use crate::credentials::CredentialStore;
use crate::status::{Connection, StatusBoard};

/// What the slots of one enrolment share.
pub(super) struct Link<H> {
    pub(super) wanted: Wanted,
    pub(super) credentials: CredentialStore,
    pub(super) handler: Arc<H>,
    pub(super) board: StatusBoard,
    /// How many connections the gateway asked for.
    pub(super) connections: watch::Sender<u8>,
    /// Told to stop when the enrolment is no longer wanted.
    pub(super) tasks: Tasks,
}

/// Keeps one connection up until the link stops or the gateway wants fewer than `index` + 1.
pub(super) async fn keep<H: Handler>(link: Arc<Link<H>>, index: u8) {
    let mut backoff = Backoff::default();
    let mut count = link.connections.subscribe();
    loop {
        if link.tasks.is_stopped() || *count.borrow_and_update() <= index {
            break;
        }
        let ended = attempt(&link, index, &mut backoff).await;
        let wait = match ended {
            // It goes on beside us until its streams have ended; the next one is due now.
            Ended::Draining => continue,
            Ended::Lost => backoff.lost(clock::monotonic(), random::number()),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = link.tasks.stopped() => break,
        }
    }
    link.board.connection(&link.wanted, index, None);
}

enum Ended {
    Draining,
    Lost,
}

async fn attempt<H: Handler>(link: &Arc<Link<H>>, index: u8, backoff: &mut Backoff) -> Ended {
    let wanted = &link.wanted;
    link.board
        .connection(wanted, index, Some(Connection::Connecting));
    let stream = async {
        let credentials = link.credentials.load(wanted.instance)?;
        let tls = credentials.tls(Role::Tunnel)?;
        anyhow::Ok(dial(&wanted.region_host, &tls).await?)
    };
    let (stream, wire) = match stream.await {
        Ok(connected) => connected,
        Err(error) => {
            tracing::info!(host = %wanted.region_host, error = format!("{error:#}"), "tunnel not connected");
            let failed = Connection::Failed(format!("{error:#}"));
            link.board.connection(wanted, index, Some(failed));
            return Ended::Lost;
        }
    };
    let served = Served::new(HelloAnswer {
        capability: CAPABILITY,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: wanted.instance,
    });
    let serving = {
        let (link, served) = (Arc::clone(link), served.clone());
        async move { serve(stream, wire, &served, &link.handler, &link.tasks).await }
    };
    let serving = link.tasks.spawn("tunnel-serve", serving);
    follow(link, index, backoff, &served, serving).await
}

/// Follows a served connection until it ends or is on its way out.
async fn follow<H: Handler>(
    link: &Arc<Link<H>>,
    index: u8,
    backoff: &mut Backoff,
    served: &Served,
    mut serving: tokio::task::JoinHandle<
        Option<Result<(), underpass_runtime::tunnel::ConnectionError>>,
    >,
) -> Ended {
    let mut hello = served.hello();
    let mut count = link.connections.subscribe();
    let mut wished = false;
    loop {
        tokio::select! {
            ended = &mut serving => {
                let reason = match ended {
                    Ok(Some(Err(error))) => format!("{:#}", anyhow::Error::from(error)),
                    _ => "the gateway closed the connection".to_owned(),
                };
                tracing::info!(host = %link.wanted.region_host, reason, "tunnel down");
                if let Some(retry) = served.retry_after() {
                    backoff.retry_after(std::time::Duration::from_millis(retry.after_ms));
                }
                link.board.connection(&link.wanted, index, Some(Connection::Failed(reason)));
                return Ended::Lost;
            }
            Ok(()) = hello.changed() => {
                let Some(hello) = hello.borrow_and_update().clone() else { continue };
                backoff.connected(clock::monotonic());
                tracing::info!(host = %link.wanted.region_host, index, "tunnel up");
                link.board.connection(&link.wanted, index, Some(Connection::Up));
                link.connections.send_if_modified(|count| {
                    let changed = hello.connections > 0 && *count != hello.connections;
                    if changed {
                        *count = hello.connections;
                    }
                    changed
                });
            }
            () = served.draining(), if !wished => {
                if served.retry_after().is_none() {
                    return Ended::Draining;
                }
            }
            Ok(_) = count.wait_for(|count| *count <= index), if !wished => {
                wished = true;
                served.wish_drain();
            }
            () = link.tasks.stopped(), if !wished => {
                wished = true;
                served.wish_drain();
            }
        }
    }
}
