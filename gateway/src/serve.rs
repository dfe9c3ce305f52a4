//! The running gateway: build binds and reports, run serves and ends with a drain.

mod names;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use tokio::net::TcpListener;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::Levels;
use underpass_runtime::threads::DataThreads;
use underpass_runtime::tls::{ServerTls, without_client_certificate};
use underpass_runtime::{clock, file, net, service};
use underpass_shared::id::RegionHost;
use underpass_shared::protocol::limits::CONNECTIONS_DEFAULT;
use underpass_shared::protocol::timers::DRAIN_GRACE;

use crate::alerts::Incidents;
use crate::backup::restore;
use crate::certificates::Certificates;
use crate::cli::{Global, Serve};
use crate::commands::STATE_FILE;
use crate::directory::{Addresses, Directory, LiveTunnel, Settings, TUNNEL_ROW_LIFE};
use crate::lock::Lock;
use crate::metrics::Metrics;
use crate::oauth::TokenEndpoint;
use crate::proxy::{self, Networks, Proxy, RemoteConsumers};
use crate::renewal::{Given, Renewal, Renewed};
use crate::state::{State, StoreClock};
use crate::token::{Issuer, LiveKeys, SigningKeys, Verifier};
use crate::token_port;
use crate::tunnels::{self, Places, PublicPort, Registry};
use crate::watch::{Alarm, Watch};

/// What is left of the drain's grace for everything else to end.
const END_MARGIN: Duration = Duration::from_secs(5);
/// How long changes of tunnels gather before the next are written.
const PUBLISH_PAUSE: Duration = Duration::from_millis(100);

/// A gateway whose listeners are bound.
pub struct Gateway {
    tunnel: TcpListener,
    proxy: TcpListener,
    token: TcpListener,
    admin: TcpListener,
    networks: Networks,
    certificates: Arc<Certificates>,
    directory: Directory,
    settings: Settings,
    data_dir: PathBuf,
    keys: LiveKeys,
    given: Option<Given>,
    lock: Lock,
    levels: Option<Levels>,
    alarm: Alarm,
}

/// The addresses that a gateway got, as written to `addresses.json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    pid: u32,
    tunnel: SocketAddr,
    proxy: SocketAddr,
    token: SocketAddr,
    admin: SocketAddr,
    region_host: RegionHost,
    token_url: String,
    ca_cert: PathBuf,
}

/// The tasks of a running gateway, in the order in which they are told to stop: consumers before
/// the tunnels that carry their requests, and operators may watch to the end.
#[derive(Default)]
struct Groups {
    consumers: Tasks,
    tunnels: Tasks,
    operations: Tasks,
}

impl Gateway {
    /// Opens the state, makes what is missing and binds the listeners.
    ///
    /// # Errors
    /// What cannot be used, by name.
    pub async fn build(global: &Global, options: &Serve) -> anyhow::Result<Self> {
        let remote = RemoteConsumers {
            listen: options.proxy_listen,
            allowed: options.allow_remote_consumers,
            from: &options.consumer_network,
        };
        let networks = remote.networks()?;
        file::private_dir(&global.data_dir)
            .with_context(|| format!("cannot create {}", global.data_dir.display()))?;
        let data_dir = dunce::canonicalize(&global.data_dir)
            .with_context(|| format!("cannot use {}", global.data_dir.display()))?;
        let lock = Lock::take(&data_dir)?;
        restore::finish(&data_dir)?;
        let certificates = Arc::new(Certificates::open(&data_dir)?);
        let keys = SigningKeys::load_or_create(&data_dir, clock::wall_ms())
            .context("cannot use the token-signing keys")?;
        let state = State::sqlite(&data_dir.join(STATE_FILE), StoreClock::system())
            .context("cannot open the gateway's state")?;
        let directory = Directory::open(state)
            .await
            .context("cannot read the gateway's state")?;
        let alarm = Alarm::open(&data_dir, options).await?;
        let tunnel = bind(options.tunnel_listen, "--tunnel-listen")?;
        let proxy = bind(options.proxy_listen, "--proxy-listen")?;
        let token = bind(options.token_listen, "--token-listen")?;
        let admin = bind(options.admin_listen, "--admin-listen")?;
        let region_host = names::region_host(&options.region_host, tunnel.local_addr()?)?;
        let proxy_address = proxy.local_addr()?;
        let proxy_host = options.proxy_host.clone();
        let proxy_host = names::proxy_host(proxy_host, proxy_address, &region_host)?;
        let settings = directory
            .publish_addresses(Addresses {
                token_url: names::token_url(&region_host, token.local_addr()?),
                region_host,
                proxy_host,
                proxy_address,
            })
            .await
            .context("cannot write the gateway's state")?;
        Ok(Self {
            tunnel,
            proxy,
            token,
            admin,
            networks,
            certificates,
            directory,
            settings,
            data_dir,
            keys: keys.into(),
            given: given(options),
            lock,
            levels: None,
            alarm,
        })
    }

    /// What is logged can be changed while it runs.
    #[must_use]
    pub fn with_levels(self, levels: Levels) -> Self {
        Self {
            levels: Some(levels),
            ..self
        }
    }

    /// Where it is reached.
    ///
    /// # Errors
    /// When a listener was lost.
    pub fn reached(&self) -> anyhow::Result<Reached> {
        Ok(Reached {
            pid: std::process::id(),
            tunnel: self.tunnel.local_addr()?,
            proxy: self.proxy.local_addr()?,
            token: self.token.local_addr()?,
            admin: self.admin.local_addr()?,
            region_host: self.settings.region_host.clone(),
            token_url: self.settings.token_url.clone(),
            ca_cert: self.certificates.ca_path().to_owned(),
        })
    }

    /// Serves until `stop` resolves, then drains: consumers get their answers, agents are told.
    ///
    /// # Errors
    /// When a certificate cannot be used or `addresses.json` cannot be written.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let reached = self.reached()?;
        let groups = Groups::default();
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads =
            DataThreads::start(count, &groups.tunnels).context("cannot start data threads")?;
        let data_dir = self.data_dir.clone();
        let _lock = self.start(threads.handles().into(), &groups)?;
        write_addresses(&data_dir, &reached)?;
        let watch = Tasks::new();
        service::watchdog(&watch, threads.handles());
        service::ready();
        tracing::info!(region_host = %reached.region_host, proxy = %reached.proxy, token = %reached.token, "gateway ready");

        stop.await;
        service::stopping();
        tracing::info!("stopping: no new requests, running ones may finish");
        let in_time = groups.consumers.join(DRAIN_GRACE).await
            & groups.tunnels.join(DRAIN_GRACE + END_MARGIN).await
            & groups.operations.join(END_MARGIN).await;
        watch.join(END_MARGIN).await;
        if !in_time {
            tracing::warn!("some requests were aborted because they outlasted the grace");
            return Ok(());
        }
        threads.join();
        tracing::info!("stopped");
        Ok(())
    }

    fn renewal(&self, metrics: &Arc<Metrics>) -> anyhow::Result<Renewal> {
        let names = [self.settings.region_host.host(), "localhost", "127.0.0.1"];
        Renewal::begin(Renewed {
            clock: StoreClock::system(),
            data_dir: self.data_dir.clone(),
            certificates: Arc::clone(&self.certificates),
            names: names.map(str::to_owned).to_vec(),
            given: self.given.clone(),
            keys: self.keys.clone(),
            directory: self.directory.clone(),
            metrics: Arc::clone(metrics),
        })
    }

    fn start(
        self,
        threads: Arc<[tokio::runtime::Handle]>,
        groups: &Groups,
    ) -> anyhow::Result<Lock> {
        let Groups {
            consumers,
            tunnels,
            operations,
        } = groups;
        let registry = Registry::default();
        let metrics = Arc::new(Metrics::new(threads.len()));
        let incidents = Incidents::default();
        let renewal = self.renewal(&metrics)?;
        let places = Places::new(registry.clone(), self.directory.clone(), incidents.clone());
        let watch = Watch {
            places: places.clone(),
            directory: self.directory.clone(),
            registry: registry.clone(),
            metrics: Arc::clone(&metrics),
            incidents: incidents.clone(),
            data_dir: self.data_dir.clone(),
            levels: self.levels,
        };
        watch.start(self.alarm, self.admin, (consumers, operations));
        let tls = ServerTls::new(&renewal.server(), &self.certificates.bundle())?;
        let token_tls = without_client_certificate(
            renewal.token(),
            rustls::DEFAULT_VERSIONS,
            vec![b"http/1.1".to_vec()],
        )?;
        let issuer = Issuer::new(self.keys.clone(), self.settings.issuer.clone());
        let verifier = Verifier::new(self.keys, &self.settings.issuer, self.directory.clone());
        let endpoint = Arc::new(TokenEndpoint::new(self.directory.clone(), issuer));

        operations.spawn("renewal", until_stopped(operations, renewal.run()));
        tunnels.spawn(
            "directory",
            until_stopped(tunnels, self.directory.clone().follow()),
        );
        let publish = publish(self.directory.clone(), registry.clone());
        tunnels.spawn("publish-tunnels", until_stopped(tunnels, publish));
        tunnels.spawn("places", until_stopped(tunnels, places.clone().run()));
        let port = PublicPort {
            tls,
            certificates: self.certificates,
            directory: self.directory,
            registry: registry.clone(),
            places,
            threads: Arc::clone(&threads),
            connections: CONNECTIONS_DEFAULT,
            metrics: Arc::clone(&metrics),
            incidents,
        };
        tunnels.spawn(
            "public-port",
            tunnels::run(self.tunnel, port, tunnels.clone()),
        );
        let token = token_port::run(
            self.token,
            token_tls,
            endpoint,
            Arc::clone(&metrics),
            consumers.clone(),
        );
        consumers.spawn("token-port", token);
        let proxy = Proxy {
            verifier: Arc::new(verifier),
            registry,
            threads,
            networks: self.networks,
            metrics,
        };
        consumers.spawn("proxy", proxy::run(self.proxy, proxy, consumers.clone()));
        Ok(self.lock)
    }
}

fn given(options: &Serve) -> Option<Given> {
    Some(Given {
        certificate: options.token_cert.clone()?,
        key: options.token_key.clone()?,
    })
}

fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    net::listen(address).with_context(|| {
        format!("cannot listen on {address}; choose another address with {option}")
    })
}

fn write_addresses(data_dir: &Path, reached: &Reached) -> anyhow::Result<()> {
    let path = data_dir.join("addresses.json");
    file::replace(&path, &serde_json::to_vec_pretty(reached)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

pub(crate) fn until_stopped<W>(tasks: &Tasks, work: W) -> impl Future<Output = ()> + Send + use<W>
where
    W: Future<Output = ()> + Send,
{
    let tasks = tasks.clone();
    async move {
        tokio::select! {
            () = work => {}
            () = tasks.stopped() => {}
        }
    }
}

/// Tells the offline commands which tunnels are up.
async fn publish(directory: Directory, registry: Registry) {
    let mut changes = registry.watch();
    loop {
        changes.mark_unchanged();
        let mut counts = BTreeMap::new();
        for (key, tunnel) in registry.all() {
            *counts.entry((key, tunnel.instance)).or_insert(0) += 1;
        }
        let each = counts.into_iter();
        let live: Vec<LiveTunnel> = each
            .map(|((key, instance), connections)| LiveTunnel {
                key,
                instance,
                connections,
            })
            .collect();
        if let Err(error) = directory.publish_tunnels(&live, clock::monotonic()).await {
            tracing::warn!(%error, "cannot publish the live tunnels");
        }
        // Rows are written again in time even when nothing changes; of many changes at once not
        // each is written by itself.
        tokio::time::sleep(PUBLISH_PAUSE).await;
        drop(tokio::time::timeout(TUNNEL_ROW_LIFE / 3, changes.changed()).await);
    }
}
