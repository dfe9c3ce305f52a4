//! Migrations as jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use super::super::Message;
use super::super::shelf::reason;
use super::Hub;
use crate::FleetError;
use crate::api::Api;
use crate::backup::Opener;
use crate::command::Migrate;
use crate::demo::moves as demo;
use crate::migrate::Agents;
use crate::migrate::engine::{Ended, Engine};
use crate::migrate::journal::{JournalError, Journals};
use crate::migrate::machine::{Direction, Migration};
use crate::migrate::plan::{MigrationId, Origin, Wish};
use crate::migrate::rehearsal::{Rehearsed, planned};
use crate::migrate::report::Outcome;
use crate::remote::Remote;
use crate::session::Nudge;
use crate::slot::Slot;
use crate::snapshot::{Failure, JobId, MoveSnapshot, PartState, Severity};

/// Most migrations that are shown; as many journals are kept.
const SHOWN_MAX: usize = 200;

/// The migrations that are known.
#[derive(Default)]
pub(super) struct Moves(BTreeMap<MigrationId, MoveSnapshot>);

impl Moves {
    /// The newest first.
    pub(super) fn show(&self) -> Arc<[MoveSnapshot]> {
        self.0.values().rev().cloned().collect()
    }

    /// Takes in what is known of some.
    pub(super) fn take(&mut self, all: Vec<MoveSnapshot>) {
        self.0.extend(all.into_iter().map(|one| (one.id, one)));
    }

    fn put(&mut self, migration: Arc<Migration>, job: Option<JobId>) {
        let id = migration.plan.id;
        let migration = Ok(migration);
        self.0.insert(id, MoveSnapshot { id, migration, job });
        if self.0.len() > SHOWN_MAX {
            let mut all = self.0.values();
            let over = |one: &&MoveSnapshot| !one.waits() && one.job.is_none();
            if let Some(id) = all.find(over).map(|one| one.id) {
                self.0.remove(&id);
            }
        }
    }

    fn read(&self, id: MigrationId) -> Result<Migration, String> {
        match self.0.get(&id).map(|one| &one.migration) {
            Some(Ok(migration)) => Ok(Migration::clone(migration)),
            Some(Err(reason)) => Err(reason.to_string()),
            None => Err("there is no such migration".to_owned()),
        }
    }

    /// What works on one of these agents now.
    fn busy(&self, agents: &BTreeSet<AgentId>) -> Option<AgentId> {
        let running = self.0.values().filter(|one| one.job.is_some());
        let running = running.filter_map(|one| one.migration.as_ref().ok());
        let mut all = running.flat_map(|one| involved(one));
        all.find(|agent| agents.contains(agent))
    }
}

/// All agents that take part.
fn involved(migration: &Migration) -> BTreeSet<AgentId> {
    let targets = migration.plan.targets.iter().map(|target| target.agent);
    migration.plan.source().into_iter().chain(targets).collect()
}

/// All migrations of a profile; one whose journal cannot be read is told with the reason.
pub(in super::super) fn journalled(journals: &Journals) -> Result<Vec<MoveSnapshot>, JournalError> {
    let ids = journals.ids()?.into_iter();
    let read = ids.map(|id| MoveSnapshot {
        id,
        migration: match journals.read(id) {
            Ok(migration) => Ok(Arc::new(migration)),
            Err(error) => Err(reason(&error).into()),
        },
        job: None,
    });
    Ok(read.collect())
}

/// The agents as they were when a migration began.
struct Known(BTreeMap<AgentId, (Arc<dyn Api>, Arc<str>)>);

impl Agents for Known {
    fn api(&self, agent: AgentId) -> Result<Arc<dyn Api>, FleetError> {
        let known = self.0.get(&agent).ok_or(FleetError::Unknown)?;
        Ok(Arc::clone(&known.0))
    }

    fn label(&self, agent: AgentId) -> String {
        let known = self.0.get(&agent);
        known.map_or_else(|| agent.to_string(), |known| known.1.to_string())
    }
}

/// How a migration is gone on with.
struct Way {
    opener: Option<Opener>,
    back_on_failure: bool,
}

impl Hub {
    pub(super) fn migrate(&mut self, act: Migrate) {
        match act {
            Migrate::Rehearse {
                wish,
                opener,
                stop,
                steps,
                done,
            } => self.rehearse(*wish, opener, stop, &steps, done),
            Migrate::Run {
                plan,
                opener,
                back_on_failure,
                done,
            } => {
                let way = Way {
                    opener,
                    back_on_failure,
                };
                self.go(Ok(Migration::new(plan)), way, &done);
            }
            Migrate::Resume { id, opener, done } => {
                let read = self.moves.read(id);
                let ready = read.and_then(|mut one| match one.go_on() {
                    Ok(()) => Ok(one),
                    Err(error) => Err(error.to_string()),
                });
                let way = Way {
                    opener,
                    back_on_failure: false,
                };
                self.go(ready, way, &done);
            }
            Migrate::Rollback { id, done } => {
                let read = self.moves.read(id);
                let ready = read.and_then(|mut one| match one.turn_back() {
                    Ok(()) => Ok(one),
                    Err(error) => Err(error.to_string()),
                });
                let way = Way {
                    opener: None,
                    back_on_failure: false,
                };
                self.go(ready, way, &done);
            }
        }
    }

    fn callable(&self) -> Arc<dyn Agents> {
        let members = self.members.iter();
        let known = members.map(|(id, member)| {
            let label = Arc::clone(&member.card.label);
            (*id, (Arc::clone(&member.api), label))
        });
        Arc::new(Known(known.collect()))
    }

    fn engine(
        &self,
        told: watch::Sender<Option<Arc<Migration>>>,
        stop: CancellationToken,
    ) -> Result<Engine, String> {
        let folder = match &self.library {
            Some(library) => library.folder(),
            // What a made-up fleet does is never written down.
            None if self.is_demo => Path::new(""),
            None => return Err("the profile is not open".to_owned()),
        };
        Ok(Engine {
            agents: self.callable(),
            journals: Journals::of(folder),
            told: Arc::new(move |migration: &Migration| {
                told.send_replace(Some(Arc::new(migration.clone())));
            }),
            stop,
            opener: None,
            probe: None,
            back_on_failure: false,
        })
    }

    fn rehearse(
        &self,
        wish: Wish,
        opener: Option<Opener>,
        stop: CancellationToken,
        steps: &Slot<Migration>,
        done: Slot<Rehearsed>,
    ) {
        let ticket = done.begin();
        steps.set(Remote::Loading { previous: None });
        let (told, mut heard) = watch::channel(None);
        let mut engine = match self.engine(told, stop.clone()) {
            Ok(engine) => engine,
            Err(refused) => return done.finish(ticket, Err(refused), clock::wall_ms()),
        };
        engine.opener = opener;
        let (hub, steps, made_up) = (self.told.clone(), steps.clone(), self.is_demo);
        self.tasks.spawn("fleet-rehearsal", async move {
            let work = async {
                let planned = planned(&*engine.agents, &wish, engine.opener.as_ref()).await;
                let (plan, source) = planned.map_err(|error| reason(&error))?;
                let migration = Migration::new(Arc::new(plan));
                if made_up {
                    return Ok(demo::rehearsed(migration, &source, clock::wall_ms()));
                }
                let rehearsed = engine.rehearse_all(migration).await;
                rehearsed.map_err(|error| reason(&error))
            };
            let mut work = std::pin::pin!(work);
            let found = loop {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => break Err("it was stopped; nothing was changed".to_owned()),
                    Ok(()) = heard.changed() => {
                        let newest = heard.borrow_and_update().clone();
                        if let Some(newest) = newest {
                            steps.set(Remote::ready(Migration::clone(&newest), clock::wall_ms()));
                            drop(hub.send(Message::Filled).await);
                        }
                    }
                    found = &mut work => break found,
                }
            };
            done.finish(ticket, found, clock::wall_ms());
            drop(hub.send(Message::Filled).await);
        });
    }

    /// Goes on with a migration until it is over, stopped, or somebody must decide.
    fn go(&mut self, ready: Result<Migration, String>, way: Way, done: &Slot<Ended>) {
        let ticket = done.begin();
        let agents = ready.as_ref().map(involved).unwrap_or_default();
        let busy = self
            .moves
            .busy(&agents)
            .map(|agent| self.callable().label(agent));
        let migration = match (ready, busy) {
            (Ok(migration), None) => migration,
            (Ok(_), Some(label)) => {
                let refused = format!("{label} takes part in a migration that goes on");
                return done.finish(ticket, Err(refused), clock::wall_ms());
            }
            (Err(refused), _) => return done.finish(ticket, Err(refused), clock::wall_ms()),
        };
        let (told, heard) = watch::channel(None);
        let mut engine = match self.engine(told, CancellationToken::new()) {
            Ok(engine) => engine,
            Err(refused) => return done.finish(ticket, Err(refused), clock::wall_ms()),
        };
        let targets: Vec<AgentId> = migration.plan.targets.iter().map(|one| one.agent).collect();
        let title = title(&migration, &*self.callable());
        let (job, stop) = self.jobs.begin(&title, &targets, clock::wall_ms());
        self.moves.put(Arc::new(migration.clone()), Some(job));
        engine.stop = stop;
        engine.opener = way.opener;
        engine.back_on_failure = way.back_on_failure;
        let nudges = agents.iter().filter_map(|id| self.nudges(*id));
        let run = Run {
            job,
            engine,
            made_up: self.is_demo,
            targets,
            heard,
            hub: self.told.clone(),
            nudges: nudges.collect(),
        };
        let (done, hub) = (done.clone(), self.told.clone());
        self.tasks.spawn("fleet-migration", async move {
            let ended = run.run(migration).await;
            let fill = Box::new(move || done.finish(ticket, ended, clock::wall_ms()));
            drop(hub.send(Message::Over(fill)).await);
        });
    }

    /// A migration came further.
    pub(super) fn moved(&mut self, job: Option<JobId>, migration: Arc<Migration>) {
        self.moves.put(migration, job);
    }

    /// Tells of migrations that were cut off when this program ended.
    pub(super) fn remind(&mut self) {
        for one in &*self.moves.show() {
            let Ok(migration) = &one.migration else {
                continue;
            };
            if matches!(Outcome::of(migration), Outcome::Unfinished) {
                let text = format!(
                    "{} was cut off; go on with it or take it back under Move & import",
                    title(migration, &*self.callable())
                );
                self.notice(None, Severity::Warning, text);
            }
        }
    }
}

/// What a job is called.
fn title(migration: &Migration, agents: &dyn Agents) -> String {
    let plan = &migration.plan;
    let from = match &plan.origin {
        Origin::Agent { agent } => agents.label(*agent),
        Origin::Backup { file } => format!("the backup {}", file.display()),
    };
    let to = match &plan.targets[..] {
        [only] => agents.label(only.agent),
        many => format!("{} agents", many.len()),
    };
    let verb = match migration.direction {
        Direction::Forward => "Migration of",
        Direction::Back => "Taking back the migration of",
    };
    format!("{verb} {from} to {to}")
}

/// A migration on its way.
struct Run {
    job: JobId,
    engine: Engine,
    made_up: bool,
    targets: Vec<AgentId>,
    heard: watch::Receiver<Option<Arc<Migration>>>,
    hub: tokio::sync::mpsc::Sender<Message>,
    nudges: Vec<tokio::sync::mpsc::Sender<Nudge>>,
}

impl Run {
    async fn run(self, mut migration: Migration) -> Result<Ended, String> {
        let Self {
            job,
            engine,
            made_up,
            targets,
            mut heard,
            hub,
            nudges,
        } = self;
        let began = migration.direction;
        for agent in &targets {
            let (agent, state) = (*agent, PartState::Running);
            drop(hub.send(Message::Part { job, agent, state }).await);
        }
        let ended = {
            let work = async {
                if made_up {
                    return Ok(demo::play(&engine, &mut migration).await);
                }
                engine.journals.tidy()?;
                engine.run(&mut migration).await
            };
            let mut work = std::pin::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    Ok(()) = heard.changed() => {
                        let newest = heard.borrow_and_update().clone();
                        if let Some(migration) = newest {
                            let job = Some(job);
                            drop(hub.send(Message::Moved { job, migration }).await);
                        }
                    }
                    ended = &mut work => break ended.map_err(|error: JournalError| reason(&error)),
                }
            }
        };
        let state = part(&migration, began, &ended);
        let migration = Arc::new(migration);
        drop(
            hub.send(Message::Moved {
                job: None,
                migration,
            })
            .await,
        );
        for agent in targets {
            let state = state.clone();
            drop(hub.send(Message::Part { job, agent, state }).await);
        }
        for nudges in nudges {
            // A session that has enough to do looks anyway.
            drop(nudges.try_send(Nudge::Changed));
        }
        ended
    }
}

/// How the parts of a job are shown when it is over.
fn part(migration: &Migration, began: Direction, ended: &Result<Ended, String>) -> PartState {
    match ended {
        Ok(Ended::Done) => PartState::Done { revision: None },
        // Who wanted it taken back got what he wanted.
        Ok(Ended::Undone) if began == Direction::Back => PartState::Done { revision: None },
        Ok(Ended::Undone) => {
            let cause = migration.cause.as_deref().unwrap_or("a step failed");
            PartState::Failed(Failure::plain(format!("{cause}; all was taken back")))
        }
        Ok(Ended::Cancelled) => PartState::Cancelled,
        Ok(Ended::Stopped) => {
            let reason = migration
                .failure()
                .map_or("it stopped", |(_, reason)| reason);
            PartState::Failed(Failure::plain(reason))
        }
        Err(reason) => PartState::Failed(Failure::plain(reason.as_str())),
    }
}
