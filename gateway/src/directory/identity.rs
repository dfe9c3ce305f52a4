//! Certificates of enrolled agents: renewal and revocation.

use underpass_shared::id::InstanceId;

use super::record::{Identity, bytes};
use super::{ATTEMPTS, Directory, key};
use crate::state::{CommitError, Expect, Op, StoreError};

/// A change to an identity that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No such agent.
    #[error("no such instance; see `underpass-gateway status`")]
    Unknown,
    /// The agent was revoked; it must enrol anew.
    #[error("this instance is revoked")]
    Revoked,
    /// The key that asks has been replaced.
    #[error("this key is no longer one of the instance's newest")]
    OldKey,
    /// The store failed.
    #[error("the gateway's state cannot be changed")]
    Store(#[from] StoreError),
}

impl Directory {
    /// Notes the first certificate of an enrolled agent, or another one for its current key.
    pub async fn record_certificate(
        &self,
        instance: InstanceId,
        spki_hash: [u8; 32],
        not_after_ms: i64,
    ) -> Result<Identity, IdentityError> {
        self.change_key(instance, None, spki_hash, not_after_ms)
            .await
    }

    /// Notes a renewed certificate before it is handed out.
    ///
    /// `proven` is the key that asked. It stays good beside the new one, for an agent that loses
    /// the answer and asks again, however often and with whatever new key.
    pub async fn renew_certificate(
        &self,
        instance: InstanceId,
        proven: [u8; 32],
        spki_hash: [u8; 32],
        not_after_ms: i64,
    ) -> Result<Identity, IdentityError> {
        self.change_key(instance, Some(proven), spki_hash, not_after_ms)
            .await
    }

    async fn change_key(
        &self,
        instance: InstanceId,
        proven: Option<[u8; 32]>,
        spki_hash: [u8; 32],
        not_after_ms: i64,
    ) -> Result<Identity, IdentityError> {
        for _ in 0..ATTEMPTS {
            let (version, mut identity) = self
                .stored_identity(instance)
                .await?
                .ok_or(IdentityError::Unknown)?;
            if identity.is_revoked() {
                return Err(IdentityError::Revoked);
            }
            let proven = proven.unwrap_or(identity.current_spki);
            if !identity.knows_key(&proven) {
                return Err(IdentityError::OldKey);
            }
            if proven != spki_hash {
                identity.previous_spki = Some(proven);
            }
            identity.current_spki = spki_hash;
            identity.certificate_not_after_ms = Some(not_after_ms);
            let row = key::identity(instance);
            let ops = vec![Op::put(row, Expect::Version(version), bytes(&identity))];
            if self.try_commit(ops).await? {
                return Ok(identity);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Revokes an agent and frees its location ID. Revoking again changes nothing.
    pub async fn revoke(
        &self,
        instance: InstanceId,
        now_ms: i64,
    ) -> Result<Identity, IdentityError> {
        for _ in 0..ATTEMPTS {
            let (version, mut identity) = self
                .stored_identity(instance)
                .await?
                .ok_or(IdentityError::Unknown)?;
            if identity.revoked_at_ms.is_some() {
                return Ok(identity);
            }
            identity.revoked_at_ms = Some(now_ms);
            let row = key::identity(instance);
            let mut ops = vec![
                Op::put(row, Expect::Version(version), bytes(&identity)),
                Op::delete(key::holder(instance), Expect::Any),
            ];
            let claim = key::claim(&identity.tunnel_key());
            let held = self.state().get(claim.as_str()).await?;
            if let Some(held) = held.filter(|held| held.value == bytes(&instance)) {
                ops.push(Op::delete(claim, Expect::Version(held.version)));
            }
            if self.try_commit(ops).await? {
                return Ok(identity);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// The stored record and its version, not the index's copy.
    pub(super) async fn stored_identity(
        &self,
        instance: InstanceId,
    ) -> Result<Option<(u64, Identity)>, StoreError> {
        let entry = self.state().get(key::identity(instance)).await?;
        let read =
            entry.map(|entry| Some((entry.version, serde_json::from_slice(&entry.value).ok()?)));
        Ok(read.flatten())
    }

    /// Whether the commit happened; a lost race is `false`.
    pub(super) async fn try_commit(&self, ops: Vec<Op>) -> Result<bool, StoreError> {
        match self.state().commit(ops).await {
            Ok(_) => {
                self.refresh().await?;
                Ok(true)
            }
            Err(CommitError::Conflict { .. }) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}
