//! The running agent: opens its state, keeps its tunnels, ends with a drain.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Handle;
use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::{FileLimits, Levels, LogFiles, Recent};
use underpass_runtime::threads::DataThreads;
use underpass_runtime::{clock, service};
use underpass_shared::audit::{Category, Record};
use underpass_shared::config::LogSettings;
use underpass_shared::protocol::timers::DRAIN_GRACE;

use crate::admin::{self, Admin};
use crate::alerts::{Alerts, Inputs, Keep, Source};
use crate::audit::{self, Audit, Present};
use crate::control::{Control, End};
use crate::credentials::CredentialStore;
use crate::deliver::{self, Delivery};
use crate::diagnosis::{self, Diagnoses};
use crate::events::Events;
use crate::expiry;
use crate::forward::{Forward, OwnListeners};
use crate::heartbeat;
use crate::history::{self, Kept};
use crate::logs::Logs;
use crate::management::{self, ServerCertificates};
use crate::measure::{Meter, Tick, Ticker};
use crate::operators;
use crate::probes::{self, Probes};
use crate::secrets::SecretStore;
use crate::status::{self, StatusBoard};
use crate::store::{Snapshot, Store};
use crate::trace::Traces;
use crate::tunnel::{self, Tunnels};
use crate::vault::Vault;
use crate::warnings;

/// What is left of the drain's grace for everything else to end.
const END_MARGIN: Duration = Duration::from_secs(5);
/// Where the files of the log are, in the data directory.
const LOG_DIR: &str = "log";
/// Bytes of a megabyte.
const MEGABYTE: u64 = 1_000_000;
/// `status.json` is written again after this time even when nothing changed.
const STATUS_EVERY: Duration = Duration::from_secs(10);
/// Several changes within this time are written once.
const STATUS_PAUSE: Duration = Duration::from_millis(50);

/// How the running agent is administered.
#[derive(Clone, Debug)]
pub struct Administration {
    /// The group that may use the local socket.
    pub operators_group: Option<String>,
    /// The management API.
    pub management: management::Options,
    /// The signing request of the first Administrator.
    pub first_administrator: Option<PathBuf>,
    /// What is logged.
    pub levels: Levels,
    /// What was logged.
    pub recent: Recent,
    /// Whether a service manager starts the agent again after its end.
    pub is_restarted: bool,
}

/// Runs the agent of a data directory until `stop` resolves.
///
/// # Errors
/// When the data directory cannot be used.
pub async fn run(
    data_dir: &Path,
    administration: Administration,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<End> {
    let store = Store::open(data_dir, clock::wall_ms)?;
    seal_secrets(data_dir);
    let board = StatusBoard::default();
    let control = Control::new(administration.is_restarted);
    let audit = begin_audit(data_dir, &store, &board)?;
    // Tunnels end before the connections that carry their requests.
    let (tunnels, backends) = (Tasks::new(), Tasks::new());
    let secrets = SecretStore::new(data_dir);
    let diagnoses = Diagnoses::open(data_dir);
    let traces = Traces::open(data_dir);
    let log_files = write_log(data_dir, &administration.recent, &store);
    let forward = Forward::new(
        store.snapshot(),
        secrets,
        &backends,
        audit.clone(),
        (diagnoses.clone(), traces.clone()),
    );
    let listeners = forward.own_listeners().clone();
    let meter = forward.meter().clone();
    let reconciled = Tunnels {
        credentials: CredentialStore::new(data_dir),
        secrets: SecretStore::new(data_dir),
        board: board.clone(),
        diagnoses: diagnoses.clone(),
        drain: control.drain(),
        tasks: tunnels.clone(),
    };
    tunnels.spawn(
        "reconcile",
        tunnel::run(reconciled, forward, store.snapshot()),
    );
    let probed = Probes::default();
    let means = probes::Means {
        secrets: SecretStore::new(data_dir),
        own: listeners.clone(),
        diagnoses: diagnoses.clone(),
        meter: meter.clone(),
        tasks: backends.clone(),
    };
    let aside = Aside::start().context("cannot start the thread of the administration")?;
    let delivery = delivery(data_dir, &store, listeners.clone(), &aside);
    administer(
        data_dir,
        &administration,
        &store,
        &board,
        &audit,
        (listeners, control.clone(), meter, delivery),
        Looked {
            diagnoses: diagnoses.clone(),
            traces: traces.clone(),
            log_files: log_files.clone(),
            probes: probed.clone(),
        },
        &aside,
    )
    .await;
    aside.spawn("probes", probes::run(probed, store.snapshot(), means));
    let tracing = traces.run(audit.clone(), store.snapshot(), aside.tasks.clone());
    aside.spawn("traces", tracing);
    aside.spawn(
        "diagnoses",
        diagnosis::run(
            diagnoses,
            store.snapshot(),
            board.clone(),
            aside.tasks.clone(),
        ),
    );
    let logging = (administration.levels, log_files.clone());
    watch(data_dir, &store, &board, logging, &aside);
    let watchdog = Tasks::new();
    service::watchdog(&watchdog, &[]);
    // Not when tunnels are up: a gateway that is away must not hold up the start of the host.
    service::ready();
    tracing::info!(
        revision = store.current().revision().number,
        "agent running"
    );

    let end = tokio::select! {
        () = stop => End::Stopped,
        () = control.restarting() => End::Restart,
        () = ended(store.snapshot()) => anyhow::bail!("the store ended"),
    };
    service::stopping();
    tracing::info!("stopping: no new requests, running ones may finish");
    let in_time = tunnels.join(DRAIN_GRACE + END_MARGIN).await & backends.join(END_MARGIN).await;
    if !in_time {
        tracing::warn!("some requests were aborted because they outlasted the grace");
    }
    aside.end().await;
    end_audit(&audit);
    remove_told(data_dir);
    watchdog.join(END_MARGIN).await;
    tracing::info!("stopped");
    if let Some(files) = log_files {
        files.close();
    }
    Ok(end)
}

/// The thread of everything but requests: what waits for a disk or looks at the whole document
/// must not hold them up.
struct Aside {
    tasks: Tasks,
    threads: DataThreads,
    runtime: Handle,
}

impl Aside {
    fn start() -> io::Result<Self> {
        let tasks = Tasks::new();
        let threads = DataThreads::start_as("admin", 1, &tasks)?;
        let runtime = threads.handles().first().cloned();
        Ok(Self {
            runtime: runtime.ok_or_else(|| io::Error::other("the thread did not start"))?,
            tasks,
            threads,
        })
    }

    fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(&self.runtime, name, task);
    }

    async fn end(self) {
        if self.tasks.join(END_MARGIN).await {
            self.threads.join();
        }
    }
}

/// Resolves when the store's writer is gone, without which nothing can be changed any more.
async fn ended(mut snapshot: watch::Receiver<Arc<Snapshot>>) {
    while snapshot.changed().await.is_ok() {}
}

/// Without a process these files would lie.
fn remove_told(data_dir: &Path) {
    for path in [status::path(data_dir), management::addresses(data_dir)] {
        match std::fs::remove_file(path) {
            Ok(()) => {}
            Err(error) => tracing::debug!(%error, "no such file to remove"),
        }
    }
}

/// What operators look at where something goes wrong.
struct Looked {
    diagnoses: Diagnoses,
    traces: Traces,
    log_files: Option<LogFiles>,
    probes: Probes,
}

/// Starts the local socket and the management API. One does without the other.
async fn administer(
    data_dir: &Path,
    administration: &Administration,
    store: &Store,
    board: &StatusBoard,
    audit: &Audit,
    (listeners, control, meter, delivery): (OwnListeners, Control, Meter, Option<Delivery>),
    looked: Looked,
    aside: &Aside,
) {
    let (runtime, tasks) = (&aside.runtime, &aside.tasks);
    let events = Events::new(tasks);
    let feed = events
        .clone()
        .feed(store.clone(), board.clone(), audit.clone());
    aside.spawn("events", feed);
    let ticker = Ticker {
        meter: meter.clone(),
        data_dir: data_dir.to_owned(),
        snapshot: store.snapshot(),
        audit: audit.clone(),
        events: events.clone(),
        tasks: tasks.clone(),
    };
    let history = measure(data_dir, store, ticker, aside);
    let alerts = Alerts::open(keep(delivery.as_ref()), events.clone()).await;
    let admin = Admin::running(data_dir, store.clone(), board.clone(), audit.clone())
        .with_events(events, listeners.clone())
        .with_alerts(alerts.clone())
        .with_levels(administration.levels.clone())
        .with_logs(Logs::new(administration.recent.clone(), tasks))
        .with_control(control.clone())
        .with_meter(meter.clone())
        .with_delivery(delivery.clone())
        .with_history(history)
        .with_diagnoses(looked.diagnoses.clone())
        .with_traces(looked.traces)
        .with_log_files(looked.log_files)
        .with_probes(looked.probes.clone());
    let inputs = Inputs {
        data_dir: data_dir.to_owned(),
        traces: data_dir.join("traces"),
        snapshot: store.snapshot(),
        board: board.clone(),
        drain: control.drain(),
        audit: audit.clone(),
        desk: admin.desk().clone(),
        sample: meter.last(),
        sources: sources(delivery, looked.diagnoses, looked.probes),
    };
    aside.spawn("alerts", alerts.run(inputs, tasks.clone()));
    aside.spawn("trials", admin.clone().watch_trials(tasks.clone()));
    let group = administration.operators_group.as_deref();
    if let Err(error) = admin::start(data_dir, group, admin.clone(), runtime, tasks) {
        tracing::error!(%error, "this agent has no local socket; commands cannot reach it");
    }
    if let Some(request) = administration.first_administrator.clone() {
        let (admin, data_dir) = (admin.clone(), data_dir.to_owned());
        aside.spawn("first-administrator", async move {
            if let Err(error) = operators::seed(&data_dir, &admin, &request).await {
                let error = format!("{error:#}");
                tracing::error!(error, "the first Administrator was not made");
            }
        });
    }
    let managed = || {
        let identity = admin.desk().identity()?;
        let served = management::Served {
            certificates: ServerCertificates::open(data_dir, admin.desk().clone())?,
            admin,
            identity,
            snapshot: store.snapshot(),
            board: board.clone(),
            listeners,
        };
        management::start(data_dir, &administration.management, served, runtime, tasks)
    };
    if let Err(error) = managed() {
        let error = format!("{error:#}");
        tracing::error!(error, "this agent has no management API");
    }
}

/// Starts the delivery of alerts, if they can be kept.
fn delivery(
    data_dir: &Path,
    store: &Store,
    listeners: OwnListeners,
    aside: &Aside,
) -> Option<Delivery> {
    let (alerts, secrets) = (deliver::open(data_dir)?, SecretStore::new(data_dir));
    let delivery = Delivery::new(alerts, store.snapshot(), secrets, listeners);
    aside.spawn("delivery", delivery.clone().run(aside.tasks.clone()));
    Some(delivery)
}

/// Starts measuring, and keeping what is measured.
fn measure(data_dir: &Path, store: &Store, ticker: Ticker, aside: &Aside) -> Result<Kept, String> {
    let kept = Kept::open(data_dir, &store.current());
    let keeper = kept.clone().ok();
    let keep = move |tick: &Tick| {
        if let Some(kept) = &keeper {
            kept.keep(tick);
        }
    };
    aside.spawn("measure", ticker.run(keep));
    if let Ok(kept) = &kept {
        let (snapshot, tasks) = (store.snapshot(), aside.tasks.clone());
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
fn sources(delivery: Option<Delivery>, diagnoses: Diagnoses, probes: Probes) -> Vec<Source> {
    let delivery = delivery.map(|delivery| {
        let find = move || deliver::conditions(&delivery.courier().states());
        Box::new(find) as Source
    });
    let others: [Source; 2] = [
        Box::new(move || diagnoses.conditions()),
        Box::new(move || probes.conditions()),
    ];
    delivery.into_iter().chain(others).collect()
}

/// Starts what only looks: the status file, the ends of certificates, what is logged.
fn watch(
    data_dir: &Path,
    store: &Store,
    board: &StatusBoard,
    (levels, files): (Levels, Option<LogFiles>),
    aside: &Aside,
) {
    let (snapshot, tasks) = (store.snapshot(), &aside.tasks);
    aside.spawn(
        "expiry",
        expiry::run(
            snapshot.clone(),
            CredentialStore::new(data_dir),
            board.clone(),
            tasks.clone(),
        ),
    );
    aside.spawn(
        "log-levels",
        log_as_configured(snapshot.clone(), levels, files, tasks.clone()),
    );
    aside.spawn(
        "heartbeat",
        heartbeat::run(
            snapshot.clone(),
            board.clone(),
            SecretStore::new(data_dir),
            tasks.clone(),
        ),
    );
    // It is there before the agent says that it is ready.
    let warnings = warnings::of(store.current().document());
    write_status(data_dir, board, &store.current(), warnings);
    aside.spawn(
        "status",
        tell(data_dir.to_owned(), board.clone(), snapshot, tasks.clone()),
    );
}

/// Seals what is not sealed yet. What cannot be opened is told by whatever needs it; the rest of
/// the agent goes on.
fn seal_secrets(data_dir: &Path) {
    match Vault::new(data_dir).prepare() {
        Ok(origin) => tracing::info!(data_key = %origin, "secrets are sealed"),
        Err(error) => {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::error!(error, "some secrets cannot be used");
        }
    }
}

/// Opens the audit log and records the start.
fn begin_audit(data_dir: &Path, store: &Store, board: &StatusBoard) -> io::Result<Audit> {
    let audit = Audit::open(
        data_dir,
        clock::wall_ms,
        Present::following(store.snapshot()),
    )?;
    let started = format!(
        "version {} started with revision {}",
        env!("CARGO_PKG_VERSION"),
        store.current().revision().number
    );
    audit.record(Record::of_agent(
        audit.now_ms(),
        Category::ServiceStart,
        &started,
    ));
    board.on_tunnel(audit::tunnels::recorder(audit.clone(), store.snapshot()));
    Ok(audit)
}

/// Records the end and closes the audit log.
fn end_audit(audit: &Audit) {
    let (time_ms, category) = (audit.now_ms(), Category::ServiceStop);
    audit.record(Record::of_agent(time_ms, category, "stopped"));
    audit.close();
}

/// Writes the log into files too. The agent runs without them.
fn write_log(data_dir: &Path, recent: &Recent, store: &Store) -> Option<LogFiles> {
    let current = store.current();
    let limits = limits(&current.document().connector().log_and_trace);
    match LogFiles::start(&data_dir.join(LOG_DIR), recent, limits) {
        Ok(files) => Some(files),
        Err(error) => {
            tracing::error!(%error, "the log is written into no files");
            None
        }
    }
}

fn limits(settings: &LogSettings) -> FileLimits {
    FileLimits {
        bytes: u64::from(settings.rollover_threshold.0.get()) * MEGABYTE,
        days: settings.cleanup.get(),
    }
}

/// Lets the log follow the configuration.
async fn log_as_configured(
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    levels: Levels,
    files: Option<LogFiles>,
    tasks: Tasks,
) {
    let mut present = LogSettings::default();
    loop {
        let current = Arc::clone(&snapshot.borrow_and_update());
        let wanted = &current.document().connector().log_and_trace;
        if *wanted != present {
            present = wanted.clone();
            levels.set(wanted.scc_log_level, wanted.other_log_level, &wanted.levels);
            if let Some(files) = &files {
                files.limit(limits(wanted));
            }
        }
        tokio::select! {
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tasks.stopped() => return,
        }
    }
}

/// Writes the status file on every change.
async fn tell(
    data_dir: PathBuf,
    board: StatusBoard,
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    tasks: Tasks,
) {
    let mut warnings: Vec<String> = vec![];
    let mut warned = None;
    loop {
        let changed = board.changed();
        let current = snapshot.borrow_and_update().clone();
        if warned != Some(current.document().hash()) {
            warned = Some(current.document().hash());
            let present = warnings::of(current.document());
            for warning in present.iter().filter(|one| !warnings.contains(one)) {
                tracing::warn!(warning, "the configuration weakens security");
            }
            warnings = present;
        }
        write_status(&data_dir, &board, &current, warnings.clone());
        tokio::select! {
            () = changed => {}
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(STATUS_EVERY) => {}
            () = tasks.stopped() => return,
        }
        tokio::time::sleep(STATUS_PAUSE).await;
    }
}

fn write_status(data_dir: &Path, board: &StatusBoard, current: &Snapshot, warnings: Vec<String>) {
    let problem = current.problem().map(ToString::to_string);
    let status = status::now(board, current.revision().number, problem, warnings);
    if let Err(error) = status::write(&status, data_dir) {
        tracing::warn!(%error, "cannot write the status file");
    }
}
