//! Calls of agents that are repeated where an answer got lost: all calls of a migration may be.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use underpass_shared::api::management::{Target, Verb};
use underpass_shared::id::AgentId;

use super::step::Act;
use crate::api::{Api, Call};
use crate::{FleetError, Reply};

/// The waits between the tries of one call: a host that restarts its agent is away for seconds, and
/// who watches a migration wants to be told soon that a host is gone.
const WAITS: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
];

/// The agents that a migration may call.
pub trait Agents: Send + Sync {
    /// One of them.
    ///
    /// # Errors
    /// When it is not known, or there is no key to it.
    fn api(&self, agent: AgentId) -> Result<Arc<dyn Api>, FleetError>;

    /// How people call it.
    fn label(&self, agent: AgentId) -> String;
}

/// Why a step was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// It failed.
    Failed {
        /// Why.
        reason: String,
        /// What was seen.
        seen: Vec<String>,
    },
    /// The target forgot what was left since this step.
    Lost(Act),
    /// Somebody stopped it.
    Cancelled,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        let (reason, seen) = (reason.into(), vec![]);
        Self::Failed { reason, seen }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { reason, .. } => f.write_str(reason),
            Self::Lost(act) => write!(f, "the target forgot what came of “{act}”"),
            Self::Cancelled => f.write_str("it was stopped"),
        }
    }
}

/// An agent in a migration.
pub(super) struct Party<'a> {
    /// How people call it.
    pub(super) label: String,
    api: Result<Arc<dyn Api>, FleetError>,
    stop: &'a CancellationToken,
}

/// What came of a call that may be refused.
pub(super) enum Told<T> {
    /// It was done.
    Done(T),
    /// The agent knows nothing of what was named.
    Unknown,
}

impl<'a> Party<'a> {
    pub(super) fn new(agents: &dyn Agents, id: AgentId, stop: &'a CancellationToken) -> Self {
        Self {
            label: agents.label(id),
            api: agents.api(id),
            stop,
        }
    }

    /// Asks for something.
    pub(super) async fn get<T: DeserializeOwned>(&self, target: Target) -> Result<T, Fault> {
        let reply = self.call(&Call::get(target)).await;
        self.read(reply)
    }

    /// Has something done.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        target: Target,
        body: &impl Serialize,
    ) -> Result<T, Fault> {
        let call = Call::new(Verb::Post, target).with(body);
        let call = call.map_err(|error| self.fault(&error))?;
        let reply = self.call(&call).await;
        self.read(reply)
    }

    /// Has something done with what the agent may know nothing of.
    pub(super) async fn try_post<T: DeserializeOwned>(
        &self,
        target: Target,
        body: &impl Serialize,
    ) -> Result<Told<T>, Fault> {
        let call = Call::new(Verb::Post, target).with(body);
        let call = call.map_err(|error| self.fault(&error))?;
        match self.call(&call).await {
            Err(Missed::Refused(FleetError::Refused { status, .. }))
                if status == StatusCode::NOT_FOUND =>
            {
                Ok(Told::Unknown)
            }
            reply => self.read(reply).map(Told::Done),
        }
    }

    /// Makes any call, as often as it takes to get an answer.
    pub(super) async fn send(&self, call: &Call) -> Result<Reply, Fault> {
        let reply = self.call(call).await;
        self.told(reply)
    }

    /// The same where the agent may know nothing of what is named.
    pub(super) async fn try_send(&self, call: &Call) -> Result<Told<Reply>, Fault> {
        match self.call(call).await {
            Err(Missed::Refused(FleetError::Refused { status, .. }))
                if status == StatusCode::NOT_FOUND =>
            {
                Ok(Told::Unknown)
            }
            reply => self.told(reply).map(Told::Done),
        }
    }

    async fn call(&self, call: &Call) -> Result<Reply, Missed> {
        let api = match &self.api {
            Ok(api) => api,
            Err(error) => return Err(Missed::Never(error.reason())),
        };
        let mut waits = WAITS.iter();
        loop {
            let answer = tokio::select! {
                () = self.stop.cancelled() => return Err(Missed::Cancelled),
                answer = api.call(call) => answer,
            };
            let error = match answer {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            match (error.is_passing(), waits.next()) {
                (true, Some(wait)) => self.pause(*wait).await.or(Err(Missed::Cancelled))?,
                (true, None) | (false, _) => return Err(Missed::Refused(error)),
            }
        }
    }

    /// Waits a little.
    pub(super) async fn pause(&self, time: Duration) -> Result<(), Fault> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Fault::Cancelled),
            () = sleep(time) => Ok(()),
        }
    }

    fn read<T: DeserializeOwned>(&self, reply: Result<Reply, Missed>) -> Result<T, Fault> {
        let reply = self.told(reply)?;
        reply.read().map_err(|error| self.fault(&error))
    }

    fn told(&self, reply: Result<Reply, Missed>) -> Result<Reply, Fault> {
        reply.map_err(|missed| match missed {
            Missed::Refused(error) => self.fault(&error),
            Missed::Never(reason) => Fault::new(format!("{}: {reason}", self.label)),
            Missed::Cancelled => Fault::Cancelled,
        })
    }

    fn fault(&self, error: &FleetError) -> Fault {
        Fault::new(format!("{}: {}", self.label, error.reason()))
    }
}

/// Why there is no answer.
enum Missed {
    Refused(FleetError),
    Never(String),
    Cancelled,
}
