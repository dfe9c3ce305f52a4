//! How often mappings and their resources were called.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, params};
use underpass_shared::monitor::Entity;

use crate::error::QueryError;

/// Rows that are kept; the largest sensible configuration has half of them. Those that were used
/// longest ago go first.
const ROWS_MAX: i64 = 200_000;
/// Rows that may wait for a disk that takes none.
const WAITING_MAX: usize = 50_000;

/// What something was used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls.
    pub calls: u64,
    /// Bytes from the cloud.
    pub received: u64,
    /// Bytes to the cloud.
    pub sent: u64,
    /// When the last call was, milliseconds UTC.
    pub last_ms: i64,
}

/// How a resource of a mapping, or a service channel, was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceUse {
    /// The mapping or channel.
    pub entity: Entity,
    /// The resource; empty for what has none.
    pub resource: Arc<str>,
    /// How.
    pub usage: Usage,
}

/// All that was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Since when it is counted, milliseconds UTC; none before the first call.
    pub since_ms: Option<i64>,
    /// What, by entity and resource.
    pub resources: Vec<ResourceUse>,
}

/// What is to be added to the file.
#[derive(Debug, Default)]
pub(crate) struct Waiting(BTreeMap<(Entity, Arc<str>), Usage>);

impl Waiting {
    pub(crate) fn add(&mut self, used: Vec<ResourceUse>) {
        for ResourceUse {
            entity,
            resource,
            usage,
        } in used
        {
            let known = self.0.len();
            let entry = self.0.entry((entity, resource));
            // While the disk takes nothing, this must not grow either.
            if known >= WAITING_MAX && matches!(entry, Entry::Vacant(_)) {
                continue;
            }
            let sum = entry.or_default();
            sum.calls = sum.calls.saturating_add(usage.calls);
            sum.received = sum.received.saturating_add(usage.received);
            sum.sent = sum.sent.saturating_add(usage.sent);
            sum.last_ms = usage.last_ms;
        }
    }

    /// Writes all of it; forget it once that is durable.
    pub(crate) fn write(&self, transaction: &Transaction<'_>, now_ms: i64) -> rusqlite::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let since = "INSERT INTO since SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM since)";
        transaction.prepare_cached(since)?.execute([now_ms])?;
        let sql = "INSERT INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET \
                   calls = calls + excluded.calls, received = received + excluded.received, \
                   sent = sent + excluded.sent, last_ms = excluded.last_ms";
        let mut statement = transaction.prepare_cached(sql)?;
        for ((entity, resource), usage) in &self.0 {
            let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            let (calls, received) = (number(usage.calls), number(usage.received));
            let (sent, last_ms) = (number(usage.sent), usage.last_ms);
            let (entity, resource) = (entity.to_string(), &**resource);
            statement.execute(params![entity, resource, calls, received, sent, last_ms])?;
        }
        Ok(())
    }

    pub(crate) fn forget(&mut self, entity: Option<&Entity>) {
        self.0
            .retain(|(of, _), _| entity.is_some_and(|entity| entity != of));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Forgets the usage of one entity, or all.
pub(crate) fn forget(
    connection: &mut Connection,
    entity: Option<&Entity>,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    match entity {
        Some(entity) => {
            let sql = "DELETE FROM usage WHERE entity = ?1";
            transaction.execute(sql, [entity.to_string()])?;
        }
        None => {
            transaction.execute("DELETE FROM usage", [])?;
            transaction.execute("DELETE FROM since", [])?;
            transaction.execute("INSERT INTO since VALUES (?1)", [now_ms])?;
        }
    }
    transaction.commit()
}

/// Keeps the table within its bound.
pub(crate) fn trim(connection: &Connection) -> rusqlite::Result<()> {
    let rows: i64 = connection.query_row("SELECT count(*) FROM usage", [], |row| row.get(0))?;
    if rows > ROWS_MAX {
        let sql = "DELETE FROM usage WHERE (entity, resource) IN \
                   (SELECT entity, resource FROM usage ORDER BY last_ms LIMIT ?1)";
        connection.execute(sql, [rows - ROWS_MAX])?;
    }
    Ok(())
}

pub(crate) fn all(connection: &Connection) -> Result<Used, QueryError> {
    use rusqlite::OptionalExtension as _;
    let since = connection.query_row("SELECT ms FROM since", [], |row| row.get(0));
    let sql = "SELECT entity, resource, calls, received, sent, last_ms FROM usage \
               ORDER BY entity, resource";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut resources = vec![];
    while let Some(row) = rows.next()? {
        let entity: String = row.get(0)?;
        let resource: String = row.get(1)?;
        let number = |column| {
            row.get::<_, i64>(column)
                .map(|number| number.max(0).unsigned_abs())
        };
        let usage = Usage {
            calls: number(2)?,
            received: number(3)?,
            sent: number(4)?,
            last_ms: row.get(5)?,
        };
        // What only another version knows is not for this one.
        if let Ok(entity) = entity.parse() {
            resources.push(ResourceUse {
                entity,
                resource: resource.into(),
                usage,
            });
        }
    }
    Ok(Used {
        since_ms: since.optional()?,
        resources,
    })
}
