//! The gateway's durable state: a small versioned key-value store behind one trait.
//!
//! Everything that several nodes or several processes must agree on goes through [`State::commit`],
//! a list of compare-and-set writes that happen together or not at all. Readers follow the global
//! version through [`State::watch`] and fetch what changed with [`State::changes`].

mod handle;
mod memory;
mod sqlite;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use handle::State;
pub use memory::Memory;
pub use sqlite::Sqlite;

/// How many versions back a deletion is remembered; readers that lag more scan everything again.
pub const TOMBSTONE_VERSIONS: u64 = 10_000;

/// One visible row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stored bytes.
    pub value: Vec<u8>,
    /// The global version of the commit that wrote the row.
    pub version: u64,
    /// When the row disappears by the store's clock, in milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
}

/// What a row must look like for a commit to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No row, or an expired one.
    Absent,
    /// A row of exactly this version.
    Version(u64),
    /// Whatever there is.
    Any,
}

/// What a commit does to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Stores the value; with a time to live it disappears after that time by the store's clock.
    Put {
        /// The bytes to store.
        value: Vec<u8>,
        /// How long the row lives.
        ttl: Option<Duration>,
    },
    /// Removes the row.
    Delete,
}

/// One compare-and-set write of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// The row.
    pub key: String,
    /// The condition, checked against the state before the commit.
    pub expect: Expect,
    /// The effect.
    pub write: Write,
}

impl Op {
    /// Stores a value that stays.
    pub fn put(key: impl Into<String>, expect: Expect, value: Vec<u8>) -> Self {
        Self {
            key: key.into(),
            expect,
            write: Write::Put { value, ttl: None },
        }
    }

    /// Stores a value that disappears after `ttl`.
    pub fn put_for(key: impl Into<String>, expect: Expect, value: Vec<u8>, ttl: Duration) -> Self {
        Self {
            key: key.into(),
            expect,
            write: Write::Put {
                value,
                ttl: Some(ttl),
            },
        }
    }

    /// Removes a row.
    pub fn delete(key: impl Into<String>, expect: Expect) -> Self {
        Self {
            key: key.into(),
            expect,
            write: Write::Delete,
        }
    }
}

/// A row that differs from what a reader last saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The row.
    pub key: String,
    /// What is there now; `None` if it was deleted or has expired.
    pub entry: Option<Entry>,
}

/// All rows written after some version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The global version these changes lead to.
    pub version: u64,
    /// The rows, ordered by key, each once.
    pub rows: Vec<Change>,
}

/// The store cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("the state database failed")]
    Database(#[source] rusqlite::Error),
    /// No space left.
    #[error("the state was not written, for the disk is full; free some space and try again")]
    DiskFull,
    /// The database's file could not be prepared.
    #[error("the state file cannot be used")]
    File(#[source] std::io::Error),
    /// A newer release wrote the database.
    #[error("the state was written by a newer release (schema {found}, this one knows {known})")]
    TooNew {
        /// The schema found in the file.
        found: i64,
        /// The schema this build writes.
        known: i64,
    },
    /// Too many calls wait for the store.
    #[error("the state store is overloaded")]
    Busy,
    /// The store's thread has ended.
    #[error("the state store is closed")]
    Closed,
    /// A number in the database is outside its range.
    #[error("the state database holds a number out of range")]
    Corrupt,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            Some(_) | None => Self::Database(error),
        }
    }
}

/// A commit that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A condition did not hold; nothing was written.
    #[error("the row {key} has changed")]
    Conflict {
        /// The first row whose condition failed.
        key: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store's clock: milliseconds since 1970.
#[derive(Clone)]
pub struct StoreClock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl StoreClock {
    /// Wraps a function that tells the time.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// The host's clock.
    pub fn system() -> Self {
        Self::new(underpass_runtime::clock::wall_ms)
    }

    /// The time.
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for StoreClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreClock")
    }
}

/// A store, used from one thread. [`State`] makes it available to async code.
pub trait Backend: Send {
    /// The row, unless absent or expired.
    fn get(&mut self, key: &str) -> Result<Option<Entry>, StoreError>;

    /// All visible rows whose key starts with `prefix`, ordered by key.
    fn scan(&mut self, prefix: &str) -> Result<Vec<(String, Entry)>, StoreError>;

    /// Applies all writes under one new global version, or none of them.
    fn commit(&mut self, ops: &[Op]) -> Result<u64, CommitError>;

    /// Rows written after version `since`; `None` if deletions that old are forgotten.
    fn changes(&mut self, since: u64) -> Result<Option<Changes>, StoreError>;

    /// Sweeps what has expired and tells the global version, others' commits included.
    fn poll(&mut self) -> Result<u64, StoreError>;
}

fn expiry(now_ms: i64, ttl: Option<Duration>) -> Option<i64> {
    ttl.map(|ttl| now_ms.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)))
}

fn expired(expires_at_ms: Option<i64>, now_ms: i64) -> bool {
    expires_at_ms.is_some_and(|at| at <= now_ms)
}
