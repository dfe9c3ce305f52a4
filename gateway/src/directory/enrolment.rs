//! One-time enrolment tokens.

use std::time::Duration;

use underpass_shared::id::{InstanceId, LocationId, SubaccountId, TunnelKey};

use super::record::{EnrolRecord, Identity, bytes};
use super::{ATTEMPTS, Directory, key};
use crate::state::{CommitError, Expect, Op, StoreError};

/// How long an enrolment token lives unless told otherwise.
pub const ENROL_TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// The longest life of an enrolment token: who finds one can enrol an agent.
pub const ENROL_TOKEN_LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the same key may redeem again, for the agent that lost the answer.
pub const REDEEM_RETRY: Duration = Duration::from_secs(10 * 60);

/// An enrolment token that was not made.
#[derive(Debug, thiserror::Error)]
pub enum EnrolTokenError {
    /// No such subaccount.
    #[error("no such subaccount; see `underpass-gateway subaccount list`")]
    UnknownSubaccount,
    /// Zero or above the maximum.
    #[error("an enrolment token lives between 1 second and 24 hours")]
    Life,
    /// The store failed.
    #[error("the gateway's state cannot be changed")]
    Store(#[from] StoreError),
}

/// A token that was not redeemed.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    /// Unknown, expired and used tokens look the same.
    #[error("the enrolment token is unknown, expired or already used; create a new one")]
    Refused,
    /// The token names another location ID.
    #[error("the enrolment token is for location ID \"{allowed}\"")]
    LocationNotAllowed {
        /// The location ID that the token names.
        allowed: LocationId,
    },
    /// Another agent serves this subaccount and location ID.
    #[error(
        "subaccount {} already has an agent with location ID \"{}\" (instance {instance}); \
         use another location ID, or revoke that instance on the gateway first",
        key.subaccount, key.location
    )]
    LocationTaken {
        /// What was asked for.
        key: TunnelKey,
        /// Who has it.
        instance: InstanceId,
    },
    /// The store failed; the same call may succeed later.
    #[error("the gateway's state cannot be changed")]
    Store(#[from] StoreError),
}

/// What a redeemed token gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// The tenant to serve.
    pub subaccount: SubaccountId,
    /// The location ID to serve.
    pub location: LocationId,
    /// The agent's name from now on.
    pub instance: InstanceId,
}

impl From<Identity> for Redeemed {
    fn from(identity: Identity) -> Self {
        let Identity {
            subaccount,
            location,
            instance,
            ..
        } = identity;
        Self {
            subaccount,
            location,
            instance,
        }
    }
}

impl Directory {
    /// Stores a token by the hash of its secret. Without a location ID the agent chooses one.
    pub async fn add_enrol_token(
        &self,
        secret_hash: &[u8; 32],
        subaccount: SubaccountId,
        location: Option<LocationId>,
        life: Duration,
    ) -> Result<(), EnrolTokenError> {
        if life.is_zero() || life > ENROL_TOKEN_LIFE_MAX {
            return Err(EnrolTokenError::Life);
        }
        if self.index().subaccount(&subaccount).is_none() {
            return Err(EnrolTokenError::UnknownSubaccount);
        }
        let record = bytes(&EnrolRecord::Open {
            subaccount,
            location,
        });
        let op = Op::put_for(key::enrol_token(secret_hash), Expect::Absent, record, life);
        match self.state().commit(vec![op]).await {
            Ok(_) => Ok(()),
            // Two random secrets do not meet; whoever calls twice with one has it stored already.
            Err(CommitError::Conflict { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Burns a token and enrols the agent, in one commit.
    ///
    /// The same key may come again within [`REDEEM_RETRY`] and gets the same answer.
    pub async fn redeem(
        &self,
        secret_hash: [u8; 32],
        spki_hash: [u8; 32],
        requested: Option<LocationId>,
        new_instance: InstanceId,
        now_ms: i64,
    ) -> Result<Redeemed, RedeemError> {
        let row = key::enrol_token(&secret_hash);
        for _ in 0..ATTEMPTS {
            let entry = self
                .state()
                .get(row.as_str())
                .await?
                .ok_or(RedeemError::Refused)?;
            let record = serde_json::from_slice(&entry.value);
            let (subaccount, location) = match record.or(Err(RedeemError::Refused))? {
                EnrolRecord::Open {
                    subaccount,
                    location,
                } => (subaccount, location),
                EnrolRecord::Burnt {
                    instance,
                    spki_hash: burnt_by,
                } => {
                    return self.redeem_again(instance, burnt_by == spki_hash).await;
                }
            };
            if self.version(&key::subaccount(subaccount)).await?.is_none() {
                return Err(RedeemError::Refused);
            }
            let key = TunnelKey {
                subaccount,
                location: choose(location, requested.as_ref())?,
            };
            let claim = self.free_claim(&key).await;
            if claim.is_err() && self.version(&row).await? != Some(entry.version) {
                // Whoever took the place did so with this very token, which is burnt by now.
                continue;
            }
            let claim = claim?;
            let identity = Identity {
                instance: new_instance,
                subaccount,
                location: key.location.clone(),
                current_spki: spki_hash,
                previous_spki: None,
                certificate_not_after_ms: None,
                created_at_ms: now_ms,
                revoked_at_ms: None,
                offered: None,
            };
            let burnt = bytes(&EnrolRecord::Burnt {
                instance: new_instance,
                spki_hash,
            });
            let ops = vec![
                Op::put_for(&row, Expect::Version(entry.version), burnt, REDEEM_RETRY),
                Op::put(
                    key::identity(new_instance),
                    Expect::Absent,
                    bytes(&identity),
                ),
                Op::put(key::claim(&key), claim, bytes(&new_instance)),
            ];
            match self.state().commit(ops).await {
                Ok(_) => {
                    self.refresh().await?;
                    return Ok(identity.into());
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn redeem_again(
        &self,
        instance: InstanceId,
        same_key: bool,
    ) -> Result<Redeemed, RedeemError> {
        let identity = self.stored_identity(instance).await?;
        match identity {
            Some((_, identity)) if same_key && identity.revoked_at_ms.is_none() => {
                Ok(identity.into())
            }
            Some(_) | None => Err(RedeemError::Refused),
        }
    }

    async fn version(&self, row: &str) -> Result<Option<u64>, StoreError> {
        let entry = self.state().get(row).await?;
        Ok(entry.map(|entry| entry.version))
    }

    /// What the claim's row must look like for this key to be free.
    pub(super) async fn free_claim(&self, key: &TunnelKey) -> Result<Expect, RedeemError> {
        let Some(claim) = self.state().get(key::claim(key)).await? else {
            return Ok(Expect::Absent);
        };
        let Ok(instance) = serde_json::from_slice(&claim.value) else {
            return Err(RedeemError::Refused);
        };
        match self.stored_identity(instance).await? {
            Some((_, holder)) if holder.revoked_at_ms.is_none() => {
                Err(RedeemError::LocationTaken {
                    key: key.clone(),
                    instance,
                })
            }
            Some(_) | None => Ok(Expect::Version(claim.version)),
        }
    }
}

fn choose(
    named: Option<LocationId>,
    requested: Option<&LocationId>,
) -> Result<LocationId, RedeemError> {
    match (named, requested) {
        (Some(allowed), Some(requested)) if allowed != *requested => {
            Err(RedeemError::LocationNotAllowed { allowed })
        }
        (Some(location), _) => Ok(location),
        (None, requested) => Ok(requested.cloned().unwrap_or_default()),
    }
}
