//! Migrations for a program without a window: the agents of a profile, called directly.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use thiserror::Error;
use tokio::process::Command;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use underpass_runtime::stop;
use underpass_runtime::tasks::Tasks;
use underpass_shared::id::AgentId;

use super::calls::Agents;
use super::engine::Probe;
use super::journal::Journals;
use super::plan::{Plan, Wish};
use super::rehearsal::{self, Unplanned};
use crate::FleetError;
use crate::api::Api;
use crate::backup::Opener;
use crate::client::{AgentClient, Known};
use crate::keys::{self, KeyChoice, KeyError, KeyStore};
use crate::profile::{BookError, Entry, Profile, ProfileError};

/// How long connections may take to close.
const END: Duration = Duration::from_secs(2);
/// How long a program may take that looks whether a target works.
const PROBE_TIME: Duration = Duration::from_secs(300);
/// Most of what it says that is kept, in lines.
const PROBE_LINES_MAX: usize = 50;

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum DeskError {
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The list of agents cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The keys cannot be reached.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The system gives no runtime.
    #[error("cannot start")]
    Start(#[from] io::Error),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] Unplanned),
}

/// The agents of a profile and a thread to call them from.
pub struct Desk {
    /// Held as long as its agents are called.
    profile: Profile,
    clients: Arc<Clients>,
    runtime: Runtime,
}

struct Clients {
    entries: Vec<Entry>,
    keys: Box<dyn KeyStore>,
    tasks: Tasks,
    made: Mutex<BTreeMap<AgentId, Arc<AgentClient>>>,
}

impl Clients {
    fn client(&self, id: AgentId) -> Result<Arc<AgentClient>, FleetError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(&id) {
            return Ok(Arc::clone(client));
        }
        let entry = self.entries.iter().find(|entry| entry.id == id);
        let entry = entry.ok_or(FleetError::Unknown)?;
        let missing = || FleetError::NoKey("the key store has none".to_owned());
        let credential = self.keys.get(id).ok_or_else(missing)?;
        let known = Known {
            agent: id,
            ca_cert: entry.ca_cert.clone(),
            certificate: credential.certificate,
            key: credential.key,
        };
        let client = AgentClient::new(entry.address.clone(), &known, &self.tasks)?;
        let client = Arc::new(client);
        made.insert(id, Arc::clone(&client));
        Ok(client)
    }
}

impl Agents for Clients {
    fn api(&self, agent: AgentId) -> Result<Arc<dyn Api>, FleetError> {
        Ok(self.client(agent)?)
    }

    fn label(&self, agent: AgentId) -> String {
        let entry = self.entries.iter().find(|entry| entry.id == agent);
        entry.map_or_else(|| agent.to_string(), |entry| entry.label.clone())
    }
}

impl Desk {
    /// Opens a profile.
    ///
    /// # Errors
    /// When it cannot be used, or another program has it open.
    pub fn open(folder: &Path, choice: &KeyChoice) -> Result<Self, DeskError> {
        let profile = Profile::open(folder)?;
        let entries = profile.book()?.entries().to_vec();
        let keys = keys::open(folder, choice)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            profile,
            clients: Arc::new(Clients {
                entries,
                keys,
                tasks: Tasks::new(),
                made: Mutex::default(),
            }),
            runtime,
        })
    }

    /// The agents that are known.
    pub fn entries(&self) -> &[Entry] {
        &self.clients.entries
    }

    /// The agents, to be called.
    pub fn agents(&self) -> Arc<dyn Agents> {
        Arc::clone(&self.clients) as Arc<dyn Agents>
    }

    /// The migrations of the profile.
    pub fn journals(&self) -> Journals {
        Journals::of(self.profile.folder())
    }

    /// Waits for something, which is told when somebody wants the program to end.
    ///
    /// # Errors
    /// When the system does not tell of that.
    pub fn run<T>(&self, stop: &CancellationToken, work: impl Future<Output = T>) -> io::Result<T> {
        self.runtime.block_on(async {
            let requested = stop::requested()?;
            let told = stop.clone();
            self.clients.tasks.spawn("migrate-stop", async move {
                requested.await;
                told.cancel();
            });
            Ok(work.await)
        })
    }

    /// Plans a migration by the configurations as they are now.
    ///
    /// # Errors
    /// When an agent does not answer, the backup cannot be opened, or the wish cannot be fulfilled.
    pub async fn plan(&self, wish: &Wish, opener: Option<&Opener>) -> Result<Plan, DeskError> {
        let planned = rehearsal::planned(&*self.clients, wish, opener).await;
        Ok(planned?.0)
    }

    /// Closes all connections.
    pub fn close(self) {
        self.clients.tasks.stop();
        let ended = self.runtime.block_on(self.clients.tasks.join(END));
        if !ended {
            tracing::warn!("connections to agents did not end in time");
        }
    }
}

/// A program that looks whether a target works: all is well where it ends with 0. It gets the id of
/// the target in the variable `UNDERPASS_TARGET`.
#[derive(Clone, Debug)]
pub struct ProgramProbe(pub PathBuf);

impl Probe for ProgramProbe {
    fn look(&self, target: AgentId) -> BoxFuture<'_, Result<Vec<String>, String>> {
        let mut command = Command::new(&self.0);
        command
            .env("UNDERPASS_TARGET", target.to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        async move {
            let name = self.0.display();
            let output = match timeout(PROBE_TIME, command.output()).await {
                Ok(Ok(output)) => output,
                Ok(Err(error)) => return Err(format!("cannot run {name}: {error}")),
                Err(_elapsed) => {
                    return Err(format!(
                        "{name} took longer than {} s",
                        PROBE_TIME.as_secs()
                    ));
                }
            };
            let said = String::from_utf8_lossy(&output.stdout);
            let wrong = String::from_utf8_lossy(&output.stderr);
            let lines = said.lines().chain(wrong.lines()).take(PROBE_LINES_MAX);
            let lines: Vec<String> = lines.map(|line| format!("{name}: {line}")).collect();
            if output.status.success() {
                return Ok(lines);
            }
            let last = lines.last().map_or("it said nothing", String::as_str);
            Err(format!("{name} ended with {}: {last}", output.status))
        }
        .boxed()
    }
}
