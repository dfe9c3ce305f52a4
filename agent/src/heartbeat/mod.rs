//! Feeds the heartbeat: a URL that a monitor outside waits for.
//!
//! It is asked only while every tunnel that the configuration wants is up, so that the monitor
//! notices an agent that lives and yet serves nobody, and one that is drained. Nothing tells a dead
//! agent better than its own silence.

mod ask;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{HeartbeatStatus, LinkStatus};
use underpass_shared::config::{Connector, Heartbeat, HeartbeatUrl};

use crate::secrets::SecretStore;
use crate::status::StatusBoard;
use crate::store::Snapshot;
use crate::tunnel;

/// How soon a heartbeat is tried again that failed, if the next one is not due earlier.
const RETRY: Duration = Duration::from_secs(15);

/// Feeds it until told to stop.
pub(crate) async fn run(
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    board: StatusBoard,
    secrets: SecretStore,
    tasks: Tasks,
) {
    let mut links = board.subscribe();
    let mut sent_ms = None;
    loop {
        links.mark_unchanged();
        let current = Arc::clone(&snapshot.borrow_and_update());
        let connector = current.document().connector();
        let problem = match &connector.heartbeat.url {
            Some(url) => beat(url, &current, &board, &secrets).await.err(),
            None => None,
        };
        if problem.is_none() && connector.heartbeat.url.is_some() {
            sent_ms = Some(clock::wall_ms());
        }
        let waits = wait(&connector.heartbeat, problem.as_ref());
        board.heartbeat(told(connector, sent_ms, problem.as_ref()));
        let withheld = matches!(problem, Some(Problem::Withheld(_)));
        tokio::select! {
            () = until(waits) => {}
            // What was withheld is sent as soon as the tunnels are up.
            Ok(()) = links.changed(), if withheld => {}
            () = changed(&mut snapshot, connector) => {}
            () = tasks.stopped() => return,
        }
    }
}

/// Why there was no heartbeat.
#[derive(Debug)]
enum Problem {
    /// Tunnels are down.
    Withheld(String),
    /// It was tried.
    Failed(String),
}

async fn beat(
    url: &HeartbeatUrl,
    current: &Snapshot,
    board: &StatusBoard,
    secrets: &SecretStore,
) -> Result<(), Problem> {
    let wanted = tunnel::wanted(current);
    let down = down(&wanted, &board.links());
    if down > 0 {
        let count = wanted.len();
        let text = format!("withheld, for {down} of {count} tunnels are down");
        return Err(Problem::Withheld(text));
    }
    let asked = ask::ask(url, current.document().connector(), secrets).await;
    asked.map_err(|error| {
        let error = format!("{:#}", anyhow::Error::from(error));
        tracing::warn!(error, "heartbeat not sent");
        Problem::Failed(error)
    })
}

/// How many of the wanted tunnels are not up.
fn down(wanted: &BTreeSet<tunnel::Wanted>, links: &[LinkStatus]) -> usize {
    let is_up = |one: &tunnel::Wanted| {
        let found = links.iter().find(|link| {
            (
                &link.region_host,
                link.subaccount,
                &link.location_id,
                link.instance,
            ) == (
                &one.region_host,
                one.subaccount,
                &one.location,
                one.instance,
            )
        });
        found.is_some_and(|link| link.connected_since_ms.is_some())
    };
    wanted.iter().filter(|one| !is_up(one)).count()
}

/// How long to the next one; for ever without a heartbeat.
fn wait(heartbeat: &Heartbeat, problem: Option<&Problem>) -> Option<Duration> {
    heartbeat.url.as_ref()?;
    let every = Duration::from_secs(heartbeat.every_sec.get().into());
    match problem {
        Some(Problem::Failed(_)) => Some(every.min(RETRY)),
        Some(Problem::Withheld(_)) | None => Some(every),
    }
}

fn told(
    connector: &Connector,
    sent_ms: Option<i64>,
    problem: Option<&Problem>,
) -> Option<HeartbeatStatus> {
    connector.heartbeat.url.as_ref()?;
    let problem = problem.map(|problem| match problem {
        Problem::Withheld(text) | Problem::Failed(text) => text.clone(),
    });
    Some(HeartbeatStatus { sent_ms, problem })
}

async fn until(waits: Option<Duration>) {
    match waits {
        Some(waits) => sleep_until(Instant::now() + waits).await,
        None => std::future::pending().await,
    }
}

/// Resolves when the heartbeat, or the way to it, is set otherwise than in `connector`.
async fn changed(snapshot: &mut watch::Receiver<Arc<Snapshot>>, connector: &Connector) {
    loop {
        if snapshot.changed().await.is_err() {
            return std::future::pending().await;
        }
        let present = Arc::clone(&snapshot.borrow_and_update());
        let present = present.document().connector();
        if present.heartbeat != connector.heartbeat || present.proxy != connector.proxy {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::api::management::Connection;
    use underpass_shared::id::InstanceId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_wanted_tunnel_counts_as_down_until_one_of_its_connections_is_up() {
        let wanted = |number: u128| tunnel::Wanted {
            region_host: "gate:1".parse().unwrap(),
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location: "".parse().unwrap(),
            instance: InstanceId::from_uuid(Uuid::from_u128(number)),
        };
        let link = |number: u128, since| LinkStatus {
            region_host: "gate:1".parse().unwrap(),
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location_id: "".parse().unwrap(),
            instance: InstanceId::from_uuid(Uuid::from_u128(number)),
            connected_since_ms: since,
            gateway_version: None,
            connections: vec![Connection::Connecting],
        };
        let both = BTreeSet::from([wanted(1), wanted(2)]);
        assert_eq!(down(&BTreeSet::new(), &[]), 0);
        assert_eq!(down(&both, &[]), 2);
        assert_eq!(down(&both, &[link(1, Some(1)), link(2, None)]), 1);
        assert_eq!(down(&both, &[link(1, Some(1)), link(2, Some(1))]), 0);
        assert_eq!(down(&both, &[link(1, Some(1)), link(3, Some(1))]), 1);
    }

    #[test]
    fn a_failed_heartbeat_is_tried_again_soon_and_a_withheld_one_in_its_time() {
        let heartbeat = |url: Option<&str>, every: &str| Heartbeat {
            url: url.map(|url| url.parse().unwrap()),
            every_sec: serde_json::from_str(every).unwrap(),
        };
        let (minute, short) = (
            heartbeat(Some("http://h/"), "60"),
            heartbeat(Some("http://h/"), "5"),
        );
        let failed = Problem::Failed(String::new());
        let withheld = Problem::Withheld(String::new());
        let s = Duration::from_secs;
        assert_eq!(wait(&minute, None), Some(s(60)));
        assert_eq!(wait(&minute, Some(&failed)), Some(RETRY));
        assert_eq!(wait(&minute, Some(&withheld)), Some(s(60)));
        assert_eq!(wait(&short, Some(&failed)), Some(s(5)));
        assert_eq!(wait(&heartbeat(None, "60"), None), None);
    }
}
