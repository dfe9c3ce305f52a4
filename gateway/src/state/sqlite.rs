//! The embedded store: one SQLite file that the server and the offline commands open together.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{
    Backend, Change, Changes, CommitError, Entry, Expect, Op, StoreClock, StoreError,
    TOMBSTONE_VERSIONS, Write, expired, expiry,
};

/// How long a writer waits for another process's commit.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The layout this build reads and writes.
const SCHEMA: i64 = 1;
/// Above every key: the highest character, so that a prefix becomes a range.
const PREFIX_END: char = '\u{10FFFF}';

const CREATE: &str = "
    CREATE TABLE entry (
        key TEXT PRIMARY KEY NOT NULL, value BLOB, version INTEGER NOT NULL, expires_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entry_version ON entry (version);
    CREATE INDEX entry_expiry ON entry (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, floor INTEGER NOT NULL
    ) STRICT;
    INSERT INTO head (id, version, floor) VALUES (1, 0, 0);
    PRAGMA user_version = 1;
";

/// A store in one file; every commit is on the disk before it is acknowledged.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    clock: StoreClock,
    data_version: i64,
    version: u64,
    floor: u64,
}

impl Sqlite {
    /// Opens or creates the file; it and a folder made for it are private to the user.
    pub fn open(path: &Path, clock: StoreClock) -> Result<Self, StoreError> {
        create_private(path).map_err(StoreError::File)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        prepare_schema(&mut connection)?;
        let data_version = data_version(&connection)?;
        let (version, floor) = head(&connection)?;
        Ok(Self {
            connection,
            clock,
            data_version,
            version,
            floor,
        })
    }

    fn write(&mut self) -> Result<Transaction<'_>, StoreError> {
        Ok(self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    fn sweep(&mut self, now_ms: i64) -> Result<(), StoreError> {
        let any = "SELECT 1 FROM entry WHERE expires_at <= ?1 LIMIT 1";
        let mut statement = self.connection.prepare_cached(any)?;
        if !statement.exists(params![now_ms])? {
            return Ok(());
        }
        drop(statement);
        let transaction = self.write()?;
        let version = head(&transaction)?.0 + 1;
        let expire = "UPDATE entry SET value = NULL, version = ?1, expires_at = NULL \
                      WHERE expires_at <= ?2";
        // Another process may have swept in between; then there is nothing to tell.
        if transaction.execute(expire, params![signed(version)?, now_ms])? > 0 {
            set_version(&transaction, version)?;
            transaction.commit()?;
            self.version = version;
        }
        Ok(())
    }

    fn trim(&mut self) -> Result<(), StoreError> {
        let transaction = self.write()?;
        let floor = head(&transaction)?.0.saturating_sub(TOMBSTONE_VERSIONS);
        let delete = "DELETE FROM entry WHERE value IS NULL AND version <= ?1";
        transaction.execute(delete, params![signed(floor)?])?;
        transaction.execute("UPDATE head SET floor = ?1", params![signed(floor)?])?;
        transaction.commit()?;
        self.floor = floor;
        Ok(())
    }
}

impl Backend for Sqlite {
    fn get(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        visible(&self.connection, key, self.clock.now_ms())
    }

    fn scan(&mut self, prefix: &str) -> Result<Vec<(String, Entry)>, StoreError> {
        let now_ms = self.clock.now_ms();
        let select = "SELECT key, value, version, expires_at FROM entry \
                      WHERE key >= ?1 AND key < ?2 ORDER BY key";
        let mut statement = self.connection.prepare_cached(select)?;
        let mut rows = statement.query(params![prefix, format!("{prefix}{PREFIX_END}")])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            if let Some(entry) = entry(row, 1, now_ms)? {
                found.push((row.get(0)?, entry));
            }
        }
        Ok(found)
    }

    fn commit(&mut self, ops: &[Op]) -> Result<u64, CommitError> {
        let now_ms = self.clock.now_ms();
        let transaction = self.write()?;
        let mut version = head(&transaction)?.0;
        for op in ops {
            let found = visible(&transaction, &op.key, now_ms)?.map(|entry| entry.version);
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
            return Ok(version);
        }
        version += 1;
        for op in ops {
            apply(&transaction, op, version, now_ms)?;
        }
        set_version(&transaction, version)?;
        transaction.commit().map_err(StoreError::from)?;
        self.version = version;
        Ok(version)
    }

    fn changes(&mut self, since: u64) -> Result<Option<Changes>, StoreError> {
        let now_ms = self.clock.now_ms();
        let transaction = self.connection.transaction()?;
        let (version, floor) = head(&transaction)?;
        if since < floor {
            return Ok(None);
        }
        let select = "SELECT key, value, version, expires_at FROM entry WHERE version > ?1";
        let mut statement = transaction.prepare_cached(select)?;
        let mut found = statement.query(params![signed(since)?])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push(Change {
                key: row.get(0)?,
                entry: entry(row, 1, now_ms)?,
            });
        }
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Some(Changes { version, rows }))
    }

    fn poll(&mut self) -> Result<u64, StoreError> {
        self.sweep(self.clock.now_ms())?;
        let data_version = data_version(&self.connection)?;
        if data_version != self.data_version {
            (self.version, self.floor) = head(&self.connection)?;
            self.data_version = data_version;
        }
        if self.version.saturating_sub(self.floor) > 2 * TOMBSTONE_VERSIONS {
            self.trim()?;
        }
        Ok(self.version)
    }
}

fn create_private(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new();
    file.create(true).append(true);
    underpass_runtime::file::owner_only(&mut file);
    if let Some(parent) = path.parent() {
        underpass_runtime::file::private_dir(parent)?;
    }
    file.open(path).map(drop)
}

fn prepare_schema(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > SCHEMA {
        return Err(StoreError::TooNew {
            found,
            known: SCHEMA,
        });
    }
    if found == 0 {
        transaction.execute_batch(CREATE)?;
    }
    Ok(transaction.commit()?)
}

fn data_version(connection: &Connection) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached("PRAGMA data_version")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The global version and the version below which deletions are forgotten.
fn head(connection: &Connection) -> Result<(u64, u64), StoreError> {
    let mut statement = connection.prepare_cached("SELECT version, floor FROM head")?;
    let (version, floor) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((unsigned(version)?, unsigned(floor)?))
}

fn set_version(connection: &Connection, version: u64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE head SET version = ?1")?;
    statement.execute(params![signed(version)?])?;
    Ok(())
}

fn visible(connection: &Connection, key: &str, now_ms: i64) -> Result<Option<Entry>, StoreError> {
    let select = "SELECT value, version, expires_at FROM entry WHERE key = ?1";
    let mut statement = connection.prepare_cached(select)?;
    let found = statement
        .query_row(params![key], |row| Ok(entry(row, 0, now_ms)))
        .optional()?;
    found.transpose().map(Option::flatten)
}

fn apply(connection: &Connection, op: &Op, version: u64, now_ms: i64) -> Result<(), StoreError> {
    let version = signed(version)?;
    match &op.write {
        Write::Put { value, ttl } => {
            let upsert = "INSERT INTO entry (key, value, version, expires_at) \
                          VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE SET \
                          value = ?2, version = ?3, expires_at = ?4";
            let mut statement = connection.prepare_cached(upsert)?;
            statement.execute(params![op.key, value, version, expiry(now_ms, *ttl)])?;
        }
        Write::Delete => {
            let delete = "UPDATE entry SET value = NULL, version = ?2, expires_at = NULL \
                          WHERE key = ?1 AND value IS NOT NULL";
            let mut statement = connection.prepare_cached(delete)?;
            statement.execute(params![op.key, version])?;
        }
    }
    Ok(())
}

/// Reads value, version and expiry from the columns at `first` on.
fn entry(row: &Row<'_>, first: usize, now_ms: i64) -> Result<Option<Entry>, StoreError> {
    let value: Option<Vec<u8>> = row.get(first)?;
    let version = unsigned(row.get(first + 1)?)?;
    let expires_at_ms: Option<i64> = row.get(first + 2)?;
    if expired(expires_at_ms, now_ms) {
        return Ok(None);
    }
    Ok(value.map(|value| Entry {
        value,
        version,
        expires_at_ms,
    }))
}

fn signed(version: u64) -> Result<i64, StoreError> {
    i64::try_from(version).map_err(|_out_of_range| StoreError::Corrupt)
}

fn unsigned(version: i64) -> Result<u64, StoreError> {
    u64::try_from(version).map_err(|_out_of_range| StoreError::Corrupt)
}
