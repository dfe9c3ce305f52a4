//! The one task that owns what is known, and does what is wanted.

pub(crate) mod bulk;
pub(crate) mod custody;
mod draft;
pub(crate) mod execute;
mod library;
mod moves;
mod scc;
mod survey;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::id::AgentId;

use self::library::{Library, Strangers};
use self::moves::Moves;
pub(super) use self::moves::journalled;
use super::board::Board;
use super::jobs::Jobs;
use super::rollouts::Rollouts;
use super::templates::Templates;
use super::{Card, Message, Source, Wake};
use crate::FleetError;
use crate::api::{Api, Call, Events, Lines};
use crate::bulk::Wanted;
use crate::client::{AgentClient, Known};
use crate::command::Command;
use crate::draft::Draft;
use crate::keys::KeyStoreKind;
use crate::session::{Nudge, Seen, Session};
use crate::snapshot::{AgentSnapshot, FleetSnapshot, Keys, Link, Notice, Sample, Severity, Works};

/// Snapshots are made no more often, unless something came that the user waits for.
const PAUSE: Duration = Duration::from_millis(250);
/// How often what depends on the time alone is judged anew, such as days until an end.
const LOOK: Duration = Duration::from_secs(60);
/// Most notices that are kept.
const NOTICES_MAX: usize = 200;
/// Most requests of the executor at once, beside those of sessions.
const REQUESTS_MAX: usize = 64;
/// Nudges that a busy session may be behind; more would tell it nothing new.
const NUDGES_MAX: usize = 8;

/// What the hub has of one agent.
pub(super) struct Member {
    card: Card,
    api: Arc<dyn Api>,
    nudges: mpsc::Sender<Nudge>,
    tasks: Tasks,
    seen: Seen,
    draft: Option<Arc<Draft>>,
    /// The revision that the draft became, until the session knows it.
    applied: Option<u64>,
    /// What a real agent has beside.
    real: Option<Real>,
    shown: Arc<AgentSnapshot>,
}

/// What a real agent has.
pub(super) struct Real {
    client: Arc<AgentClient>,
    known: Known,
    /// No renewal is tried before, milliseconds UTC.
    renew_after_ms: i64,
}

/// An agent that cannot be asked, because there is no key.
struct Locked;

impl Api for Locked {
    fn call<'a>(&'a self, _call: &'a Call) -> BoxFuture<'a, Result<crate::Reply, FleetError>> {
        std::future::ready(Err(FleetError::Locked)).boxed()
    }

    fn events(&self, _after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        std::future::ready(Err(FleetError::Locked)).boxed()
    }

    fn lines(&self, _after: Option<u64>) -> BoxFuture<'_, Result<Lines, FleetError>> {
        std::future::ready(Err(FleetError::Locked)).boxed()
    }

    fn samples(&self, _since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        std::future::ready(Err(FleetError::Locked)).boxed()
    }
}

impl Member {
    fn show(&mut self, now_ms: i64) {
        self.shown = self
            .card
            .show(self.seen.clone(), self.draft.clone(), now_ms);
    }

    /// Lets go of a draft that was applied, once what it became is known. What is changed next is
    /// then changed in that. Without a link nothing would come to be known.
    fn settle(&mut self) {
        let Some(applied) = self.applied else {
            return;
        };
        let known = self.seen.configuration.value();
        let is_known = known.is_some_and(|known| known.revision >= applied);
        let is_hopeless = !self.seen.link.is_online() || self.seen.configuration.reason().is_some();
        if is_known || is_hopeless {
            self.draft = None;
            self.applied = None;
        }
    }

    /// Tells its session something, unless it has enough to do already.
    fn nudge(&self, nudge: Nudge) {
        drop(self.nudges.try_send(nudge));
    }
}

pub(super) struct Hub {
    shown: Arc<ArcSwap<FleetSnapshot>>,
    wake: Wake,
    tasks: Tasks,
    board: Arc<Board>,
    told: mpsc::Sender<Message>,
    requests: Arc<Semaphore>,
    members: BTreeMap<AgentId, Member>,
    jobs: Jobs,
    rollouts: Rollouts,
    templates: Templates,
    moves: Moves,
    works: Arc<Works>,
    notices: VecDeque<Arc<Notice>>,
    next_notice: u64,
    generation: u64,
    /// When all was last judged anew.
    looked: Duration,
    /// When the last snapshot was made.
    published: Duration,
    /// When the next one is to be made, if something is new.
    publish_at: Option<Duration>,
    is_demo: bool,
    keys: Keys,
    library: Option<Library>,
    strangers: Strangers,
    source: Option<Source>,
}

impl Hub {
    pub(super) fn new(
        source: Source,
        shown: Arc<ArcSwap<FleetSnapshot>>,
        wake: Wake,
        told: mpsc::Sender<Message>,
        tasks: Tasks,
    ) -> Self {
        Self {
            shown,
            wake,
            tasks,
            board: Arc::default(),
            told,
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            members: BTreeMap::new(),
            jobs: Jobs::default(),
            rollouts: Rollouts::default(),
            templates: Templates::default(),
            moves: Moves::default(),
            works: Arc::default(),
            notices: VecDeque::new(),
            next_notice: 1,
            generation: 0,
            looked: Duration::ZERO,
            published: Duration::ZERO,
            publish_at: None,
            is_demo: matches!(source, Source::Demo { .. }),
            keys: Keys::Opening,
            library: None,
            strangers: Strangers::default(),
            source: Some(source),
        }
    }

    pub(super) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Command>,
        mut messages: mpsc::Receiver<Message>,
    ) {
        self.open();
        let board = Arc::clone(&self.board);
        let tasks = self.tasks.clone();
        loop {
            let until = self
                .publish_at
                .map(|at| at.saturating_sub(clock::monotonic()));
            tokio::select! {
                () = tasks.stopped() => return,
                command = queue.recv() => match command {
                    Some(command) => self.execute(command),
                    None => return,
                },
                Some(message) = messages.recv() => self.hear(message),
                () = board.changed() => self.later(),
                () = sleep(until.unwrap_or(LOOK)) => self.publish(),
            }
        }
    }

    /// Takes the agents in.
    fn open(&mut self) {
        match self.source.take() {
            Some(Source::Demo { seed, clock }) => {
                let cast = crate::demo::cast(seed, &clock);
                self.moves.take(crate::demo::moves::past(&cast, clock()));
                for actor in cast {
                    let card = Card::new(actor.id(), actor.address.clone(), &actor.described);
                    self.put(card, Some(actor.api()));
                }
                for rollout in crate::demo::rollouts(&self.wanted(), clock()) {
                    self.rollouts.put(rollout, None);
                }
                self.templates = Templates::of(crate::demo::templates());
                self.keys = Keys::Open(KeyStoreKind::Memory);
            }
            Some(Source::Profile { folder, keys }) => self.open_profile(folder, keys),
            None => {}
        }
        self.now();
    }

    /// All agents, as rollouts name them.
    fn wanted(&self) -> Vec<Wanted> {
        let shown = self.members.values().map(|one| Wanted::of(&one.shown));
        let mut all: Vec<Wanted> = shown.collect();
        all.sort_by(|a, b| a.label.cmp(&b.label));
        all
    }

    /// Takes an agent in, and begins a session with it where it can be asked. What was known of it
    /// before stays.
    fn put(&mut self, card: Card, api: Option<Arc<dyn Api>>) {
        let id = card.id;
        let tasks = self.tasks.child();
        let (nudges, receiver) = mpsc::channel(NUDGES_MAX);
        if let Some(api) = &api {
            let session = Session {
                id,
                api: Arc::clone(api),
                board: Arc::clone(&self.board),
                nudges: receiver,
                hub: self.told.clone(),
            };
            let own = tasks.clone();
            self.tasks.spawn("fleet-session", async move {
                tokio::select! {
                    () = own.stopped() => {}
                    () = session.run() => {}
                }
            });
        }
        let now_ms = clock::wall_ms();
        let before = self.members.remove(&id);
        let draft = before.and_then(|before| {
            before.tasks.stop();
            before.draft.filter(|_| before.applied.is_none())
        });
        let seen = Seen::nothing(now_ms);
        let member = Member {
            shown: card.show(seen.clone(), draft.clone(), now_ms),
            card,
            api: api.unwrap_or_else(|| Arc::new(Locked)),
            nudges,
            tasks,
            seen,
            draft,
            applied: None,
            real: None,
        };
        self.members.insert(id, member);
    }

    fn hear(&mut self, message: Message) {
        let now_ms = clock::wall_ms();
        match message {
            Message::Notice {
                agent,
                severity,
                text,
            } => {
                self.notice(agent, severity, text);
                self.later();
            }
            Message::Part { job, agent, state } => {
                self.jobs.part(job, agent, &state, now_ms);
                self.now();
            }
            Message::Acknowledged { job, agent, call } => self.jobs.did(job, agent, call),
            Message::Undo { job, undo } => {
                self.jobs.can_be_undone(job, undo);
                self.now();
            }
            Message::Rollout(told) => {
                self.rollouts.hear(told);
                self.now();
            }
            Message::Moved { job, migration } => {
                self.moved(job, migration);
                self.now();
            }
            Message::Backing(agent, progress) => self.backing(agent, progress),
            Message::Restoring(agent, progress) => self.restoring(agent, progress),
            Message::Draft(agent, answered) => {
                self.answered(agent, answered);
                self.now();
            }
            Message::Opened(opened) => {
                self.opened(opened);
                self.now();
            }
            Message::Keys(keys) => {
                self.unlocked(keys);
                self.now();
            }
            Message::Rehoused {
                done,
                ticket,
                moved,
            } => {
                let moved = self.rehoused(moved);
                done.finish(ticket, moved, now_ms);
                self.now();
            }
            Message::Paired {
                done,
                ticket,
                answer,
            } => {
                self.paired(&done, ticket, answer);
                self.now();
            }
            Message::Kept {
                known,
                then,
                result,
            } => {
                self.kept(&known, then, result);
                self.now();
            }
            Message::Renewed(agent, renewed) => self.renewed(agent, renewed),
            Message::Filled => (self.wake)(),
            Message::Over(fill) => self.over(fill),
        }
    }

    /// What is over is seen to be so before its slot says it.
    fn over(&mut self, fill: Box<dyn FnOnce() + Send>) {
        self.publish();
        fill();
        (self.wake)();
    }

    fn notice(&mut self, agent: Option<AgentId>, severity: Severity, text: String) {
        let id = self.next_notice;
        self.next_notice += 1;
        self.notices.truncate(NOTICES_MAX - 1);
        self.notices.push_front(Arc::new(Notice {
            id,
            severity,
            agent,
            text: text.into(),
            at_ms: clock::wall_ms(),
        }));
    }

    /// Takes what sessions found out.
    fn gather(&mut self) {
        let now_ms = clock::wall_ms();
        for (id, seen) in self.board.take() {
            let Some(member) = self.members.get_mut(&id) else {
                continue;
            };
            let before = std::mem::replace(&mut member.seen, seen);
            let told = turned(&before.link, &member.seen.link);
            member.settle();
            member.show(now_ms);
            if let Some((severity, text)) = told {
                self.notice(Some(id), severity, text);
            }
        }
    }

    /// Judges anew what depends on the time.
    fn look(&mut self) {
        let now_ms = clock::wall_ms();
        for member in self.members.values_mut() {
            member.show(now_ms);
        }
        self.renew();
    }

    /// A snapshot is to be made soon.
    fn later(&mut self) {
        let soonest = self.published + PAUSE;
        let at = self.publish_at.map_or(soonest, |at| at.min(soonest));
        self.publish_at = Some(at);
    }

    /// A snapshot is to be made at once: the user waits for it.
    const fn now(&mut self) {
        self.publish_at = Some(Duration::ZERO);
    }

    fn publish(&mut self) {
        let now = clock::monotonic();
        self.gather();
        if now.saturating_sub(self.looked) >= LOOK {
            self.looked = now;
            self.look();
        }
        self.generation += 1;
        self.published = now;
        self.publish_at = None;
        let agents = self
            .members
            .values()
            .map(|member| Arc::clone(&member.shown));
        let mut agents: Vec<Arc<AgentSnapshot>> = agents.collect();
        agents.sort_by(|a, b| a.label.cmp(&b.label));
        self.shown.store(Arc::new(FleetSnapshot {
            generation: self.generation,
            is_demo: self.is_demo,
            keys: self.keys.clone(),
            agents: agents.into(),
            jobs: self.jobs.show(),
            moves: self.moves.show(),
            works: Arc::clone(&self.works),
            notices: self.notices.iter().cloned().collect(),
            rollouts: self.rollouts.show(),
            templates: self.templates.show(),
        }));
        (self.wake)();
    }
}

/// What the user is to be told of a link that became another.
fn turned(before: &Link, after: &Link) -> Option<(Severity, String)> {
    match (before, after) {
        (Link::KeyChanged { .. }, Link::KeyChanged { .. })
        | (Link::Refused { .. }, Link::Refused { .. }) => None,
        (_, Link::KeyChanged { reason }) => Some((Severity::Error, reason.to_string())),
        (_, Link::Refused { reason }) => Some((Severity::Warning, reason.to_string())),
        (Link::Online { .. }, Link::Away { reason, .. }) => {
            Some((Severity::Warning, reason.to_string()))
        }
        (
            Link::Connecting { .. }
            | Link::Online { .. }
            | Link::Away { .. }
            | Link::Refused { .. }
            | Link::KeyChanged { .. },
            Link::Connecting { .. } | Link::Online { .. } | Link::Away { .. },
        ) => None,
    }
}
