//! Adding subaccounts, and adding and removing bindings.

use underpass_shared::id::SubaccountId;

use super::record::{Binding, Subaccount, bytes};
use super::{Directory, key};
use crate::state::{CommitError, Expect, Op, StoreError};

const NAME_LEN_MAX: usize = 64;

/// A display name that is empty, too long or unprintable.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a subaccount's name has 1 to 64 characters, no control characters, no spaces at its ends, \
     and is no GUID"
)]
pub struct InvalidName;

/// A subaccount or binding that was not added or removed.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The name breaks the rules.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The name or id is in use.
    #[error("a subaccount with this name or id exists; see `underpass-gateway subaccount list`")]
    Taken,
    /// No such subaccount.
    #[error("no such subaccount; see `underpass-gateway subaccount list`")]
    Unknown,
    /// No such binding.
    #[error("no such binding; see `underpass-gateway binding list`")]
    NoBinding,
    /// The store failed.
    #[error("the gateway's state cannot be changed")]
    Store(#[from] StoreError),
}

impl Directory {
    /// Adds a tenant. Its name stays unique whatever its case.
    pub async fn add_subaccount(
        &self,
        id: SubaccountId,
        name: &str,
        now_ms: i64,
    ) -> Result<Subaccount, TenantError> {
        check_name(name)?;
        let record = Subaccount {
            id,
            name: name.to_owned(),
            created_at_ms: now_ms,
        };
        let ops = vec![
            Op::put(key::subaccount(id), Expect::Absent, bytes(&record)),
            Op::put(key::name(name), Expect::Absent, bytes(&id)),
        ];
        self.commit_new(ops).await?;
        Ok(record)
    }

    /// Adds OAuth client credentials, of which only the hash of the secret is kept.
    pub async fn add_binding(
        &self,
        client_id: &str,
        secret_hash: [u8; 32],
        subaccount: SubaccountId,
        now_ms: i64,
    ) -> Result<Binding, TenantError> {
        if self.index().subaccount(&subaccount).is_none() {
            return Err(TenantError::Unknown);
        }
        let client_id = client_id.to_owned();
        let record = Binding {
            client_id,
            subaccount,
            secret_hash,
            created_at_ms: now_ms,
        };
        let row = key::binding(&record.client_id);
        self.commit_new(vec![Op::put(row, Expect::Absent, bytes(&record))])
            .await?;
        Ok(record)
    }

    /// Removes OAuth client credentials; tokens that they got are dead.
    pub async fn remove_binding(&self, client_id: &str) -> Result<Binding, TenantError> {
        let row = key::binding(client_id);
        let entry = self.state().get(row.as_str()).await?;
        let entry = entry.ok_or(TenantError::NoBinding)?;
        let binding = serde_json::from_slice(&entry.value).or(Err(TenantError::NoBinding))?;
        let delete = Op::delete(row, Expect::Version(entry.version));
        match self.state().commit(vec![delete]).await {
            Ok(_) => {}
            // Somebody else removed it at the same time.
            Err(CommitError::Conflict { .. }) => return Err(TenantError::NoBinding),
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        self.refresh().await?;
        Ok(binding)
    }

    async fn commit_new(&self, ops: Vec<Op>) -> Result<(), TenantError> {
        match self.state().commit(ops).await {
            Ok(_) => Ok(self.refresh().await?),
            Err(CommitError::Conflict { .. }) => Err(TenantError::Taken),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

fn check_name(name: &str) -> Result<(), InvalidName> {
    let fits = (1..=NAME_LEN_MAX).contains(&name.chars().count())
        && !name.chars().any(char::is_control)
        && name.trim() == name
        && name.parse::<SubaccountId>().is_err();
    if fits { Ok(()) } else { Err(InvalidName) }
}
