//! Handing the place of one agent to another, on the word of the first.
//!
//! A handover is open for a bounded time. While it is offered the target has an identity of its own
//! beside that of the source, and the claim stays with the source; both change hands in one commit.

mod offer;
#[cfg(test)]
mod tests;
mod turn;

use std::time::Duration;

use underpass_shared::api::handover::Phase;
use underpass_shared::id::{HandoverId, InstanceId, TunnelKey};
use uuid::Uuid;

pub use self::offer::Offer;

use self::offer::HANDOVERS_MAX;
use super::enrolment::RedeemError;
use super::record::{Handover, bytes};
use super::{Directory, key};
use crate::state::{Expect, Op, StoreError};

/// How long one that ended is remembered, so that its repetition is told from a new one.
const ENDED_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A handover that did not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The agent that asks was revoked or replaced.
    #[error("the agent that vouches is no longer enrolled")]
    NoSource,
    /// Another handover of the place is open.
    #[error("another handover ({0}) of this location ID is open; abort it, or wait for its end")]
    Busy(HandoverId),
    /// It has ended already.
    #[error("this handover is over ({0:?}); begin another one, with a new key of the target")]
    Over(Phase),
    /// The same handover, for another key.
    #[error("this handover was begun for another key")]
    OtherKey,
    /// The key belongs to an agent already.
    #[error("the key of the request is in use; the target must make a new one")]
    UsedKey,
    /// A copy without a place of its own.
    #[error("a copy needs a location ID other than that of its source")]
    SameLocation,
    /// The agent takes part in no such handover.
    #[error("this agent takes part in no such handover")]
    Unknown,
    /// Too many.
    #[error("this agent began {HANDOVERS_MAX} handovers within a day; wait, or enrol with tokens")]
    TooMany,
    /// The place of a copy is not free.
    #[error(transparent)]
    Place(#[from] RedeemError),
    /// The store failed.
    #[error("the gateway's state cannot be changed")]
    Store(#[from] StoreError),
}

impl Directory {
    /// The handovers of this id in which an agent takes part in a way.
    pub fn of_agent(
        &self,
        agent: InstanceId,
        id: HandoverId,
        is_part: impl Fn(&Handover) -> bool,
    ) -> Result<Handover, HandoverError> {
        let index = self.index();
        let mut found = index.handovers().filter(|one| {
            one.id == id && (one.source == agent || one.target == agent) && is_part(one)
        });
        let found = found.next().ok_or(HandoverError::Unknown)?;
        Ok(Handover::clone(found))
    }

    /// Forgets handovers that ended long ago.
    pub async fn forget_handovers(&self, now_ms: i64) -> Result<(), StoreError> {
        let index = self.index();
        let old = index.handovers().filter(|one| is_forgotten(one, now_ms));
        let rows = old.map(|one| Op::delete(key::handover(&one.key()), Expect::Any));
        let rows: Vec<Op> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.try_commit(rows).await.map(drop)
    }

    /// Notes which process of each instance has its place.
    pub async fn record_holders(&self, holders: &[(InstanceId, Uuid)]) -> Result<(), StoreError> {
        let put = |(instance, process): &(InstanceId, Uuid)| {
            Op::put(key::holder(*instance), Expect::Any, bytes(process))
        };
        self.try_commit(holders.iter().map(put).collect())
            .await
            .map(drop)
    }

    async fn stored_handover(
        &self,
        place: &TunnelKey,
    ) -> Result<(Expect, Option<Handover>), StoreError> {
        let Some(entry) = self.state().get(key::handover(place)).await? else {
            return Ok((Expect::Absent, None));
        };
        let found = serde_json::from_slice(&entry.value).ok();
        Ok((Expect::Version(entry.version), found))
    }
}

fn is_forgotten(one: &Handover, now_ms: i64) -> bool {
    !one.phase.is_open() && now_ms.saturating_sub(one.until_ms) > millis(ENDED_KEPT)
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
