//! The shell of a session: asks, listens and waits as the machine says.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use underpass_runtime::{clock, random};
use underpass_shared::id::AgentId;

use super::machine::{Machine, Part, Step};
use crate::FleetError;
use crate::api::{Api, Events, Heard};
use crate::fleet::{Board, Message};

/// An agent sends a sign of life every 15 seconds; three missing ones are a loss.
const SILENCE: Duration = Duration::from_secs(45);

/// What the user or the executor wants of a session.
pub(crate) enum Nudge {
    /// Call the agent now.
    Retry,
    /// Ask for everything anew.
    Refresh,
    /// Something was changed by this program.
    Changed,
}

/// One agent's session.
pub(crate) struct Session {
    pub(crate) id: AgentId,
    pub(crate) api: Arc<dyn Api>,
    pub(crate) board: Arc<Board>,
    pub(crate) nudges: mpsc::Receiver<Nudge>,
    pub(crate) hub: mpsc::Sender<Message>,
}

impl Session {
    /// Runs until the agent is known no longer.
    pub(crate) async fn run(mut self) {
        let mut machine = Machine::new(clock::now());
        let mut events: Option<Events> = None;
        loop {
            match machine.next(clock::now()) {
                Step::Load(Part::Samples) => {
                    let since = machine.seen.series.last().map_or(0, |last| last.at_ms);
                    // Figures that cannot be had are missing, and nothing else is.
                    let samples = self.api.samples(since).await.unwrap_or_default();
                    machine.sampled(samples);
                }
                Step::Load(part) => {
                    machine.loading(part);
                    let answer = self.api.call(&part.call()).await;
                    machine.loaded(part, answer.as_ref(), clock::now(), random::number());
                }
                Step::Listen { after } => match self.api.events(after).await {
                    Ok(opened) => {
                        events = Some(opened);
                        machine.listens();
                    }
                    Err(error) => machine.deaf(&error, clock::now(), random::number()),
                },
                Step::Wait { until } => {
                    if !machine.seen.link.is_online() {
                        events = None;
                    }
                    self.board.put(self.id, machine.seen.clone());
                    if !self.wait(&mut machine, &mut events, until).await {
                        return;
                    }
                    continue;
                }
            }
            self.board.put(self.id, machine.seen.clone());
        }
    }

    /// Waits for what happens first; false when nobody wants the session any more.
    async fn wait(
        &mut self,
        machine: &mut Machine,
        events: &mut Option<Events>,
        until: Option<Duration>,
    ) -> bool {
        let rest = async {
            match until {
                Some(until) => sleep(until.saturating_sub(clock::monotonic())).await,
                None => std::future::pending().await,
            }
        };
        let told = tokio::select! {
            heard = hear(events.as_mut()) => take(machine, events, heard),
            nudge = self.nudges.recv() => {
                match nudge {
                    Some(Nudge::Retry) => machine.retry(clock::now()),
                    Some(Nudge::Refresh) => machine.refresh(clock::now()),
                    Some(Nudge::Changed) => machine.changed(),
                    None => return false,
                }
                None
            }
            () = rest => None,
        };
        if let Some((severity, text)) = told {
            let agent = Some(self.id);
            let notice = Message::Notice {
                agent,
                severity,
                text,
            };
            return self.hub.send(notice).await.is_ok();
        }
        true
    }
}

type Told = Option<(crate::snapshot::Severity, String)>;

fn take(
    machine: &mut Machine,
    events: &mut Option<Events>,
    heard: Option<Result<Heard, FleetError>>,
) -> Told {
    match heard {
        Some(Ok(heard)) => machine.heard(heard, clock::now()),
        Some(Err(error)) => {
            *events = None;
            machine.deaf(&error, clock::now(), random::number());
            None
        }
        None => {
            *events = None;
            machine.ended();
            None
        }
    }
}

/// The next event; never, where nobody listens.
async fn hear(events: Option<&mut Events>) -> Option<Result<Heard, FleetError>> {
    let Some(events) = events else {
        return std::future::pending().await;
    };
    let heard = timeout(SILENCE, events.next()).await;
    heard.unwrap_or(Some(Err(FleetError::Silent)))
}
