//! The beginning of a handover, which its source asks for.

use std::sync::Arc;
use std::time::Duration;

use underpass_shared::api::handover::Phase;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{HandoverId, InstanceId, LocationId, TunnelKey};

use super::{HandoverError, is_forgotten, millis};
use crate::directory::record::{Handover, Identity, bytes};
use crate::directory::{ATTEMPTS, Directory, key};
use crate::state::{Expect, Op, StoreError};

/// Handovers that one agent may begin within a day: an operator moves an agent a few times
/// a day at most, and each leaves a row.
pub(super) const HANDOVERS_MAX: usize = 64;

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
        let used = |one: &Arc<Identity>| one.knows_key(&offer.spki_hash);
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
