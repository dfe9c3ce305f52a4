//! Handing the place of one agent to another, on the word of the first.
//!
//! A handover is open for a bounded time. While it is offered the target has an identity of its own
//! beside that of the source, and the claim stays with the source; both change hands in one commit.

use std::time::Duration;

use underpass_shared::api::handover::Phase;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{HandoverId, InstanceId, LocationId, TunnelKey};
use uuid::Uuid;

use super::enrolment::RedeemError;
use super::record::{Handover, Identity, bytes};
use super::{ATTEMPTS, Directory, key};
use crate::state::{Expect, Op, StoreError};

/// Handovers that one agent may begin within a day: an operator moves an agent a few times
/// a day at most, and each leaves a row.
const HANDOVERS_MAX: usize = 64;
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

/// What a source asks for.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The handover.
    pub id: HandoverId,
    /// What becomes of the source.
    pub mode: HandoverMode,
    /// Where a copy goes.
    pub new_location: Option<LocationId>,
    /// The target's key.
    pub spki_hash: [u8; 32],
    /// For how long it is open.
    pub valid: Duration,
}

impl Directory {
    /// Begins a handover; the same one again, for the same key, changes nothing.
    pub async fn offer(
        &self,
        source: InstanceId,
        offer: &Offer,
        target: InstanceId,
        now_ms: i64,
    ) -> Result<Handover, HandoverError> {
        for _ in 0..ATTEMPTS {
            let stored = self.stored_identity(source).await?;
            let holder = stored.map(|(_, identity)| identity);
            let holder = holder.filter(|one| !one.is_revoked() && one.offered.is_none());
            let holder = holder.ok_or(HandoverError::NoSource)?;
            let place = place(&holder, offer)?;
            let (expect, old) = self.stored_handover(&place).await?;
            if let Some(old) = old.filter(|old| old.id == offer.id || old.phase.is_open()) {
                return self.again(old, source, offer).await;
            }
            self.check_new(source, offer, now_ms)?;
            let handover = Handover {
                id: offer.id,
                mode: offer.mode,
                subaccount: place.subaccount,
                location: place.location.clone(),
                source,
                target,
                begun_at_ms: now_ms,
                until_ms: now_ms.saturating_add(millis(offer.valid)),
                phase: Phase::Offered,
            };
            let identity = Identity {
                instance: target,
                subaccount: place.subaccount,
                location: place.location.clone(),
                current_spki: offer.spki_hash,
                previous_spki: None,
                certificate_not_after_ms: None,
                created_at_ms: now_ms,
                revoked_at_ms: None,
                offered: (offer.mode == HandoverMode::Move).then_some(offer.id),
            };
            let mut ops = vec![
                Op::put(key::handover(&place), expect, bytes(&handover)),
                Op::put(key::identity(target), Expect::Absent, bytes(&identity)),
            ];
            if offer.mode == HandoverMode::Copy {
                let free = self.free_claim(&place).await?;
                ops.push(Op::put(key::claim(&place), free, bytes(&target)));
            }
            if self.try_commit(ops).await? {
                return Ok(handover);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// A handover that is there already: the same one is answered as before.
    async fn again(
        &self,
        old: Handover,
        source: InstanceId,
        offer: &Offer,
    ) -> Result<Handover, HandoverError> {
        if old.id != offer.id || old.source != source {
            return Err(HandoverError::Busy(old.id));
        }
        if !old.phase.is_open() {
            return Err(HandoverError::Over(old.phase));
        }
        let target = self.stored_identity(old.target).await?;
        let same = target.is_some_and(|(_, one)| one.current_spki == offer.spki_hash);
        if same && old.mode == offer.mode {
            Ok(old)
        } else {
            Err(HandoverError::OtherKey)
        }
    }

    fn check_new(
        &self,
        source: InstanceId,
        offer: &Offer,
        now_ms: i64,
    ) -> Result<(), HandoverError> {
        let index = self.index();
        let used = |one: &std::sync::Arc<Identity>| one.knows_key(&offer.spki_hash);
        if index.identities().any(used) {
            return Err(HandoverError::UsedKey);
        }
        let of_source = index.handovers().filter(|one| one.source == source);
        let recent = of_source.filter(|one| !is_forgotten(one, now_ms)).count();
        if recent >= HANDOVERS_MAX {
            return Err(HandoverError::TooMany);
        }
        Ok(())
    }

    /// The target shall carry.
    pub async fn make_ready(
        &self,
        target: InstanceId,
        id: HandoverId,
    ) -> Result<Handover, HandoverError> {
        let found = self.of_agent(target, id, |one| one.target == target)?;
        self.set_phase(&found.key(), id, Phase::Ready).await
    }

    /// The source shall carry again, while it is still open.
    pub async fn take_back(&self, found: &Handover) -> Result<Handover, HandoverError> {
        self.set_phase(&found.key(), found.id, Phase::Offered).await
    }

    /// The target has the place, and the source has none any more. A copy leaves the source alone.
    pub async fn complete(&self, found: &Handover, now_ms: i64) -> Result<Handover, HandoverError> {
        self.end(&found.key(), found.id, Phase::Completed, now_ms)
            .await
    }

    /// All is as before: the target has no place any more.
    pub async fn abort(&self, found: &Handover, now_ms: i64) -> Result<Handover, HandoverError> {
        self.end(&found.key(), found.id, Phase::Aborted, now_ms)
            .await
    }

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

    async fn set_phase(
        &self,
        place: &TunnelKey,
        id: HandoverId,
        phase: Phase,
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
            let row = Op::put(key::handover(place), expect, bytes(found));
            if self.try_commit(vec![row]).await? {
                return Ok(found.clone());
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn end(
        &self,
        place: &TunnelKey,
        id: HandoverId,
        phase: Phase,
        now_ms: i64,
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
            // From here on it counts how long it is remembered.
            found.until_ms = now_ms;
            let mut ops = vec![Op::put(key::handover(place), expect, bytes(found))];
            ops.extend(self.handed(found, now_ms).await?);
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

/// Where the target will be.
fn place(source: &Identity, offer: &Offer) -> Result<TunnelKey, HandoverError> {
    let own = source.tunnel_key();
    match (offer.mode, &offer.new_location) {
        (HandoverMode::Move, _) => Ok(own),
        (HandoverMode::Copy, Some(location)) if *location != own.location => Ok(TunnelKey {
            location: location.clone(),
            ..own
        }),
        (HandoverMode::Copy, Some(_) | None) => Err(HandoverError::SameLocation),
    }
}

fn is_forgotten(one: &Handover, now_ms: i64) -> bool {
    !one.phase.is_open() && now_ms.saturating_sub(one.until_ms) > millis(ENDED_KEPT)
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use underpass_shared::id::SubaccountId;

    use super::*;
    use crate::state::{Memory, State, StoreClock};

    const HOUR_MS: i64 = 3_600_000;

    struct Bench {
        directory: Directory,
        source: InstanceId,
    }

    fn instance(number: u128) -> InstanceId {
        InstanceId::from_uuid(Uuid::from_u128(number))
    }

    fn offer(id: u128, key: u8) -> Offer {
        Offer {
            id: HandoverId::from_uuid(Uuid::from_u128(id)),
            mode: HandoverMode::Move,
            new_location: None,
            spki_hash: [key; 32],
            valid: Duration::from_secs(3_600),
        }
    }

    fn copy(id: u128, key: u8, location: &str) -> Offer {
        Offer {
            mode: HandoverMode::Copy,
            new_location: Some(location.parse().unwrap()),
            ..offer(id, key)
        }
    }

    impl Bench {
        async fn new() -> Self {
            let store = Memory::new(StoreClock::new(|| 0));
            let directory = Directory::open(State::start(store).unwrap()).await.unwrap();
            let subaccount = SubaccountId::from_uuid(Uuid::from_u128(9));
            directory
                .add_subaccount(subaccount, "acme", 0)
                .await
                .unwrap();
            let bench = Self {
                directory,
                source: instance(1),
            };
            bench.enrol([7; 32], instance(1), "").await.unwrap();
            bench
        }

        async fn enrol(
            &self,
            secret: [u8; 32],
            instance: InstanceId,
            location: &str,
        ) -> Result<(), RedeemError> {
            let subaccount = SubaccountId::from_uuid(Uuid::from_u128(9));
            let location = Some(location.parse().unwrap());
            let life = Duration::from_secs(60);
            let directory = &self.directory;
            let added = directory
                .add_enrol_token(&secret, subaccount, location, life)
                .await;
            added.unwrap();
            directory
                .redeem(secret, secret, None, instance, 0)
                .await
                .map(drop)
        }

        async fn offer(&self, offer: &Offer, target: u128) -> Result<Handover, HandoverError> {
            self.directory
                .offer(self.source, offer, instance(target), 0)
                .await
        }

        fn identity(&self, number: u128) -> Option<Arc<Identity>> {
            self.directory.index().identity(&instance(number)).cloned()
        }
    }

    #[tokio::test]
    async fn a_move_changes_hands_in_one_commit() {
        let bench = Bench::new().await;
        let begun = bench.offer(&offer(5, 1), 2).await.unwrap();
        assert_eq!(begun.until_ms, HOUR_MS);
        assert_eq!(bench.identity(2).unwrap().offered, Some(begun.id));
        let taken = bench.enrol([8; 32], instance(3), "").await;
        assert!(matches!(taken, Err(RedeemError::LocationTaken { .. })));
        let ready = bench.directory.make_ready(instance(2), begun.id).await;
        assert_eq!(ready.unwrap().phase, Phase::Ready);
        let done = bench.directory.complete(&begun, 10).await.unwrap();
        assert!(done.has_ended_for(instance(1)) && !done.has_ended_for(instance(2)));
        assert!(bench.identity(1).unwrap().is_revoked());
        assert_eq!(bench.identity(2).unwrap().offered, None);
        // The place is the target's: freed with its revocation, and not before.
        let taken = bench.enrol([9; 32], instance(3), "").await;
        assert!(
            matches!(taken, Err(RedeemError::LocationTaken { instance, .. }) if instance == begun.target)
        );
        bench.directory.revoke(instance(2), 11).await.unwrap();
        bench.enrol([10; 32], instance(3), "").await.unwrap();
    }

    #[tokio::test]
    async fn an_abort_leaves_no_trace_but_the_memory_of_it() {
        let bench = Bench::new().await;
        let begun = bench.offer(&offer(5, 1), 2).await.unwrap();
        bench
            .directory
            .make_ready(instance(2), begun.id)
            .await
            .unwrap();
        let back = bench.directory.take_back(&begun).await.unwrap();
        assert_eq!(back.phase, Phase::Offered);
        let ended = bench.directory.abort(&begun, 10).await.unwrap();
        assert!(ended.has_ended_for(instance(2)));
        assert_eq!(bench.identity(2), None);
        assert!(!bench.identity(1).unwrap().is_revoked());
        // Again is the same, and the same handover does not begin anew.
        assert_eq!(bench.directory.abort(&begun, 11).await.unwrap(), ended);
        let over = bench.directory.complete(&begun, 12).await;
        assert!(matches!(over, Err(HandoverError::Over(Phase::Aborted))));
        let replayed = bench.offer(&offer(5, 1), 4).await;
        assert!(matches!(replayed, Err(HandoverError::Over(Phase::Aborted))));
        bench.offer(&offer(6, 1), 4).await.unwrap();
        let day = i64::try_from(ENDED_KEPT.as_millis()).unwrap();
        bench.directory.forget_handovers(day * 3).await.unwrap();
        assert_eq!(
            bench.directory.index().handovers().count(),
            1,
            "open ones stay"
        );
    }

    #[tokio::test]
    async fn a_repetition_is_the_same_handover_and_another_one_waits() {
        let bench = Bench::new().await;
        let begun = bench.offer(&offer(5, 1), 2).await.unwrap();
        assert_eq!(bench.offer(&offer(5, 1), 3).await.unwrap(), begun);
        let other_key = bench.offer(&offer(5, 2), 3).await;
        assert!(matches!(other_key, Err(HandoverError::OtherKey)));
        let other = bench.offer(&offer(6, 2), 3).await;
        assert!(matches!(other, Err(HandoverError::Busy(id)) if id == begun.id));
        let stranger = bench.directory.make_ready(instance(3), begun.id).await;
        assert!(matches!(stranger, Err(HandoverError::Unknown)));
        let own = bench.directory.make_ready(bench.source, begun.id).await;
        assert!(
            matches!(own, Err(HandoverError::Unknown)),
            "only the target says so"
        );
        // Who has no place of its own yet vouches for nobody.
        let target = bench
            .directory
            .offer(instance(2), &offer(7, 4), instance(9), 0)
            .await;
        assert!(matches!(target, Err(HandoverError::NoSource)));
        bench.directory.revoke(bench.source, 1).await.unwrap();
        let revoked = bench.offer(&offer(8, 5), 9).await;
        assert!(matches!(revoked, Err(HandoverError::NoSource)));
    }

    #[tokio::test]
    async fn a_copy_needs_a_free_place_and_a_fresh_key() {
        let bench = Bench::new().await;
        bench.enrol([8; 32], instance(20), "taken").await.unwrap();
        let refused = bench.offer(&copy(5, 1, "taken"), 2).await;
        assert!(matches!(refused, Err(HandoverError::Place(_))));
        let same = bench.offer(&copy(5, 1, ""), 2).await;
        assert!(matches!(same, Err(HandoverError::SameLocation)));
        let used = bench.offer(&copy(5, 8, "b"), 2).await;
        assert!(matches!(used, Err(HandoverError::UsedKey)));
        let begun = bench.offer(&copy(5, 1, "b"), 2).await.unwrap();
        assert_eq!(bench.identity(2).unwrap().offered, None);
        bench.directory.complete(&begun, 1).await.unwrap();
        assert!(!bench.identity(1).unwrap().is_revoked(), "the source stays");
        let begun = bench.offer(&copy(6, 2, "c"), 3).await.unwrap();
        bench.directory.abort(&begun, 1).await.unwrap();
        bench.enrol([9; 32], instance(21), "c").await.unwrap();
        for number in 0..HANDOVERS_MAX as u128 - 2 {
            let key = u8::try_from(number).unwrap() + 100;
            let location = format!("l{number}");
            bench
                .offer(&copy(100 + number, key, &location), 100 + number)
                .await
                .unwrap();
        }
        let many = bench.offer(&copy(7, 3, "more"), 4).await;
        assert!(matches!(many, Err(HandoverError::TooMany)));
    }
}
