//! Watches the agent and tells what is different.

use std::collections::BTreeMap;
use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::api::management::{Event, LinkStatus, PendingConfirm, TunnelState};
use underpass_shared::config::{Revision, Trial};
use underpass_shared::hash::Hash256;
use underpass_shared::id::InstanceId;

use super::Events;
use super::notices::Noticed;
use crate::admin::tunnel;
use crate::audit::Audit;
use crate::status::StatusBoard;
use crate::store::{Snapshot, Store};
use crate::warnings;

/// Revisions that are told one by one after many were made at once.
const REVISIONS_MAX: u64 = 100;

/// What was told last.
struct Told {
    revision: u64,
    content: Hash256,
    trial: Option<Trial>,
    warnings: Vec<String>,
    tunnels: BTreeMap<InstanceId, Event>,
    noticed: Noticed,
}

impl Events {
    /// Tells of tunnels, revisions, trials, warnings and what Administrators are to know, until
    /// the agent ends.
    pub(crate) async fn feed(self, store: Store, board: StatusBoard, audit: Audit) {
        let (mut snapshot, mut links) = (store.snapshot(), board.subscribe());
        let mut failure = audit.failure();
        let first = Arc::clone(&snapshot.borrow_and_update());
        let mut told = Told {
            revision: first.revision().number,
            content: first.document().hash(),
            trial: first.trial().cloned(),
            warnings: warnings::of(first.document()),
            tunnels: tunnels(&board.links()),
            // What ends soon is told to those who look the first time too.
            noticed: Noticed::of(&first, vec![], None),
        };
        loop {
            tokio::select! {
                changed = snapshot.changed() => if changed.is_err() {
                    return;
                },
                changed = links.changed() => if changed.is_err() {
                    return;
                },
                Ok(()) = failure.changed() => {}
                () = self.0.tasks.stopped() => return,
            }
            let failed = failure.borrow_and_update().clone();
            let current = Arc::clone(&snapshot.borrow_and_update());
            for event in revisions(&store, told.revision, current.revision()).await {
                self.tell(event);
            }
            for event in told.catch_up(&current, &board.links()) {
                self.tell(event);
            }
            for text in told.noticed.catch_up(&current, board.ends(), failed) {
                self.tell(Event::Notice { text });
            }
        }
    }
}

impl Told {
    fn catch_up(&mut self, current: &Snapshot, links: &[LinkStatus]) -> Vec<Event> {
        let mut events = vec![];
        self.revision = current.revision().number;
        if current.trial() != self.trial.as_ref() {
            self.trial = current.trial().cloned();
            let show = |trial: &Trial| PendingConfirm::show(trial, trial.left(clock::wall_ms()));
            let pending = self.trial.as_ref().map(show);
            events.push(Event::PendingConfirm { pending });
        }
        if current.document().hash() != self.content {
            self.content = current.document().hash();
            let warnings = warnings::of(current.document());
            if warnings != self.warnings {
                self.warnings.clone_from(&warnings);
                events.push(Event::Warnings { warnings });
            }
        }
        let tunnels = tunnels(links);
        for (instance, event) in &tunnels {
            if self.tunnels.get(instance) != Some(event) {
                events.push(event.clone());
            }
        }
        for (instance, event) in &self.tunnels {
            if !tunnels.contains_key(instance) {
                events.extend(gone(event));
            }
        }
        self.tunnels = tunnels;
        events
    }
}

/// Each revision behind `told`, though several may have come at once.
async fn revisions(store: &Store, told: u64, newest: &Revision) -> Vec<Event> {
    let count = newest.number.saturating_sub(told).min(REVISIONS_MAX);
    let mut list = match usize::try_from(count) {
        Ok(0) => return vec![],
        Ok(1) => vec![newest.clone()],
        Ok(count) => store.history(None, count).await.unwrap_or_default(),
        Err(_) => vec![],
    };
    list.retain(|one| told < one.number && one.number <= newest.number);
    let event = |one: Revision| Event::Revision {
        number: one.number,
        author: one.author,
        reason: one.reason,
    };
    list.into_iter().rev().map(event).collect()
}

fn tunnels(links: &[LinkStatus]) -> BTreeMap<InstanceId, Event> {
    let event = |link: &LinkStatus| {
        let tunnel = tunnel(Some(link));
        let event = Event::Tunnel {
            region_host: link.region_host.clone(),
            subaccount: link.subaccount,
            location_id: link.location_id.clone(),
            state: tunnel.state,
            connections: tunnel.connections,
            message: tunnel.state_message,
        };
        (link.instance, event)
    };
    links.iter().map(event).collect()
}

/// A tunnel that shall not be open any more.
fn gone(event: &Event) -> Option<Event> {
    let mut event = event.clone();
    let Event::Tunnel {
        state,
        connections,
        message,
        ..
    } = &mut event
    else {
        return None;
    };
    (*state, *connections, *message) = (TunnelState::Disconnected, 0, None);
    Some(event)
}
