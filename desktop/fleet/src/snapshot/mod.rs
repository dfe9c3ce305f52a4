//! What is known of the fleet at one time: made by the engine, read by whoever draws it.

mod health;
mod moves;
mod rollout;
mod series;
mod works;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use underpass_shared::api::management::{AlertList, Own, PendingConfirm, Status, Version};
use underpass_shared::config::Document;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

pub(crate) use self::health::days;
pub use self::health::{Facts, Health, Judged, clocks, judge};
pub use self::moves::MoveSnapshot;
pub use self::rollout::{KeptTemplate, RolloutSnapshot};
pub use self::series::{SAMPLES_MAX, Sample, Series};
pub use self::works::{Progress, Work, Works};
use crate::api::Call;
use crate::draft::Draft;
use crate::keys::KeyStoreKind;
use crate::migrate::plan::MigrationId;
use crate::profile::TemplateId;
use crate::remote::Remote;

/// The whole fleet. Parts that did not change are the same as in the snapshot before.
#[derive(Clone, Debug, Default)]
pub struct FleetSnapshot {
    /// Greater with each snapshot.
    pub generation: u64,
    /// Whether all of this is made up.
    pub is_demo: bool,
    /// Where the keys of this program are.
    pub keys: Keys,
    /// All agents, in the order of their labels.
    pub agents: Arc<[Arc<AgentSnapshot>]>,
    /// What is being done and was done lately, the newest first.
    pub jobs: Arc<[Arc<JobSnapshot>]>,
    /// Migrations, the newest first.
    pub moves: Arc<[MoveSnapshot]>,
    /// The newest backups and restores, agent by agent.
    pub works: Arc<Works>,
    /// What there is to tell, the newest first.
    pub notices: Arc<[Arc<Notice>]>,
    /// Changes on many agents, the newest first.
    pub rollouts: Arc<[Arc<RolloutSnapshot>]>,
    /// Templates that are kept, in the order of their names.
    pub templates: Arc<[Arc<KeptTemplate>]>,
}

impl FleetSnapshot {
    /// One agent.
    pub fn agent(&self, id: AgentId) -> Option<&Arc<AgentSnapshot>> {
        self.agents.iter().find(|agent| agent.id == id)
    }

    /// One job.
    pub fn job(&self, id: JobId) -> Option<&Arc<JobSnapshot>> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// One change on many agents.
    pub fn rollout(&self, number: NonZeroUsize) -> Option<&Arc<RolloutSnapshot>> {
        self.rollouts.iter().find(|one| one.number == number)
    }

    /// One template.
    pub fn template(&self, id: TemplateId) -> Option<&Arc<KeptTemplate>> {
        self.templates.iter().find(|one| one.id == id)
    }

    /// One migration.
    pub fn migration(&self, id: MigrationId) -> Option<&MoveSnapshot> {
        self.moves.iter().find(|one| one.id == id)
    }

    /// How many jobs go on.
    pub fn running(&self) -> usize {
        let running = |job: &&Arc<JobSnapshot>| matches!(job.state, JobState::Running);
        self.jobs.iter().filter(running).count()
    }

    /// The names of all groups, in order.
    pub fn groups(&self) -> BTreeSet<Arc<str>> {
        self.agents
            .iter()
            .filter_map(|agent| agent.group.clone())
            .collect()
    }
}

/// Where the keys of this program are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// They are being opened; the system may be asking the user.
    #[default]
    Opening,
    /// They are open.
    Open(KeyStoreKind),
    /// They are not; [`crate::command::Command::Unlock`] tries again.
    Locked {
        /// Why, and what to do.
        reason: Arc<str>,
        /// Whether a passphrase is what opens them.
        wants_passphrase: bool,
    },
}

/// The configuration of an agent as of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The number of the revision.
    pub revision: u64,
    /// The document.
    pub document: Arc<Document>,
}

/// One agent.
#[derive(Clone, Debug)]
pub struct AgentSnapshot {
    /// Who it is.
    pub id: AgentId,
    /// How the user calls it.
    pub label: Arc<str>,
    /// The group that the user put it in.
    pub group: Option<Arc<str>>,
    /// Words that the user gave it.
    pub tags: Arc<[Arc<str>]>,
    /// Where it is.
    pub address: InternalAddress,
    /// Whether it can be reached.
    pub link: Link,
    /// How it is.
    pub health: Health,
    /// Why it is not well, or what it needs, as one sentence.
    pub problem: Option<Arc<str>>,
    /// Who we are to it.
    pub own: Remote<Own>,
    /// Its version.
    pub version: Remote<Version>,
    /// What it does.
    pub status: Remote<Status>,
    /// Its configuration.
    pub configuration: Remote<Configuration>,
    /// The alerts that stand.
    pub alerts: Remote<AlertList>,
    /// Changes that wait for their confirmation.
    pub pending: Option<PendingConfirm>,
    /// Days until the certificate ends that this program shows it.
    pub certificate_days: Option<i64>,
    /// Its figures of the last hour, as far as they are known.
    pub series: Series,
    /// When it last answered, milliseconds UTC.
    pub last_seen_ms: Option<i64>,
    /// What the user changed and has not applied.
    pub draft: Option<Arc<Draft>>,
}

/// Whether an agent can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is being called.
    Connecting {
        /// Since when, milliseconds UTC.
        since_ms: i64,
        /// How often it was tried before.
        attempt: u32,
    },
    /// It answers.
    Online {
        /// Since when, milliseconds UTC.
        since_ms: i64,
    },
    /// It does not answer; it is called again.
    Away {
        /// Since when, milliseconds UTC.
        since_ms: i64,
        /// Why.
        reason: Arc<str>,
        /// When it is called again, milliseconds UTC.
        next_try_ms: i64,
    },
    /// It does not let us in. It is called again when the user wants it.
    Refused {
        /// Why, and what to do.
        reason: Arc<str>,
    },
    /// Who answers there is not the agent. Nothing is sent, and nothing is tried again by itself.
    KeyChanged {
        /// Why, and what to do.
        reason: Arc<str>,
    },
}

impl Link {
    /// Whether it answers.
    pub const fn is_online(&self) -> bool {
        matches!(self, Self::Online { .. })
    }
}

/// A number of a job, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It goes on.
    Running,
    /// All of it is done.
    Done,
    /// Some of it, or all, failed.
    Failed(Failure),
    /// The user stopped it; what was done before stays done.
    Cancelled,
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The type of error that the agent tells, where it answered.
    pub kind: Option<underpass_shared::api::management::ErrorType>,
    /// What is wrong, for people.
    pub message: Arc<str>,
    /// The field that is wrong, where it is one.
    pub field: Option<Arc<str>>,
}

/// A change on its way, or lately made.
#[derive(Clone, Debug)]
pub struct JobSnapshot {
    /// Which.
    pub id: JobId,
    /// What it does, as a heading.
    pub title: Arc<str>,
    /// Its parts, one per agent.
    pub parts: Arc<[JobPart]>,
    /// What takes it back, agent by agent.
    pub undo: Undo,
    /// How far it is.
    pub state: JobState,
    /// When it began, milliseconds UTC.
    pub started_ms: i64,
    /// When it ended, milliseconds UTC.
    pub ended_ms: Option<i64>,
}

/// What takes a job back: calls for each agent, or none.
pub type Undo = Arc<[(AgentId, Vec<Call>)]>;

impl JobSnapshot {
    /// What takes back what was done, on each agent as far as it was done.
    pub fn undoing(&self) -> Vec<(AgentId, Vec<Call>)> {
        let undo = self.undo.iter().filter_map(|(id, calls)| {
            let part = self.parts.iter().find(|part| part.agent == *id)?;
            let taken_back: Vec<Call> = match part.state {
                PartState::Done { .. } => calls.clone(),
                PartState::Waiting
                | PartState::Running
                | PartState::Failed(_)
                | PartState::Cancelled => {
                    let done = part.did.iter();
                    done.filter_map(|at| calls.get(*at)).cloned().collect()
                }
            };
            (!taken_back.is_empty()).then_some((*id, taken_back))
        });
        undo.collect()
    }

    /// How many of its parts came to an end, well or not.
    pub fn finished(&self) -> usize {
        let finished =
            |part: &&JobPart| !matches!(part.state, PartState::Waiting | PartState::Running);
        self.parts.iter().filter(finished).count()
    }
}

/// What a job does with one agent.
#[derive(Clone, Debug)]
pub struct JobPart {
    /// Which agent.
    pub agent: AgentId,
    /// How far it is.
    pub state: PartState,
    /// The calls that the agent did, by their places, where it takes several.
    pub did: Vec<usize>,
}

/// How far a part of a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartState {
    /// Its turn comes.
    Waiting,
    /// It goes on.
    Running,
    /// It is done; the revision that it led to, where it is a change of the configuration.
    Done {
        /// The number of the revision.
        revision: Option<u64>,
    },
    /// It failed.
    Failed(Failure),
    /// It was stopped before its end.
    Cancelled,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be looked at.
    Warning,
    /// Something is wrong.
    Error,
}

/// Something to tell.
#[derive(Clone, Debug)]
pub struct Notice {
    /// A number, never given twice.
    pub id: u64,
    /// How much it matters.
    pub severity: Severity,
    /// Whom it is about.
    pub agent: Option<AgentId>,
    /// One sentence.
    pub text: Arc<str>,
    /// When, milliseconds UTC.
    pub at_ms: i64,
}
