//! The course of an open handover: who carries meanwhile, and what its end changes.

use underpass_shared::api::handover::Phase;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{HandoverId, InstanceId, TunnelKey};

use super::HandoverError;
use crate::directory::record::{Handover, bytes};
use crate::directory::{ATTEMPTS, Directory, key};
use crate::state::{Expect, Op, StoreError};

impl Directory {
    /// The target shall carry.
    pub async fn make_ready(
        &self,
        target: InstanceId,
        id: HandoverId,
    ) -> Result<Handover, HandoverError> {
        let found = self.of_agent(target, id, |one| one.target == target)?;
        self.turn(&found.key(), id, Phase::Ready, None).await
    }

    /// The source shall carry again, while it is still open.
    pub async fn take_back(&self, found: &Handover) -> Result<Handover, HandoverError> {
        self.turn(&found.key(), found.id, Phase::Offered, None)
            .await
    }

    /// The target has the place, and the source has none any more. A copy leaves the source alone.
    pub async fn complete(&self, found: &Handover, now_ms: i64) -> Result<Handover, HandoverError> {
        self.turn(&found.key(), found.id, Phase::Completed, Some(now_ms))
            .await
    }

    /// All is as before: the target has no place any more.
    pub async fn abort(&self, found: &Handover, now_ms: i64) -> Result<Handover, HandoverError> {
        self.turn(&found.key(), found.id, Phase::Aborted, Some(now_ms))
            .await
    }

    /// Turns a handover to a phase. One that ends so changes hands in the same commit.
    async fn turn(
        &self,
        place: &TunnelKey,
        id: HandoverId,
        phase: Phase,
        ended_ms: Option<i64>,
    ) -> Result<Handover, HandoverError> {
        for _ in 0..ATTEMPTS {
            let (expect, found) = self.stored_handover(place).await?;
            let mut found = found.filter(|one| one.id == id);
            let found = found.as_mut().ok_or(HandoverError::Unknown)?;
            if found.phase == phase {
                return Ok(found.clone());
            }
            if !found.phase.is_open() {
                return Err(HandoverError::Over(found.phase));
            }
            found.phase = phase;
            let handed = match ended_ms {
                Some(now_ms) => {
                    // From here on it counts how long it is remembered.
                    found.until_ms = now_ms;
                    self.handed(found, now_ms).await?
                }
                None => vec![],
            };
            let mut ops = vec![Op::put(key::handover(place), expect, bytes(found))];
            ops.extend(handed);
            if self.try_commit(ops).await? {
                return Ok(found.clone());
            }
        }
        Err(StoreError::Busy.into())
    }

    /// What an end does to identities and claim.
    async fn handed(&self, ended: &Handover, now_ms: i64) -> Result<Vec<Op>, HandoverError> {
        let place = ended.key();
        let (source, target) = (
            self.stored_identity(ended.source).await?,
            self.stored_identity(ended.target).await?,
        );
        let mut ops = vec![];
        let claim = self.state().get(key::claim(&place)).await?;
        let is_claimed_by = |instance: InstanceId| {
            let held = claim.as_ref().filter(|one| one.value == bytes(&instance));
            held.map(|one| Expect::Version(one.version))
        };
        if ended.phase == Phase::Aborted {
            if let Some((version, _)) = target {
                let row = key::identity(ended.target);
                ops.push(Op::delete(row, Expect::Version(version)));
                ops.push(Op::delete(key::holder(ended.target), Expect::Any));
            }
            if let Some(held) = is_claimed_by(ended.target) {
                ops.push(Op::delete(key::claim(&place), held));
            }
            return Ok(ops);
        }
        if ended.mode == HandoverMode::Copy {
            return Ok(ops);
        }
        let (version, mut identity) = target.ok_or(HandoverError::Unknown)?;
        identity.offered = None;
        let row = key::identity(ended.target);
        ops.push(Op::put(row, Expect::Version(version), bytes(&identity)));
        if let Some((version, mut identity)) = source {
            identity.revoked_at_ms.get_or_insert(now_ms);
            let row = key::identity(ended.source);
            ops.push(Op::put(row, Expect::Version(version), bytes(&identity)));
        }
        let held = is_claimed_by(ended.source).unwrap_or(Expect::Any);
        ops.push(Op::put(key::claim(&place), held, bytes(&ended.target)));
        Ok(ops)
    }
}
