//! Starts what operators reach: the local socket and the management API, with all that they show.

use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::alert::Look;
use underpass_shared::api::management::AlertState;

use super::Administration;
use super::aside::Aside;
use super::parts::Parts;
use crate::admin::{self, Admin, Live};
use crate::alerts::{self, Alerts, Inputs, Keep, Source};
use crate::deliver::{self, Delivery};
use crate::events::Events;
use crate::history::{self, Kept, Trouble};
use crate::logs::Logs;
use crate::management::{self, ServerCertificates};
use crate::measure::{Tick, Ticker};
use crate::operators;
use crate::secrets::SecretStore;
use crate::trace;
use crate::tunnel;

/// Starts the local socket and the management API. One does without the other.
pub(super) async fn administer(administration: &Administration, parts: &Parts, aside: &Aside) {
    let admin = admin(administration, parts, aside).await;
    let (runtime, tasks) = (&aside.runtime, &aside.tasks);
    aside.spawn("trials", admin.clone().watch_trials(tasks.clone()));
    let backups = admin.clone().run_schedules(tasks.clone());
    aside.spawn("backup-schedules", backups);
    let group = administration.operators_group.as_deref();
    if let Err(error) = admin::start(&parts.data_dir, group, admin.clone(), runtime, tasks) {
        tracing::error!(%error, "this agent has no local socket; commands cannot reach it");
    }
    if let Some(request) = administration.first_administrator.clone() {
        let (admin, data_dir) = (admin.clone(), parts.data_dir.clone());
        aside.spawn("first-administrator", async move {
            if let Err(error) = operators::seed(&data_dir, &admin, &request).await {
                let error = format!("{error:#}");
                tracing::error!(error, "the first Administrator was not made");
            }
        });
    }
    if let Err(error) = manage(administration, parts, admin, aside) {
        let error = format!("{error:#}");
        tracing::error!(error, "this agent has no management API");
    }
}

fn manage(
    administration: &Administration,
    parts: &Parts,
    admin: Admin,
    aside: &Aside,
) -> anyhow::Result<()> {
    let served = management::Served {
        certificates: ServerCertificates::open(&parts.data_dir, admin.desk().clone())?,
        admin,
        snapshot: parts.store.snapshot(),
        board: parts.board.clone(),
        listeners: parts.listeners.clone(),
    };
    let (options, runtime) = (&administration.management, &aside.runtime);
    management::start(&parts.data_dir, options, served, runtime, &aside.tasks)
}

/// The handlers of all calls, with what they show; starts what tells them.
async fn admin(administration: &Administration, parts: &Parts, aside: &Aside) -> Admin {
    let tasks = &aside.tasks;
    let (store, board, audit) = (&parts.store, &parts.board, &parts.audit);
    let events = Events::new(tasks);
    let feed = events
        .clone()
        .feed(store.clone(), board.clone(), audit.clone());
    aside.spawn("events", feed);
    let delivery = delivery(parts, aside);
    let kept = measure(parts, events.clone(), aside);
    let alerts = Alerts::open(keep(delivery.as_ref()), events.clone()).await;
    let standing = alerts.list(AlertState::Active, usize::MAX);
    parts.diagnoses.recall(&standing);
    let live = Live {
        board: board.clone(),
        events,
        own: parts.listeners.clone(),
        alerts: alerts.clone(),
        delivery: delivery.clone(),
        logs: Logs::new(administration.recent.clone(), tasks),
        log_files: parts.log_files.clone(),
        levels: Some(administration.levels.clone()),
        control: parts.control.clone(),
        meter: parts.meter.clone(),
        history: kept,
        diagnoses: parts.diagnoses.clone(),
        traces: parts.traces.clone(),
        probes: parts.probes.clone(),
    };
    let admin = Admin::running(&parts.data_dir, store.clone(), audit.clone(), live);
    let inputs = Inputs {
        data_dir: parts.data_dir.clone(),
        traces: parts.data_dir.join(trace::DIR),
        snapshot: store.snapshot(),
        board: board.clone(),
        drain: parts.control.drain(),
        audit: audit.clone(),
        desk: admin.desk().clone(),
        sample: parts.meter.last(),
        sources: sources(delivery, parts, &admin),
    };
    aside.spawn("alerts", alerts.run(inputs, tasks.clone()));
    admin
}

/// Starts the delivery of alerts, if they can be kept.
fn delivery(parts: &Parts, aside: &Aside) -> Option<Delivery> {
    let (alerts, secrets) = (
        deliver::open(&parts.data_dir)?,
        SecretStore::new(&parts.data_dir),
    );
    let (snapshot, listeners) = (parts.store.snapshot(), parts.listeners.clone());
    let delivery = Delivery::new(alerts, snapshot, secrets, listeners);
    aside.spawn("delivery", delivery.clone().run(aside.tasks.clone()));
    Some(delivery)
}

/// Starts measuring, and keeping what is measured.
fn measure(parts: &Parts, events: Events, aside: &Aside) -> Result<Kept, String> {
    let ticker = Ticker {
        meter: parts.meter.clone(),
        data_dir: parts.data_dir.clone(),
        snapshot: parts.store.snapshot(),
        audit: parts.audit.clone(),
        events,
        tasks: aside.tasks.clone(),
    };
    let kept = Kept::open(&parts.data_dir, &parts.store.current());
    let (keeper, board) = (kept.clone().ok(), parts.board.clone());
    board.history(kept.clone());
    let mut before = Trouble::default();
    let keep = move |tick: &Tick| {
        let Some(kept) = &keeper else { return };
        kept.keep(tick);
        let trouble = kept.trouble();
        // How many samples were lost is no news.
        if trouble.stopped.is_some() != before.stopped.is_some()
            || trouble.damaged != before.damaged
        {
            board.history_changed();
        }
        before = trouble;
    };
    aside.spawn("measure", ticker.run(keep));
    if let Ok(kept) = &kept {
        let (snapshot, tasks) = (parts.store.snapshot(), aside.tasks.clone());
        let history = kept.history().clone();
        aside.spawn(
            "history",
            history::retain_as_configured(history, snapshot, tasks),
        );
    }
    kept
}

/// Where alerts are kept.
fn keep(delivery: Option<&Delivery>) -> Keep {
    let store = delivery.map(|delivery| delivery.store().clone());
    store.map_or_else(Keep::nowhere, Keep::in_store)
}

/// Who else finds what is wrong.
fn sources(delivery: Option<Delivery>, parts: &Parts, admin: &Admin) -> Vec<Source> {
    let (diagnoses, probes) = (parts.diagnoses.clone(), parts.probes.clone());
    let (board, admin) = (parts.board.clone(), admin.clone());
    let (snapshot, links) = (parts.store.snapshot(), parts.board.clone());
    let delivery = delivery.map(|delivery| {
        let started_ms = clock::wall_ms();
        let find = move || deliver::look(&delivery.courier().states(), started_ms);
        Box::new(find) as Source
    });
    let others: [Source; 4] = [
        Box::new(move || Look::from(tunnel::taken_conditions(&board))),
        Box::new(move || {
            let current = Arc::clone(&snapshot.borrow());
            let down = alerts::down(current.document(), &links.links());
            Look::from(diagnoses.conditions(&down))
        }),
        Box::new(move || probes.look()),
        Box::new(move || Look::from(admin.backup_conditions())),
    ];
    delivery.into_iter().chain(others).collect()
}
