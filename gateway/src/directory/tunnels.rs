//! Live tunnels, published by the server for everyone else to see.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use underpass_shared::id::{InstanceId, TunnelKey};

use super::record::bytes;
use super::{Directory, key};
use crate::state::{CommitError, Expect, Op, StoreError};

/// How long a row lives without being published again: a server that died shows no tunnels.
pub const TUNNEL_ROW_LIFE: Duration = Duration::from_secs(30);

/// One agent's tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTunnel {
    /// What it serves.
    pub key: TunnelKey,
    /// Who serves it.
    pub instance: InstanceId,
    /// Over how many connections.
    pub connections: u32,
}

/// What a row says, and when it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published {
    connections: u32,
    at: Duration,
}

#[derive(Serialize, Deserialize)]
struct Record {
    connections: u32,
}

impl Directory {
    /// Replaces what this process published before. Call it on every change, and well within
    /// [`TUNNEL_ROW_LIFE`] without one. Rows that changed, and those a third of whose life is over
    /// at `now`, are written.
    pub async fn publish_tunnels(
        &self,
        tunnels: &[LiveTunnel],
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut published = self.shared.published_tunnels.lock().await;
        let mut rows = BTreeMap::new();
        let mut ops = Vec::new();
        for tunnel in tunnels {
            let row = key::tunnel(&tunnel.key, tunnel.instance);
            let connections = tunnel.connections;
            let fresh = published.get(&row).copied().filter(|old: &Published| {
                old.connections == connections && now.saturating_sub(old.at) < TUNNEL_ROW_LIFE / 3
            });
            let written = fresh.unwrap_or(Published {
                connections,
                at: now,
            });
            if fresh.is_none() {
                let record = bytes(&Record { connections });
                ops.push(Op::put_for(&row, Expect::Any, record, TUNNEL_ROW_LIFE));
            }
            rows.insert(row, written);
        }
        let gone = published.keys().filter(|row| !rows.contains_key(*row));
        ops.extend(gone.map(|row| Op::delete(row, Expect::Any)));
        if ops.is_empty() {
            return Ok(());
        }
        match self.state().commit(ops).await {
            // Without conditions there is no conflict.
            Ok(_) | Err(CommitError::Conflict { .. }) => {
                *published = rows;
                Ok(())
            }
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// All live tunnels, ordered by key.
    pub async fn tunnels(&self) -> Result<Vec<LiveTunnel>, StoreError> {
        let rows = self.state().scan(key::TUNNEL).await?;
        let parse = |(row, value): (&str, &[u8])| {
            let mut parts = row.strip_prefix(key::TUNNEL)?.split('/');
            let (subaccount, location) = (parts.next()?, parts.next()?);
            let instance = parts.next()?.parse().ok()?;
            let key = TunnelKey {
                subaccount: subaccount.parse().ok()?,
                location: location.parse().ok()?,
            };
            let record: Record = serde_json::from_slice(value).ok()?;
            Some(LiveTunnel {
                key,
                instance,
                connections: record.connections,
            })
        };
        let rows = rows
            .iter()
            .map(|(row, entry)| (row.as_str(), entry.value.as_slice()));
        Ok(rows.filter_map(parse).collect())
    }
}
