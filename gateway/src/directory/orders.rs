//! What commands ask of the running gateway: a row with the order, and one with its answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::timeout;
use underpass_runtime::random;
use underpass_shared::id::InstanceId;
use uuid::Uuid;

use super::record::bytes;
use super::{Directory, key};
use crate::state::{CommitError, Expect, Op, StoreError};

/// How long an order waits for a gateway, and an answer for the command that asked.
const ROW_LIFE: Duration = Duration::from_secs(120);
/// How long a command waits. Both sides look at the store a few times in a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits for a test of a channel, whose receiver may be slow.
const TEST_PATIENCE: Duration = Duration::from_secs(90);

/// What a command asks of the running gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "order",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Order {
    /// The agents and their tunnels.
    Agents,
    /// What each subaccount uses.
    Traffic,
    /// The alerts that stand, or those that stood.
    Alerts {
        /// Those that stood.
        history: bool,
    },
    /// Somebody takes note of an alert.
    Acknowledge {
        /// Its number.
        number: u64,
        /// Who.
        by: String,
    },
    /// Nobody is told of an alert for a time.
    Silence {
        /// Its number.
        number: u64,
        /// Until when, milliseconds UTC; without it the silence ends.
        until_ms: Option<i64>,
        /// Who wants it.
        by: String,
    },
    /// A copy that waits gets the place of its agent.
    Replace {
        /// The agent.
        instance: InstanceId,
        /// The process of the copy; without it the only one that waits.
        process: Option<Uuid>,
    },
    /// A test of a channel of alerts.
    TestAlerts {
        /// The channel.
        channel: String,
    },
}

impl Order {
    /// How long a command waits for the answer.
    const fn patience(&self) -> Duration {
        match self {
            Self::TestAlerts { .. } => TEST_PATIENCE,
            Self::Agents
            | Self::Traffic
            | Self::Replace { .. }
            | Self::Alerts { .. }
            | Self::Acknowledge { .. }
            | Self::Silence { .. } => PATIENCE,
        }
    }
}

/// What the gateway answers: the result, or in words why there is none.
pub type Answer = Result<Value, String>;

/// An order that has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody answered.
    #[error("no running gateway answered in time; is it running on this data directory?")]
    Silent,
    /// The answer is none.
    #[error("the running gateway's answer cannot be read; it may be of another release")]
    Unreadable,
    /// It refused.
    #[error("{0}")]
    Refused(String),
    /// The store failed.
    #[error("the gateway's state cannot be used")]
    Store(#[from] StoreError),
}

/// What is logged, in the place of what the gateway was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogFilter {
    /// A level, or levels by module.
    pub filter: String,
    /// Until when, milliseconds UTC; for ever where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

impl Directory {
    /// Asks the running gateway, from another process.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn ask(&self, order: &Order) -> Result<Value, AskError> {
        let id = random::id();
        let op = Op::put_for(key::order(id), Expect::Absent, bytes(order), ROW_LIFE);
        self.write(vec![op]).await?;
        let answer = timeout(order.patience(), self.await_answer(id)).await;
        // Nobody else reads it; without an answer nobody shall act on the order later.
        let rows = [key::order(id), key::answer(id)];
        let delete = rows.map(|row| Op::delete(row, Expect::Any));
        self.write(delete.into()).await?;
        let answer = answer.map_err(|_elapsed| AskError::Silent)??;
        let answer: Answer = serde_json::from_slice(&answer).or(Err(AskError::Unreadable))?;
        answer.map_err(AskError::Refused)
    }

    async fn await_answer(&self, id: Uuid) -> Result<Vec<u8>, StoreError> {
        let mut version = self.state().watch();
        loop {
            version.mark_unchanged();
            if let Some(entry) = self.state().get(key::answer(id)).await? {
                return Ok(entry.value);
            }
            if version.changed().await.is_err() {
                return Err(StoreError::Closed);
            }
        }
    }

    /// Answers an order, which is done then.
    pub async fn answer(&self, id: Uuid, answer: &Answer) -> Result<(), StoreError> {
        let ops = vec![
            Op::delete(key::order(id), Expect::Any),
            Op::put_for(key::answer(id), Expect::Any, bytes(answer), ROW_LIFE),
        ];
        self.write(ops).await?;
        self.refresh().await
    }

    /// Sets what is logged; with a life it ends by itself.
    pub async fn set_log_filter(
        &self,
        filter: &LogFilter,
        life: Option<Duration>,
    ) -> Result<(), StoreError> {
        let op = match life {
            Some(life) => Op::put_for(key::LOG, Expect::Any, bytes(filter), life),
            None => Op::put(key::LOG, Expect::Any, bytes(filter)),
        };
        self.write(vec![op]).await
    }

    /// What the gateway was started with is logged again.
    pub async fn reset_log_filter(&self) -> Result<(), StoreError> {
        self.write(vec![Op::delete(key::LOG, Expect::Any)]).await
    }

    /// Writes something, to see whether the store can be written.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn try_write(&self) -> Result<(), StoreError> {
        let op = Op::put_for(key::TRIED, Expect::Any, bytes(&()), ROW_LIFE);
        self.write(vec![op]).await
    }

    async fn write(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        match self.state().commit(ops).await {
            // Random ids do not meet, and nothing else has a condition.
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}
