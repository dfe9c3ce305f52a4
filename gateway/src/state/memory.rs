//! The store in memory, for tests. Clones share their rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Backend, Change, Changes, CommitError, Entry, Expect, Op, StoreClock, StoreError,
    TOMBSTONE_VERSIONS, Write, expired, expiry,
};

/// A store that is lost with the process.
#[derive(Clone, Debug)]
pub struct Memory {
    clock: StoreClock,
    rows: Arc<Mutex<Rows>>,
}

#[derive(Debug, Default)]
struct Rows {
    version: u64,
    floor: u64,
    by_key: BTreeMap<String, Row>,
}

#[derive(Clone, Debug)]
struct Row {
    value: Option<Vec<u8>>,
    version: u64,
    expires_at_ms: Option<i64>,
}

impl Memory {
    /// An empty store.
    pub fn new(clock: StoreClock) -> Self {
        Self {
            clock,
            rows: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row {
    fn visible(&self, now_ms: i64) -> Option<Entry> {
        if expired(self.expires_at_ms, now_ms) {
            return None;
        }
        let value = self.value.clone()?;
        Some(Entry {
            value,
            version: self.version,
            expires_at_ms: self.expires_at_ms,
        })
    }
}

impl Rows {
    fn visible(&self, key: &str, now_ms: i64) -> Option<Entry> {
        self.by_key.get(key)?.visible(now_ms)
    }

    fn delete(&mut self, key: &str) {
        let version = self.version;
        if let Some(row) = self.by_key.get_mut(key).filter(|row| row.value.is_some()) {
            *row = Row {
                value: None,
                version,
                expires_at_ms: None,
            };
        }
    }
}

impl Backend for Memory {
    fn get(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.lock().visible(key, self.clock.now_ms()))
    }

    fn scan(&mut self, prefix: &str) -> Result<Vec<(String, Entry)>, StoreError> {
        let now_ms = self.clock.now_ms();
        let rows = self.lock();
        let from = rows.by_key.range(prefix.to_owned()..);
        let hits = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(hits
            .filter_map(|(key, row)| Some((key.clone(), row.visible(now_ms)?)))
            .collect())
    }

    fn commit(&mut self, ops: &[Op]) -> Result<u64, CommitError> {
        let now_ms = self.clock.now_ms();
        let mut rows = self.lock();
        for op in ops {
            let found = rows.visible(&op.key, now_ms).map(|entry| entry.version);
            let holds = match op.expect {
                Expect::Absent => found.is_none(),
                Expect::Version(version) => found == Some(version),
                Expect::Any => true,
            };
            if !holds {
                return Err(CommitError::Conflict {
                    key: op.key.clone(),
                });
            }
        }
        if ops.is_empty() {
            return Ok(rows.version);
        }
        rows.version += 1;
        let version = rows.version;
        for op in ops {
            match &op.write {
                Write::Put { value, ttl } => {
                    let value = Some(value.clone());
                    let row = Row {
                        value,
                        version,
                        expires_at_ms: expiry(now_ms, *ttl),
                    };
                    rows.by_key.insert(op.key.clone(), row);
                }
                Write::Delete => rows.delete(&op.key),
            }
        }
        Ok(version)
    }

    fn changes(&mut self, since: u64) -> Result<Option<Changes>, StoreError> {
        let now_ms = self.clock.now_ms();
        let rows = self.lock();
        if since < rows.floor {
            return Ok(None);
        }
        let newer = rows.by_key.iter().filter(|(_, row)| row.version > since);
        let changed = newer.map(|(key, row)| Change {
            key: key.clone(),
            entry: row.visible(now_ms),
        });
        Ok(Some(Changes {
            version: rows.version,
            rows: changed.collect(),
        }))
    }

    fn poll(&mut self) -> Result<u64, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut rows = self.lock();
        let stale = rows
            .by_key
            .iter()
            .filter(|(_, row)| expired(row.expires_at_ms, now_ms));
        let stale: Vec<String> = stale.map(|(key, _)| key.clone()).collect();
        if !stale.is_empty() {
            rows.version += 1;
            for key in &stale {
                rows.delete(key);
            }
        }
        if rows.version - rows.floor > 2 * TOMBSTONE_VERSIONS {
            let floor = rows.version - TOMBSTONE_VERSIONS;
            rows.floor = floor;
            rows.by_key
                .retain(|_, row| row.value.is_some() || row.version > floor);
        }
        Ok(rows.version)
    }
}
