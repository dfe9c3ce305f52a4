//! The engine: sessions with all known agents, an executor of commands, and snapshots for those who
//! look on.

mod board;
mod drafts;
pub(crate) mod hub;
pub(crate) mod jobs;
mod member;
pub(crate) mod rollouts;
mod shelf;
mod survey;
pub(crate) mod templates;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use underpass_runtime::tasks::Tasks;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

pub(crate) use self::board::Board;
use self::hub::Hub;
pub(crate) use self::member::Card;
use self::rollouts::RolloutTold;
use self::shelf::{Opened, Rehoused, Then};
use crate::api::Call;
use crate::client::Known;
use crate::command::{Command, Commands, NotSent, Stranger};
use crate::demo::Clock;
use crate::keys::{KeyChoice, KeyStore};
use crate::migrate::machine::Migration;
use crate::pairing::Pairing;
use crate::slot::Slot;
use crate::snapshot::{FleetSnapshot, JobId, PartState, Progress, Severity};
use crate::{backup, restore};

/// Threads of the engine: it waits for the network, and reads documents now and then.
const WORKERS: usize = 2;
/// What tasks tell the hub and it has not read; who tells more waits.
const MESSAGES_MAX: usize = 256;
/// How long the engine may take to end; a change that is under way is not waited for longer.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Called when there is a new snapshot or a slot was filled, from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Where the agents come from.
pub enum Source {
    /// They are made up.
    Demo {
        /// What all of it follows from.
        seed: u64,
        /// The time.
        clock: Clock,
    },
    /// They are known to a user.
    Profile {
        /// Where they are written down; see [`crate::profile::folder`].
        folder: PathBuf,
        /// Where the keys are.
        keys: KeyChoice,
    },
}

/// What tasks tell the hub.
pub(crate) enum Message {
    /// Something to tell the user.
    Notice {
        agent: Option<AgentId>,
        severity: Severity,
        text: String,
    },
    /// A part of a job came further.
    Part {
        job: JobId,
        agent: AgentId,
        state: PartState,
    },
    /// An agent did one of a job's calls, by its place among them.
    Acknowledged {
        job: JobId,
        agent: AgentId,
        call: usize,
    },
    /// What takes a job back is known.
    Undo {
        job: JobId,
        undo: Vec<(AgentId, Vec<Call>)>,
    },
    /// A change on many agents came further.
    Rollout(RolloutTold),
    /// A migration came further; the job that works on it, unless that is over.
    Moved {
        job: Option<JobId>,
        migration: Arc<Migration>,
    },
    /// A backup came further.
    Backing(AgentId, Progress<backup::Stage, backup::Made>),
    /// A restore came further.
    Restoring(AgentId, Progress<restore::Stage, restore::Done>),
    /// An agent said what it thinks of a draft.
    Draft(AgentId, drafts::Answered),
    /// A profile was opened, or cannot be.
    Opened(Result<Opened, String>),
    /// The keys were opened, or cannot be.
    Keys(Result<Arc<dyn KeyStore>, String>),
    /// The keys are in another place, or cannot be.
    Rehoused {
        done: Slot<()>,
        ticket: u64,
        moved: Rehoused,
    },
    /// An agent was paired with, or not.
    Paired {
        done: Slot<Stranger>,
        ticket: u64,
        answer: Result<(Pairing, InternalAddress), String>,
    },
    /// A credential was kept, or cannot be.
    Kept {
        known: Known,
        then: Then,
        result: Result<(), String>,
    },
    /// A certificate was renewed, or not.
    Renewed(AgentId, Result<Known, String>),
    /// A slot was filled.
    Filled,
    /// Something is over: fills its slot, once all that was said of it before has been heard. Who
    /// goes on as soon as the slot is filled finds nothing of it running any more.
    Over(Box<dyn FnOnce() + Send>),
}

/// The engine. Dropping it ends it.
pub struct Fleet {
    shown: Arc<ArcSwap<FleetSnapshot>>,
    commands: Commands,
    tasks: Tasks,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Fleet {
    /// Starts it on threads of its own.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(source: Source, wake: Wake) -> std::io::Result<Self> {
        let shown = Arc::new(ArcSwap::from_pointee(FleetSnapshot::default()));
        let (commands, queue) = Commands::queue();
        let tasks = Tasks::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("fleet")
            .enable_all()
            .build()?;
        let (told, messages) = mpsc::channel(MESSAGES_MAX);
        let hub = Hub::new(source, Arc::clone(&shown), wake, told, tasks.clone());
        let own = tasks.clone();
        let run = move || {
            runtime.block_on(async {
                hub.run(queue, messages).await;
                if !own.join(STOP_TIME).await {
                    tracing::warn!("tasks of the fleet did not end in time");
                }
            });
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new()
            .name("fleet".to_owned())
            .spawn(run)?;
        Ok(Self {
            shown,
            commands,
            tasks,
            thread: Some(thread),
        })
    }

    /// What is known now; never waits.
    pub fn snapshot(&self) -> Arc<FleetSnapshot> {
        self.shown.load_full()
    }

    /// Gives a command; never waits.
    ///
    /// # Errors
    /// When too much is being done already, or the engine ended.
    pub fn send(&self, command: Command) -> Result<(), NotSent> {
        self.commands.send(command)
    }

    /// Where commands go.
    pub const fn commands(&self) -> &Commands {
        &self.commands
    }

    /// Ends it and waits for its end, a few seconds at most.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.tasks.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the fleet's thread panicked");
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;
