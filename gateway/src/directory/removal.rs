//! Removing a subaccount with all that belongs to it.

use underpass_shared::id::SubaccountId;

use super::record::{Binding, EnrolRecord, Identity, Subaccount};
use super::tenant::TenantError;
use super::{Directory, key};
use crate::state::{CommitError, Entry, Expect, Op, StoreError};

/// What went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The subaccount itself.
    pub subaccount: Subaccount,
    /// Its agents; they have to enrol anew.
    pub agents: usize,
    /// Its bindings; their tokens are dead.
    pub bindings: usize,
}

/// The rows that belong to a subaccount.
#[derive(Default)]
struct Belongings {
    rows: Vec<String>,
    agents: usize,
    bindings: usize,
}

impl Belongings {
    fn into_ops(self) -> Vec<Op> {
        let delete = |row| Op::delete(row, Expect::Any);
        self.rows.into_iter().map(delete).collect()
    }
}

impl Directory {
    /// Removes a subaccount, its agents, bindings and enrolment tokens, in one commit. Live
    /// tunnels end and tokens die with it.
    ///
    /// # Errors
    /// When there is no such subaccount or the store fails; nothing is removed then.
    pub async fn remove_subaccount(&self, id: SubaccountId) -> Result<Removed, TenantError> {
        let row = key::subaccount(id);
        let entry = self.state().get(row.as_str()).await?;
        let entry = entry.ok_or(TenantError::Unknown)?;
        let subaccount: Subaccount =
            serde_json::from_slice(&entry.value).or(Err(TenantError::Unknown))?;
        let belongings = self.belongings(id).await?;
        let (agents, bindings) = (belongings.agents, belongings.bindings);
        let mut ops = vec![
            Op::delete(row, Expect::Version(entry.version)),
            Op::delete(key::name(&subaccount.name), Expect::Any),
        ];
        ops.extend(belongings.into_ops());
        match self.state().commit(ops).await {
            Ok(_) => {}
            // Somebody else removed it at the same time.
            Err(CommitError::Conflict { .. }) => return Err(TenantError::Unknown),
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        // What was added while we read must not come to life with a later subaccount of this id.
        let late = self.belongings(id).await?.into_ops();
        if !late.is_empty()
            && let Err(CommitError::Store(error)) = self.state().commit(late).await
        {
            return Err(error.into());
        }
        self.refresh().await?;
        Ok(Removed {
            subaccount,
            agents,
            bindings,
        })
    }

    async fn belongings(&self, id: SubaccountId) -> Result<Belongings, StoreError> {
        let mut found = Belongings::default();
        for (row, entry) in self.state().scan(key::IDENTITY).await? {
            let agent = parse::<Identity>(&entry).filter(|one| one.subaccount == id);
            if let Some(agent) = agent {
                found.agents += 1;
                found.rows.push(key::holder(agent.instance));
                found.rows.push(row);
            }
        }
        for (row, entry) in self.state().scan(key::BINDING).await? {
            if parse::<Binding>(&entry).is_some_and(|one| one.subaccount == id) {
                found.bindings += 1;
                found.rows.push(row);
            }
        }
        for (row, entry) in self.state().scan(key::ENROL).await? {
            if let Some(EnrolRecord::Open { subaccount, .. }) = parse(&entry)
                && subaccount == id
            {
                found.rows.push(row);
            }
        }
        let handovers = self.state().scan(key::handovers(id)).await?;
        found.rows.extend(handovers.into_iter().map(|(row, _)| row));
        let claims = self.state().scan(key::claims(id)).await?;
        found.rows.extend(claims.into_iter().map(|(row, _)| row));
        Ok(found)
    }
}

fn parse<T: serde::de::DeserializeOwned>(entry: &Entry) -> Option<T> {
    serde_json::from_slice(&entry.value).ok()
}
