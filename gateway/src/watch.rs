//! What watches the running gateway: the operators' port and questions, presence, alerts, the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use underpass_alerting::{Courier, Store};
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::Levels;

use crate::alerts::{Alerts, Incidents, Looker, Looks, WatchedSettings};
use crate::cli::Serve;
use crate::directory::Directory;
use crate::live::Live;
use crate::log_level;
use crate::metrics::{Host, Metrics, Report};
use crate::operations::{self, Operations};
use crate::presence::Presences;
use crate::serve::until_stopped;
use crate::tunnels::{Places, Registry};

/// The alerts of before, and who is told of new ones.
pub(crate) struct Alarm {
    alerts: Alerts,
    outbox: Store,
    settings: WatchedSettings,
}

impl Alarm {
    /// Reads both.
    ///
    /// # Errors
    /// When one cannot be used.
    pub(crate) async fn open(data_dir: &Path, options: &Serve) -> anyhow::Result<Self> {
        let settings = WatchedSettings::read(options.alerts.clone(), &options.region_host);
        let (alerts, outbox) = Alerts::open(data_dir).await?;
        Ok(Self {
            alerts,
            outbox,
            settings: settings.context("--alerts")?,
        })
    }
}

/// What is watched.
pub(crate) struct Watch {
    pub(crate) directory: Directory,
    pub(crate) registry: Registry,
    pub(crate) places: Places,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) incidents: Incidents,
    pub(crate) data_dir: PathBuf,
    pub(crate) levels: Option<Levels>,
}

impl Watch {
    /// Starts watching; ends with `tasks`. `port` is the operators', and `consumers` are those whose
    /// end it tells.
    pub(crate) fn start(
        self,
        alarm: Alarm,
        port: TcpListener,
        (consumers, tasks): (&Tasks, &Tasks),
    ) {
        let host = Host::new(&self.data_dir);
        let told = Operations {
            report: Report {
                metrics: Arc::clone(&self.metrics),
                registry: self.registry.clone(),
                directory: self.directory.clone(),
                host: host.clone(),
            },
            consumers: consumers.clone(),
        };
        tasks.spawn("operators-port", operations::run(port, told, tasks.clone()));
        if let Some(levels) = self.levels {
            let follow = log_level::follow(self.directory.clone(), levels);
            tasks.spawn("log-level", until_stopped(tasks, follow));
        }
        let presences = Presences::new(self.registry.clone(), self.directory.clone());
        let Alarm {
            alerts,
            outbox,
            settings,
        } = alarm;
        let courier = Courier::new(outbox, settings.delivery(), settings.surroundings());
        let live = Live {
            directory: self.directory.clone(),
            registry: self.registry,
            places: self.places,
            presences: presences.clone(),
            metrics: Arc::clone(&self.metrics),
            alerts: alerts.clone(),
            courier: courier.clone(),
            started_ms: clock::wall_ms(),
        };
        let looks = Looks {
            directory: self.directory,
            presences: presences.clone(),
            incidents: self.incidents,
            metrics: self.metrics,
            host,
            data_dir: self.data_dir,
            courier: courier.clone(),
        };
        let looker = Looker::new(looks, settings, alerts);
        tasks.spawn("presence", until_stopped(tasks, presences.watch()));
        tasks.spawn("orders", until_stopped(tasks, live.serve(tasks.clone())));
        tasks.spawn("alerts", until_stopped(tasks, looker.run()));
        tasks.spawn("courier", courier.run(tasks.clone()));
    }
}
