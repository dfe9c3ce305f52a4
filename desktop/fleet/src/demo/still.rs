//! The made-up fleet at one moment, without tasks: for tests and pictures of screens.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::mpsc;
use underpass_shared::api::management::{DocumentTarget, Preview, Target};
use underpass_shared::id::AgentId;
use underpass_shared::instant::Now;

use super::agent::DemoAgent;
use super::cast::Trouble;
use super::{Actor, Clock, cast, logs, moves};
use crate::api::Api;
use crate::bulk::{Act, Runner, Wanted};
use crate::command::{Bulk, Change, Command, DraftAct, Each, Follow, Many, TemplateAct};
use crate::draft::Draft;
use crate::fleet::Card;
use crate::fleet::hub::bulk::{outcome, title, undo};
use crate::fleet::hub::execute::came_of;
use crate::fleet::jobs::Jobs;
use crate::fleet::rollouts::Rollouts;
use crate::fleet::templates::Templates;
use crate::keys::KeyStoreKind;
use crate::log::Following;
use crate::session::{Machine, Part, Step};
use crate::slot::{FromReply as _, Sink};
use crate::snapshot::{
    AgentSnapshot, Configuration, Failure, FleetSnapshot, Keys, MoveSnapshot, Notice, Severity,
    Works,
};
use crate::{FleetError, Reply};

mod migrate;

use self::migrate::scc as still_scc;

/// How long ago agents that are away were heard.
const AWAY_MS: i64 = 41 * 60_000;

/// One agent of the still.
struct Sitter {
    card: Card,
    agent: Arc<DemoAgent>,
    machine: Machine,
    draft: Option<Arc<Draft>>,
}

/// The made-up fleet at one moment.
pub struct Still {
    now_ms: i64,
    generation: u64,
    sitters: Vec<Sitter>,
    jobs: Jobs,
    rollouts: Rollouts,
    templates: Templates,
    moves: Vec<MoveSnapshot>,
    works: Arc<Works>,
}

impl Still {
    /// The fleet of a seed at a time.
    pub fn new(seed: u64, now_ms: i64) -> Self {
        let clock: Clock = Arc::new(move || now_ms);
        let sit = |actor: Actor| {
            let mut card = Card::new(actor.id(), actor.address.clone(), &actor.described);
            card.certificate_until_ms = Some(now_ms + 74 * 86_400_000);
            let mut sitter = Sitter {
                card,
                machine: Machine::new(at(now_ms)),
                agent: actor.agent,
                draft: None,
            };
            sitter.sit(now_ms);
            sitter
        };
        let cast = cast(seed, &clock);
        let mut still = Self {
            now_ms,
            generation: 1,
            moves: moves::past(&cast, now_ms),
            sitters: cast.into_iter().map(sit).collect(),
            jobs: Jobs::default(),
            rollouts: Rollouts::default(),
            templates: Templates::of(super::templates()),
            works: Arc::default(),
        };
        let known = still.snapshot();
        let wanted: Vec<Wanted> = known.agents.iter().map(|one| Wanted::of(one)).collect();
        for rollout in super::rollouts(&wanted, now_ms) {
            still.rollouts.put(rollout, None);
        }
        still
    }

    /// What an engine would show now.
    pub fn snapshot(&self) -> Arc<FleetSnapshot> {
        let show = |one: &Sitter| {
            let seen = one.machine.seen.clone();
            one.card.show(seen, one.draft.clone(), self.now_ms)
        };
        let mut agents: Vec<Arc<AgentSnapshot>> = self.sitters.iter().map(show).collect();
        agents.sort_by(|a, b| a.label.cmp(&b.label));
        let notice = Notice {
            id: 1,
            severity: Severity::Info,
            agent: agents.first().map(|agent| agent.id),
            text: "operator m.okafor was paired as Support".into(),
            at_ms: self.now_ms - 600_000,
        };
        Arc::new(FleetSnapshot {
            generation: self.generation,
            is_demo: true,
            keys: Keys::Open(KeyStoreKind::Memory),
            agents: agents.into(),
            jobs: self.jobs.show(),
            moves: self.moves.iter().rev().cloned().collect(),
            works: Arc::clone(&self.works),
            notices: Arc::from([Arc::new(notice)]),
            rollouts: self.rollouts.show(),
            templates: self.templates.show(),
        })
    }

    /// Does a command at once. Those that need a real fleet are left undone.
    pub fn run(&mut self, command: Command) {
        self.generation += 1;
        let now_ms = self.now_ms;
        match command {
            Command::Read(read) => {
                let call = crate::api::Call::get(read.target).query(read.query);
                self.inquire(read.agent, &call, read.ticket, &*read.into);
            }
            Command::Follow(Follow { agent, after, into }) => {
                if let Some(one) = self.find(agent) {
                    match one.agent.absent() {
                        Some(error) => into.set(Following::Broken(error.reason().into())),
                        None => {
                            into.put(logs::after(one.agent.seed, now_ms, after), false);
                            into.set(Following::Live);
                        }
                    }
                }
            }
            Command::Try(one) => self.inquire(one.agent, &one.call, one.ticket, &*one.into),
            Command::Call(Change {
                agent, call, done, ..
            }) => {
                let ticket = done.begin();
                let answer = self.ask(agent, &call).map_err(|error| error.reason());
                done.finish(ticket, answer, now_ms);
                self.renew(agent);
            }
            Command::Draft { agent, act, done } => {
                let ticket = done.begin();
                let acted = self.draft(agent, act);
                done.finish(ticket, acted, now_ms);
            }
            Command::Many(many) => self.many(&many),
            Command::Each(each) => self.each(each),
            Command::Migrate(act) => self.migrate(act),
            Command::Scc(act) => still_scc(act, now_ms),
            Command::BackUp(wanted) => self.back_up(&wanted),
            Command::Restore(wanted) => self.restore(wanted),
            Command::Describe { agent, described } => {
                if let Some(one) = self.find(agent) {
                    one.card.describe(&described);
                }
            }
            Command::Move { agent, address } => {
                if let Some(one) = self.find(agent) {
                    one.card.address = address;
                }
            }
            Command::Remove(agent) => self.sitters.retain(|one| one.card.id != agent),
            Command::Refresh(agent) => self.renew(agent),
            Command::Cancel(job) => self.cancel(job),
            Command::Forget(job) => self.jobs.forget(job),
            Command::Bulk(bulk) => self.bulk(bulk),
            Command::ForgetRollout(number) => self.rollouts.remove(number),
            Command::Survey(survey) => {
                let ticket = survey.begin();
                survey.finish(ticket, &self.snapshot().agents, now_ms);
            }
            Command::Template(act) => self.template(act),
            Command::Retry(_)
            | Command::Unlock(_)
            | Command::MoveKeys(_)
            | Command::Pair { .. }
            | Command::Admit { .. }
            | Command::Reject(_)
            | Command::Dismiss(_) => {}
        }
    }

    /// Makes a call that changes nothing.
    fn inquire(&mut self, agent: AgentId, call: &crate::api::Call, ticket: u64, into: &dyn Sink) {
        let answer = self.ask(agent, call);
        into.put(ticket, answer.as_ref(), self.now_ms);
    }

    fn find(&mut self, id: AgentId) -> Option<&mut Sitter> {
        self.sitters.iter_mut().find(|one| one.card.id == id)
    }

    fn ask(&mut self, id: AgentId, call: &crate::api::Call) -> Result<Reply, FleetError> {
        let found = self.find(id);
        found.map_or(Err(FleetError::Unknown), |one| one.agent.answer(call))
    }

    fn many(&mut self, many: &Many) {
        for agent in &many.agents {
            // What fails is told by jobs, and a still has none.
            drop(self.ask(*agent, &many.call));
            self.renew(*agent);
        }
    }

    fn each(&mut self, each: Each) {
        let now_ms = self.now_ms;
        let agents: Vec<AgentId> = each.calls.iter().map(|(agent, _)| *agent).collect();
        let (job, _stop) = self.jobs.begin(&each.title, &agents, now_ms);
        self.jobs.can_be_undone(job, each.undo);
        for (agent, calls) in each.calls {
            let answers = calls.iter().map(|call| self.ask(agent, call)).collect();
            self.jobs.part(job, agent, &came_of(answers), now_ms);
            self.renew(agent);
        }
    }

    /// Does all of a rollout at once; made-up agents answer without waiting.
    fn bulk(&mut self, bulk: Bulk) {
        let Bulk {
            mut rollout,
            act,
            done,
            ..
        } = bulk;
        let (ticket, now_ms) = (done.begin(), self.now_ms);
        let agents = rollout.todo(act);
        let number = *rollout.number.get_or_insert_with(|| self.rollouts.next());
        let (job, stop) = self.jobs.begin(&title(&rollout, act), &agents, now_ms);
        self.rollouts.put((*rollout).clone(), Some((job, act)));
        // Nobody listens.
        let (told, _) = mpsc::channel(1);
        let runner = Runner {
            apis: self
                .sitters
                .iter()
                .map(|one| (one.card.id, Arc::clone(&one.agent) as Arc<dyn Api>))
                .collect(),
            journal: None,
            stop,
            told,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let ended = match runtime {
            Ok(runtime) => runtime.block_on(runner.run(*rollout, act)),
            Err(error) => return done.finish(ticket, Err(error.to_string()), now_ms),
        };
        for part in ended
            .rollout
            .parts
            .iter()
            .filter(|one| agents.contains(&one.agent))
        {
            self.jobs.part(job, part.agent, &outcome(part, act), now_ms);
        }
        if act == Act::Apply {
            self.jobs.can_be_undone(job, undo(&ended.rollout.parts));
        }
        self.rollouts.ended(number, ended.clone());
        agents.into_iter().for_each(|agent| self.renew(agent));
        done.finish(ticket, Ok(ended), now_ms);
    }

    fn template(&mut self, act: TemplateAct) {
        match act {
            TemplateAct::Keep { id, template, done } => {
                let ticket = done.begin();
                let kept = self.templates.put(id, *template);
                done.finish(ticket, kept.map(|kept| kept.id), self.now_ms);
            }
            TemplateAct::Remove(id) => self.templates.remove(id),
        }
    }

    fn renew(&mut self, id: AgentId) {
        let now_ms = self.now_ms;
        if let Some(one) = self.find(id) {
            one.machine.refresh(at(now_ms));
            one.play(now_ms);
        }
    }

    fn draft(&mut self, id: AgentId, act: DraftAct) -> Result<(), String> {
        let now_ms = self.now_ms;
        let one = self.find(id).ok_or("there is no such agent")?;
        let base = one.machine.seen.configuration.value();
        let draft = one.draft.as_deref().cloned();
        let draft = draft.or_else(|| base.cloned().map(Draft::new));
        let draft = draft.ok_or("its configuration is not known")?;
        let mut next = match act {
            DraftAct::Edit { what, edit } => {
                draft.edit(&what, edit).map_err(|rule| rule.to_string())?
            }
            DraftAct::Amend { what, edit } => {
                draft.amend(&what, edit).map_err(|rule| rule.to_string())?
            }
            DraftAct::Undo => draft.undo(),
            DraftAct::Redo => draft.redo(),
            DraftAct::Discard => {
                one.draft = None;
                return Ok(());
            }
            DraftAct::Resolve { place, mine } => draft
                .resolve(&place, mine)
                .map_err(|rule| rule.to_string())?,
            DraftAct::Merge => {
                let theirs = base.cloned().ok_or("its configuration is not known")?;
                draft.merged(theirs).map_err(|rule| rule.to_string())?
            }
            DraftAct::Review => {
                let reply = one.agent.answer(&draft.call(None, true));
                match reply.and_then(|reply| Preview::from_reply(&reply)) {
                    Err(error) if is_behind(&error) => draft
                        .merged(one.newer()?)
                        .map_err(|rule| rule.to_string())?,
                    said => {
                        let mut next = draft;
                        next.reviewed(said.map_err(|error| Failure::from(&error)), now_ms);
                        next
                    }
                }
            }
            DraftAct::Apply { confirm_within } => {
                match one.agent.answer(&draft.call(confirm_within, false)) {
                    Ok(_done) => {
                        one.draft = None;
                        self.renew(id);
                        return Ok(());
                    }
                    Err(error) if is_behind(&error) => draft
                        .merged(one.newer()?)
                        .map_err(|rule| rule.to_string())?,
                    Err(error) => {
                        let mut next = draft;
                        next.refused = Some(Failure::from(&error));
                        next
                    }
                }
            }
        };
        next.is_applying = false;
        one.draft = Some(Arc::new(next));
        Ok(())
    }
}

/// Whether a draft was refused because others were faster.
fn is_behind(error: &FleetError) -> bool {
    matches!(error, FleetError::Refused { status, .. } if *status == StatusCode::PRECONDITION_FAILED)
}

const fn at(now_ms: i64) -> Now {
    Now {
        monotonic: Duration::ZERO,
        wall_ms: now_ms,
    }
}

impl Sitter {
    /// What others made of its configuration meanwhile.
    fn newer(&self) -> Result<Configuration, String> {
        let answer = self.agent.answer(&crate::api::Call::get(Target::Document(
            DocumentTarget::Whole,
        )));
        let newer = answer.and_then(|reply| Configuration::from_reply(&reply));
        newer.map_err(|error| error.reason())
    }

    /// Lives through what came before the picture.
    fn sit(&mut self, now_ms: i64) {
        let away = self.agent.trouble == Trouble::Away;
        let heard_ms = if away { now_ms - AWAY_MS } else { now_ms };
        self.play(heard_ms);
        if away {
            self.agent.state().is_gone = true;
            let gone = FleetError::Unreachable {
                address: self.agent.address.to_string(),
                source: std::io::Error::new(
                    std::io::ErrorKind::TimedOut,
                    "the connection timed out",
                ),
            };
            self.machine.deaf(&gone, at(heard_ms), u32::MAX);
        }
    }

    /// Asks for everything that a session asks for.
    fn play(&mut self, now_ms: i64) {
        let now = at(now_ms);
        loop {
            match self.machine.next(now) {
                Step::Load(Part::Samples) => self.machine.sampled(self.agent.figures(0)),
                Step::Load(part) => {
                    let answer = self.agent.answer(&part.call());
                    self.machine.loaded(part, answer.as_ref(), now, 0);
                }
                Step::Listen { .. } => self.machine.listens(),
                Step::Wait { .. } => return,
            }
        }
    }
}

mod custody;
#[cfg(test)]
mod tests;
