//! The handovers that this agent takes part in, kept sealed: keys that wait for their certificates
//! are among them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use underpass_shared::api::management::{HandoverMode, HandoverSide, HandoverState};
use underpass_shared::config::{SubaccountFields, SubaccountKey};
use underpass_shared::id::{CredentialId, HandoverId, InstanceId};
use zeroize::Zeroizing;

use crate::vault::{Vault, VaultError};

/// The sealed value.
const FILE: &str = "handovers.json";
/// Handovers that are kept; those that ended go first, the oldest before the others.
pub(crate) const HANDOVERS_MAX: usize = 64;
/// How long a handover that ended, or whose keys nobody vouched for, is remembered.
const ENDED_KEPT_MS: i64 = 24 * 60 * 60 * 1_000;

/// What the target had before it accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Before {
    pub(crate) instance: InstanceId,
    pub(crate) credential: CredentialId,
    pub(crate) connected: bool,
}

/// One enrolment of a handover. Secret while it holds a key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Part {
    /// As this agent knows it.
    pub(crate) key: SubaccountKey,
    pub(crate) state: HandoverState,
    pub(crate) until_ms: i64,
    /// Target: the private key, until its certificate is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) private_key: Option<String>,
    /// Target: the request that was made with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) csr: Option<String>,
    /// The target at the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<InstanceId>,
    /// Target: what an abort puts back; nothing where there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Before>,
}

impl Part {
    /// Whether something can still become of it.
    pub(crate) const fn is_open(&self) -> bool {
        match self.state {
            HandoverState::Requested
            | HandoverState::Accepted
            | HandoverState::Waiting
            | HandoverState::Ready
            | HandoverState::Vouched
            | HandoverState::Released => true,
            HandoverState::Completed | HandoverState::Aborted => false,
        }
    }

    /// Target: it gets an enrolment in place of what is there, which an abort puts back. A call that
    /// broke off may have put the new one there already.
    pub(crate) fn offer(&mut self, target: InstanceId, present: Option<&SubaccountFields>) {
        self.target = Some(target);
        if present.is_none_or(|own| own.instance != target) {
            self.before = present.map(|own| Before {
                instance: own.instance,
                credential: own.credential,
                connected: own.connected,
            });
        }
    }

    /// It is over: its key is of no more use.
    pub(crate) fn end(&mut self, state: HandoverState, now_ms: i64) {
        self.state = state;
        self.until_ms = now_ms;
        self.private_key = None;
        self.csr = None;
    }
}

/// One handover.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Handover {
    pub(crate) id: HandoverId,
    pub(crate) side: HandoverSide,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<HandoverMode>,
    pub(crate) parts: Vec<Part>,
}

impl Handover {
    /// The part of an enrolment.
    pub(crate) fn part(&self, key: &SubaccountKey) -> Option<&Part> {
        self.parts.iter().find(|part| part.key == *key)
    }

    fn is_over(&self, now_ms: i64) -> bool {
        self.parts.iter().all(|part| {
            let is_idle = !part.is_open() || part.state == HandoverState::Requested;
            is_idle && now_ms.saturating_sub(part.until_ms) > ENDED_KEPT_MS
        })
    }
}

/// All of them. Clones are the same.
#[derive(Clone)]
pub(crate) struct Handovers(Arc<Inner>);

struct Inner {
    vault: Vault,
    /// Read when they are first asked for.
    known: Mutex<Option<Vec<Handover>>>,
    /// Held by the one call that works on them.
    turn: tokio::sync::Mutex<()>,
}

impl Handovers {
    /// Those of a data directory.
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self(Arc::new(Inner {
            vault: Vault::new(data_dir),
            known: Mutex::new(None),
            turn: tokio::sync::Mutex::new(()),
        }))
    }

    /// Waits until no other call works on them.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    /// All, the newest last.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn all(&self) -> anyhow::Result<Vec<Handover>> {
        let mut known = self.known();
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let read = match self.0.vault.read(FILE) {
            Ok(json) => serde_json::from_slice(&json)?,
            Err(VaultError::Missing(_)) => vec![],
            Err(error) => return Err(error.into()),
        };
        *known = Some(Vec::clone(&read));
        Ok(read)
    }

    /// Enrolments that an abort would put back.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn put_back(&self) -> anyhow::Result<BTreeSet<InstanceId>> {
        let all = self.all()?;
        let open = all
            .iter()
            .flat_map(|one| &one.parts)
            .filter(|part| part.is_open());
        let before = open.filter_map(|part| part.before.as_ref());
        Ok(before.map(|before| before.instance).collect())
    }

    /// One of them, on one side: an agent may hand over to itself under another location ID.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn one(
        &self,
        id: HandoverId,
        side: HandoverSide,
    ) -> anyhow::Result<Option<Handover>> {
        let all = self.all()?.into_iter();
        Ok(all.rev().find(|one| one.id == id && one.side == side))
    }

    /// Keeps one, new or changed.
    ///
    /// # Errors
    /// When it cannot be written; nothing is changed then.
    pub(crate) fn keep(&self, handover: Handover, now_ms: i64) -> anyhow::Result<()> {
        let mut all = self.all()?;
        all.retain(|one| !one.is_over(now_ms));
        let same = |one: &&mut Handover| one.id == handover.id && one.side == handover.side;
        match all.iter_mut().find(same) {
            Some(one) => *one = handover,
            None => all.push(handover),
        }
        let is_ended = |one: &Handover| !one.parts.iter().any(Part::is_open);
        while all.len() > HANDOVERS_MAX {
            let ended = all.iter().position(is_ended);
            let Some(at) = ended else {
                anyhow::bail!("{HANDOVERS_MAX} handovers are open; abort some of them first");
            };
            all.remove(at);
        }
        let json = Zeroizing::new(serde_json::to_vec(&all)?);
        self.0.vault.write(FILE, &json)?;
        *self.known() = Some(all);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Option<Vec<Handover>>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::api::management::HandoverSide::{Source, Target};
    use uuid::Uuid;

    use super::*;

    fn handover(id: usize, side: HandoverSide, state: HandoverState) -> Handover {
        let part = Part {
            key: SubaccountKey {
                region_host: "gate.example.com".parse().unwrap(),
                subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
                location_id: "".parse().unwrap(),
            },
            state,
            until_ms: 0,
            private_key: Some("a private key".to_owned()),
            csr: None,
            target: None,
            before: None,
        };
        Handover {
            id: HandoverId::from_uuid(Uuid::from_u128(id as u128)),
            side,
            mode: None,
            parts: vec![part],
        }
    }

    #[test]
    fn what_an_abort_puts_back_outlives_a_call_that_is_made_again() {
        let mut part = handover(0, Target, HandoverState::Requested)
            .parts
            .remove(0);
        let id = |number| InstanceId::from_uuid(Uuid::from_u128(number));
        let own = |instance: InstanceId| SubaccountFields {
            connected: false,
            ..SubaccountFields::enrolled(
                part.key.clone(),
                instance,
                CredentialId::from_uuid(*instance.as_uuid()),
            )
        };
        let (old, new, other) = (own(id(1)), own(id(2)), own(id(3)));
        part.offer(new.instance, Some(&old));
        let before = part.before.clone().unwrap();
        assert_eq!((before.instance, before.connected), (id(1), false));
        // It was put there, and that it was is not known.
        part.offer(new.instance, Some(&new));
        assert_eq!(part.before, Some(before));
        assert_eq!(part.target, Some(id(2)));
        part.offer(new.instance, Some(&other));
        assert_eq!(part.before.as_ref().map(|one| one.instance), Some(id(3)));
        part.offer(new.instance, None);
        assert_eq!(part.before, None);
        part.offer(new.instance, Some(&new));
        assert_eq!(part.before, None);
    }

    #[test]
    fn handovers_are_kept_sealed_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        Vault::new(dir.path()).prepare().unwrap();
        let handovers = Handovers::new(dir.path());
        let mut open = handover(0, Target, HandoverState::Requested);
        handovers.keep(open.clone(), 0).unwrap();
        handovers
            .keep(handover(0, Source, HandoverState::Vouched), 0)
            .unwrap();
        open.parts[0].state = HandoverState::Accepted;
        handovers.keep(open.clone(), 0).unwrap();
        let again = Handovers::new(dir.path());
        assert!(again.one(open.id, Target).unwrap() == Some(open.clone()));
        assert_eq!(again.all().unwrap().len(), 2);
        let sealed = std::fs::read(dir.path().join("secrets").join(FILE)).unwrap();
        let plain = sealed.windows(13).any(|window| window == b"a private key");
        assert!(!plain);

        for id in 1..HANDOVERS_MAX - 1 {
            handovers
                .keep(handover(id, Source, HandoverState::Aborted), 0)
                .unwrap();
        }
        let more = |id| handovers.keep(handover(id, Source, HandoverState::Vouched), 0);
        more(100).unwrap();
        let all = handovers.all().unwrap();
        assert_eq!(all.len(), HANDOVERS_MAX);
        assert!(all.contains(&open), "those that ended go first");
        for id in 101..100 + HANDOVERS_MAX - 2 {
            more(id).unwrap();
        }
        assert!(more(999).is_err(), "what is open stays");
        handovers.keep(open.clone(), ENDED_KEPT_MS + 1).unwrap();
        assert!(handovers.one(open.id, Target).unwrap().is_some());
    }
}
