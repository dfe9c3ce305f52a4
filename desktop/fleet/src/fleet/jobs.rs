//! Changes on their way: what the list of jobs shows.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use underpass_shared::id::AgentId;

use crate::FleetError;
use crate::api::Call;
use crate::snapshot::{Failure, JobId, JobPart, JobSnapshot, JobState, PartState};

/// Most jobs that are shown; the oldest that ended go first.
const JOBS_MAX: usize = 200;

impl From<&FleetError> for Failure {
    fn from(error: &FleetError) -> Self {
        if let FleetError::Refused { body, .. } = error {
            return Self {
                kind: Some(body.kind),
                message: crate::error::clean(&body.message).into(),
                field: body
                    .field
                    .as_deref()
                    .map(|field| crate::error::clean(field).into()),
            };
        }
        Self::plain(error.reason())
    }
}

impl Failure {
    /// One that no agent told.
    pub(crate) fn plain(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: None,
            message: message.into(),
            field: None,
        }
    }
}

struct Job {
    shown: Arc<JobSnapshot>,
    stop: CancellationToken,
}

impl Job {
    fn change(&mut self, agent: AgentId, change: impl FnOnce(&mut JobPart)) {
        let shown = Arc::make_mut(&mut self.shown);
        let mut parts = Arc::make_mut(&mut shown.parts).iter_mut();
        if let Some(part) = parts.find(|part| part.agent == agent) {
            change(part);
        }
    }
}

/// All jobs.
#[derive(Default)]
pub(crate) struct Jobs {
    next: u64,
    /// The newest last.
    all: Vec<Job>,
}

impl Jobs {
    /// Begins a job; its number, and what tells that the user wants it stopped.
    pub(crate) fn begin(
        &mut self,
        title: &str,
        agents: &[AgentId],
        now_ms: i64,
    ) -> (JobId, CancellationToken) {
        let id = JobId(self.next);
        self.next += 1;
        let part = |agent: &AgentId| JobPart {
            agent: *agent,
            state: PartState::Waiting,
            did: Vec::new(),
        };
        let stop = CancellationToken::new();
        self.all.push(Job {
            shown: Arc::new(JobSnapshot {
                id,
                title: title.into(),
                parts: agents.iter().map(part).collect(),
                undo: Arc::from([]),
                state: JobState::Running,
                started_ms: now_ms,
                ended_ms: None,
            }),
            stop: stop.clone(),
        });
        if self.all.len() > JOBS_MAX
            && let Some(oldest) = self.all.iter().position(|job| job.shown.ended_ms.is_some())
        {
            self.all.remove(oldest);
        }
        (id, stop)
    }

    /// Keeps what takes a job back.
    pub(crate) fn can_be_undone(&mut self, id: JobId, undo: Vec<(AgentId, Vec<Call>)>) {
        if let Some(job) = self.all.iter_mut().find(|job| job.shown.id == id) {
            Arc::make_mut(&mut job.shown).undo = undo.into();
        }
    }

    /// An agent did one of a job's calls.
    pub(crate) fn did(&mut self, id: JobId, agent: AgentId, call: usize) {
        if let Some(job) = self.all.iter_mut().find(|job| job.shown.id == id) {
            job.change(agent, |part| part.did.push(call));
        }
    }

    /// A part of a job came further.
    pub(crate) fn part(&mut self, id: JobId, agent: AgentId, state: &PartState, now_ms: i64) {
        let Some(job) = self.all.iter_mut().find(|job| job.shown.id == id) else {
            return;
        };
        job.change(agent, |part| part.state = state.clone());
        let shown = Arc::make_mut(&mut job.shown);
        if shown.finished() == shown.parts.len() {
            shown.state = outcome(&shown.parts);
            shown.ended_ms = Some(now_ms);
        }
    }

    pub(crate) fn cancel(&self, id: JobId) {
        if let Some(job) = self.all.iter().find(|job| job.shown.id == id) {
            job.stop.cancel();
        }
    }

    /// Shows a job that is over no longer.
    pub(crate) fn forget(&mut self, id: JobId) {
        self.all
            .retain(|job| job.shown.id != id || job.shown.ended_ms.is_none());
    }

    /// The newest first.
    pub(crate) fn show(&self) -> Arc<[Arc<JobSnapshot>]> {
        self.all
            .iter()
            .rev()
            .map(|job| Arc::clone(&job.shown))
            .collect()
    }
}

/// What became of a job whose parts are all over.
fn outcome(parts: &[JobPart]) -> JobState {
    let failures: Vec<&Failure> = parts
        .iter()
        .filter_map(|part| match &part.state {
            PartState::Failed(failure) => Some(failure),
            PartState::Waiting
            | PartState::Running
            | PartState::Done { .. }
            | PartState::Cancelled => None,
        })
        .collect();
    match failures.as_slice() {
        [] if parts.iter().any(|part| part.state == PartState::Cancelled) => JobState::Cancelled,
        [] => JobState::Done,
        [only] if parts.len() == 1 => JobState::Failed((*only).clone()),
        some => {
            let text = format!("{} of {} failed", some.len(), parts.len());
            JobState::Failed(Failure::plain(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::api::management::{DocumentTarget, Target};

    use super::*;

    fn agent(n: u8) -> AgentId {
        AgentId::of_authority(&[n; 32])
    }

    const DONE: PartState = PartState::Done { revision: None };

    #[test]
    fn a_job_is_over_with_its_last_part_and_tells_how_many_failed() {
        let mut jobs = Jobs::default();
        let (id, stop) = jobs.begin("Apply", &[agent(1), agent(2), agent(3)], 1);
        jobs.part(id, agent(1), &DONE, 2);
        jobs.part(id, agent(2), &PartState::Failed(Failure::plain("x")), 3);
        jobs.forget(id);
        let shown = &jobs.show()[0];
        assert_eq!((&shown.state, shown.finished()), (&JobState::Running, 2));
        jobs.cancel(id);
        assert!(stop.is_cancelled());
        jobs.part(id, agent(3), &PartState::Cancelled, 4);
        let shown = &jobs.show()[0];
        assert_eq!(
            shown.state,
            JobState::Failed(Failure::plain("1 of 3 failed"))
        );
        assert_eq!(shown.ended_ms, Some(4));
        jobs.forget(id);
        assert!(jobs.show().is_empty());
    }

    #[test]
    fn what_was_done_of_a_part_that_failed_is_taken_back() {
        let mut jobs = Jobs::default();
        let agents = [1, 2, 3].map(agent);
        let (id, _stop) = jobs.begin("Disconnect", &agents, 1);
        let call = |n| Call::get(Target::Document(DocumentTarget::Revision(n)));
        let all = || (0..3).map(call).collect::<Vec<_>>();
        jobs.can_be_undone(id, agents.map(|agent| (agent, all())).into());
        jobs.part(id, agents[0], &DONE, 2);
        for (of, at) in [(1, 0), (1, 2), (2, 1)] {
            jobs.did(id, agents[of], at);
        }
        jobs.part(id, agents[1], &PartState::Failed(Failure::plain("x")), 3);
        let undoing = || {
            let calls = jobs.show()[0].undoing().into_iter();
            calls.map(|(agent, calls)| (agent, calls.len())).collect()
        };
        let taken_back: Vec<_> = undoing();
        assert_eq!(taken_back, [(agents[0], 3), (agents[1], 2), (agents[2], 1)]);
    }

    #[test]
    fn the_list_has_a_limit_and_keeps_what_goes_on() {
        let mut jobs = Jobs::default();
        let (first, _) = jobs.begin("goes on", &[agent(1)], 0);
        for _job in 0..JOBS_MAX + 10 {
            let (id, _) = jobs.begin("x", &[agent(1)], 0);
            jobs.part(id, agent(1), &DONE, 0);
        }
        let shown = jobs.show();
        assert_eq!(shown.len(), JOBS_MAX);
        assert_eq!(shown.last().unwrap().id, first);
    }
}
