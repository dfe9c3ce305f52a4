//! A directory with one agent, and handovers of its place.

use std::sync::Arc;
use std::time::Duration;

use underpass_shared::api::handover::Phase;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{HandoverId, InstanceId, SubaccountId};
use uuid::Uuid;

use super::offer::HANDOVERS_MAX;
use super::*;
use crate::directory::RedeemError;
use crate::directory::record::{Handover, Identity};
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
