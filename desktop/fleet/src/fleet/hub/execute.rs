//! Doing what the user wants.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use super::super::Message;
use super::Hub;
use crate::FleetError;
use crate::api::{Api, Call};
use crate::command::{Change, Command, Each, Follow, Many};
use crate::log::{self, Following, Tempo};
use crate::session::Nudge;
use crate::slot::Sink;
use crate::snapshot::{Failure, JobId, PartState};

/// Agents that one job changes at the same time: what is wrong with a change is seen before all have
/// it.
const AT_ONCE: usize = 8;

impl Hub {
    pub(super) fn execute(&mut self, command: Command) {
        match command {
            Command::Read(read) => {
                let call = Call::get(read.target).query(read.query);
                self.inquire(read.agent, call, read.ticket, read.into);
            }
            Command::Follow(wanted) => self.follow(wanted),
            Command::Try(trial) => self.inquire(trial.agent, trial.call, trial.ticket, trial.into),
            Command::Call(change) => self.change(change),
            Command::Many(many) => self.many(many),
            Command::Each(each) => self.each(each),
            Command::Bulk(bulk) => self.bulk(bulk),
            Command::ForgetRollout(number) => self.forget_rollout(number),
            Command::Survey(survey) => self.survey(survey),
            Command::Template(act) => self.template(act),
            Command::Migrate(act) => self.migrate(act),
            Command::Scc(act) => self.scc(act),
            Command::BackUp(wanted) => self.back_up(wanted),
            Command::Restore(wanted) => self.restore(wanted),
            Command::Draft { agent, act, done } => self.draft(agent, act, &done),
            Command::Refresh(agent) => self.nudge(agent, Nudge::Refresh),
            Command::Retry(agent) => self.nudge(agent, Nudge::Retry),
            Command::Describe { agent, described } => self.describe(agent, &described),
            Command::Move { agent, address } => self.relocate(agent, address),
            Command::Remove(agent) => self.forget(agent),
            Command::Pair { link, name, done } => self.pair(&link, name, done),
            Command::Admit {
                agent,
                described,
                done,
            } => self.keep_stranger(agent, described, done),
            Command::Reject(agent) => self.reject(agent),
            Command::Unlock(choice) => self.unlock(choice),
            Command::MoveKeys(wanted) => self.move_keys(wanted),
            Command::Cancel(job) => self.jobs.cancel(job),
            Command::Forget(job) => self.jobs.forget(job),
            Command::Dismiss(notice) => self.notices.retain(|one| one.id != notice),
        }
        self.now();
    }

    fn nudge(&self, agent: AgentId, nudge: Nudge) {
        if let Some(member) = self.members.get(&agent) {
            member.nudge(nudge);
        }
    }

    pub(super) fn api(&self, agent: AgentId) -> Option<Arc<dyn Api>> {
        Some(Arc::clone(&self.members.get(&agent)?.api))
    }

    fn follow(&self, wanted: Follow) {
        let Follow { agent, after, into } = wanted;
        let Some(api) = self.api(agent) else {
            into.set(Following::Broken(FleetError::Unknown.reason().into()));
            return;
        };
        let (wake, how) = (
            Arc::clone(&self.wake),
            (self.tasks.clone(), Tempo::default()),
        );
        let followed = log::follow(api, into, after, wake, how);
        self.tasks.spawn("fleet-log", followed);
    }

    /// Makes a call that changes nothing.
    fn inquire(&self, agent: AgentId, call: Call, ticket: u64, into: Arc<dyn Sink>) {
        let Some(api) = self.api(agent) else {
            into.put(ticket, Err(&FleetError::Unknown), clock::wall_ms());
            (self.wake)();
            return;
        };
        let (turns, told) = (Arc::clone(&self.requests), self.told.clone());
        self.tasks.spawn("fleet-read", async move {
            let _turn = turns.acquire().await;
            let answer = api.call(&call).await;
            into.put(ticket, answer.as_ref(), clock::wall_ms());
            // The hub ends before its tasks only when nobody looks any more.
            drop(told.send(Message::Filled).await);
        });
    }

    fn change(&mut self, change: Change) {
        let Change {
            agent,
            call,
            title,
            done,
        } = change;
        let ticket = done.begin();
        let Some(api) = self.api(agent) else {
            done.finish(ticket, Err(FleetError::Unknown.reason()), clock::wall_ms());
            return;
        };
        let (job, stop) = self.jobs.begin(&title, &[agent], clock::wall_ms());
        let (told, nudges) = (self.told.clone(), self.nudges(agent));
        self.tasks.spawn("fleet-call", async move {
            let part = |state| Message::Part { job, agent, state };
            drop(told.send(part(PartState::Running)).await);
            let answer = tokio::select! {
                () = stop.cancelled() => None,
                answer = api.call(&call) => Some(answer),
            };
            let state = match &answer {
                None => PartState::Cancelled,
                Some(Ok(reply)) => PartState::Done {
                    revision: reply.revision,
                },
                Some(Err(error)) => PartState::Failed(Failure::from(error)),
            };
            let cancelled = Err("it was stopped; it may have been done all the same".to_owned());
            let answer = answer.map(|answer| answer.map_err(|error| error.reason()));
            done.finish(ticket, answer.unwrap_or(cancelled), clock::wall_ms());
            if let Some(nudges) = nudges {
                drop(nudges.try_send(Nudge::Changed));
            }
            drop(told.send(part(state)).await);
        });
    }

    pub(super) fn nudges(&self, agent: AgentId) -> Option<mpsc::Sender<Nudge>> {
        Some(self.members.get(&agent)?.nudges.clone())
    }

    fn many(&mut self, many: Many) {
        let Many {
            mut agents,
            call,
            title,
        } = many;
        agents.sort_unstable();
        agents.dedup();
        let calls = agents.into_iter().map(|agent| (agent, vec![call.clone()]));
        self.each(Each {
            title,
            calls: calls.collect(),
            undo: Vec::new(),
        });
    }

    fn each(&mut self, each: Each) {
        let Each { title, calls, undo } = each;
        let agents: Vec<AgentId> = calls.iter().map(|(agent, _)| *agent).collect();
        let (job, stop) = self.jobs.begin(&title, &agents, clock::wall_ms());
        self.jobs.can_be_undone(job, undo);
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        for (agent, calls) in calls {
            let part = Part {
                job,
                agent,
                calls,
                turns: Arc::clone(&turns),
                stop: stop.clone(),
                told: self.told.clone(),
            };
            let nudges = self.nudges(agent);
            let api = self.api(agent);
            self.tasks.spawn("fleet-bulk", async move {
                let state = match api {
                    None => PartState::Failed(Failure::from(&FleetError::Unknown)),
                    Some(api) => part.run(api).await,
                };
                if let Some(nudges) = nudges {
                    drop(nudges.try_send(Nudge::Changed));
                }
                part.say(state).await;
            });
        }
    }
}

/// What a job does with one of many agents.
struct Part {
    job: JobId,
    agent: AgentId,
    calls: Vec<Call>,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
    told: mpsc::Sender<Message>,
}

impl Part {
    async fn run(&self, api: Arc<dyn Api>) -> PartState {
        let _turn = tokio::select! {
            () = self.stop.cancelled() => return PartState::Cancelled,
            turn = self.turns.acquire() => turn,
        };
        if self.stop.is_cancelled() {
            return PartState::Cancelled;
        }
        self.say(PartState::Running).await;
        let mut answers = Vec::with_capacity(self.calls.len());
        for (at, call) in self.calls.iter().enumerate() {
            // What has begun is not stopped: whether it was done would be unknown.
            let answer = api.call(call).await;
            if answer.is_ok() {
                self.acknowledged(at).await;
            }
            answers.push(answer);
            if self.stop.is_cancelled() && answers.len() < self.calls.len() {
                return PartState::Cancelled;
            }
        }
        came_of(answers)
    }

    async fn say(&self, state: PartState) {
        let (job, agent) = (self.job, self.agent);
        drop(self.told.send(Message::Part { job, agent, state }).await);
    }

    /// The agent did one of the calls, which can be taken back whatever comes of the others.
    async fn acknowledged(&self, call: usize) {
        let (job, agent) = (self.job, self.agent);
        let told = Message::Acknowledged { job, agent, call };
        drop(self.told.send(told).await);
    }
}

/// What came of all calls on one agent: the first failure, or the newest revision.
pub(crate) fn came_of(answers: Vec<Result<crate::Reply, FleetError>>) -> PartState {
    let mut revision = None;
    for answer in answers {
        match answer {
            Ok(reply) => revision = reply.revision.or(revision),
            Err(error) => return PartState::Failed(Failure::from(&error)),
        }
    }
    PartState::Done { revision }
}
