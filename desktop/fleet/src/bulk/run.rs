//! A rollout as it goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use underpass_shared::id::AgentId;

use super::act::Work;
use super::fault::Fault;
use super::journal::Journal;
use super::part::{Part, Plan, State};
use super::turns::{Halt, Next, Turns};
use super::{Act, Rollout};
use crate::FleetError;
use crate::api::Api;
use crate::template::Values;

/// Why a rollout ended before it was through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody wanted it.
    Wanted,
    /// One of the first agents failed.
    Canary,
    /// More agents failed than may.
    Failures,
    /// What came of it cannot be written down: the reason.
    Unkept(String),
}

/// How an act on a rollout ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The rollout as it is now.
    pub rollout: Rollout,
    /// Why it is not through, where it is not.
    pub stopped: Option<Stopped>,
}

/// What runs a rollout.
pub(crate) struct Runner {
    /// The agents that can be asked.
    pub(crate) apis: BTreeMap<AgentId, Arc<dyn Api>>,
    /// Where it is written down, if anywhere.
    pub(crate) journal: Option<Journal>,
    /// Says that no further agent is to be begun.
    pub(crate) stop: CancellationToken,
    /// Hears of each agent.
    pub(crate) told: mpsc::Sender<(AgentId, Told)>,
}

/// What is told of an agent while a rollout goes on.
#[derive(Debug)]
pub(crate) enum Told {
    /// It is its turn; what it is until that is over.
    Begun(State),
    /// That is over.
    Ended(State, Option<Plan>),
}

/// A part that ended.
type Over = (usize, State, Option<Plan>);

impl Runner {
    /// Does with all agents what the act says.
    pub(crate) async fn run(self, mut rollout: Rollout, act: Act) -> Ended {
        let is_for = |(i, part): (usize, &Part)| part.is_for(act).then_some(i);
        let queue = rollout.parts.iter().enumerate().filter_map(is_for);
        let (queue, done) = (queue.collect(), rollout.counts().done);
        let mut turns = Turns::new(act, &rollout.options, queue, done);
        let values = Arc::new(rollout.values.clone());
        let pause = Duration::from_secs(rollout.options.pause_seconds.into());
        let (mut stopped, mut is_new) = (None, false);
        let mut running: FuturesUnordered<BoxFuture<'static, Over>> = FuturesUnordered::new();
        loop {
            if stopped.is_none() && self.stop.is_cancelled() {
                // Those that run come to their end.
                stopped = Some(Stopped::Wanted);
                turns.stop();
            }
            let (begun, next) = begin(&mut rollout, &mut turns, act);
            // Written down before anything is done.
            if (is_new || !begun.is_empty())
                && let Err(reason) = self.keep(&mut rollout).await
            {
                stopped = Some(Stopped::Unkept(reason));
                turns.stop();
                begun.iter().for_each(|_| turns.ended(false));
                put_back(&mut rollout, begun);
                is_new = false;
                continue;
            }
            is_new = false;
            for (i, before) in begun {
                if let Some(part) = rollout.parts.get(i) {
                    self.tell(part.agent, Told::Begun(part.state.clone())).await;
                    running.push(self.work(&rollout, part, (i, before), &values, act));
                }
            }
            if next == Next::Over {
                break;
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if stopped.is_none() => {}
                Some((i, state, plan)) = running.next() => {
                    turns.ended(state.fault().is_none());
                    if let Some(part) = rollout.parts.get_mut(i) {
                        let told = Told::Ended(state.clone(), plan.clone());
                        self.tell(part.agent, told).await;
                        (part.state, part.plan) = (state, plan);
                    }
                    is_new = true;
                }
                () = sleep(pause), if next == Next::Pause => turns.go_on(),
            }
        }
        let halt = turns.halt().map(|halt| match halt {
            Halt::Canary => Stopped::Canary,
            Halt::Failures => Stopped::Failures,
        });
        Ended {
            rollout,
            stopped: stopped.or(halt),
        }
    }

    fn work(
        &self,
        rollout: &Rollout,
        part: &Part,
        (i, before): (usize, State),
        values: &Arc<Values>,
        act: Act,
    ) -> BoxFuture<'static, Over> {
        let Some(api) = self.apis.get(&part.agent) else {
            let (state, plan) = (nobody(before), part.plan.clone());
            return std::future::ready((i, state, plan)).boxed();
        };
        let mut part = part.clone();
        // What was under way before a break is asked for first.
        part.state = if before == State::Running {
            State::Unknown {
                fault: Fault::from(&FleetError::Silent),
            }
        } else {
            before
        };
        let work = Work {
            api: Arc::clone(api),
            template: rollout.change_of(part.agent).clone(),
            values: Arc::clone(values),
            options: rollout.options,
            part,
        };
        async move {
            let (state, plan) = work.run(act).await;
            (i, state, plan)
        }
        .boxed()
    }

    async fn keep(&self, rollout: &mut Rollout) -> Result<(), String> {
        let Some(journal) = self.journal.clone() else {
            return Ok(());
        };
        let mut copy = rollout.clone();
        let kept = spawn_blocking(move || journal.keep(&mut copy).map(|()| copy.number));
        let kept = kept.await.map_err(|error| error.to_string())?;
        rollout.number = kept.map_err(|error| match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        })?;
        Ok(())
    }

    async fn tell(&self, agent: AgentId, told: Told) {
        // Nobody may be listening any more.
        drop(self.told.send((agent, told)).await);
    }
}

/// What becomes of a part whose agent is not known any more.
fn nobody(before: State) -> State {
    let fault = Fault::from(&FleetError::Unknown);
    match before {
        State::Unplanned | State::Refused { .. } => State::Refused { fault },
        State::Ready | State::Failed { .. } => State::Failed { fault },
        State::Done { revision }
        | State::Unwell { revision, .. }
        | State::Undoing { revision }
        | State::NotUndone { revision, .. } => State::NotUndone { revision, fault },
        State::Running | State::Unknown { .. } => State::Unknown { fault },
        State::Unchanged | State::Undone { .. } => before,
    }
}

/// Begins all parts that may begin; what they were before, and what to do then.
fn begin(rollout: &mut Rollout, turns: &mut Turns, act: Act) -> (Vec<(usize, State)>, Next) {
    let mut begun = vec![];
    loop {
        let i = match turns.next() {
            Next::Begin(i) => i,
            next @ (Next::Wait | Next::Pause | Next::Over) => return (begun, next),
        };
        if let Some(part) = rollout.parts.get_mut(i) {
            let state = part.begun(act);
            begun.push((i, std::mem::replace(&mut part.state, state)));
        }
    }
}

/// Parts of which nothing was done are as they were.
fn put_back(rollout: &mut Rollout, begun: Vec<(usize, State)>) {
    for (i, before) in begun {
        if let Some(part) = rollout.parts.get_mut(i) {
            part.state = before;
        }
    }
}
