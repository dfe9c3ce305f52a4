//! The tables in SQLite and the few statements that the store needs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, params};
use underpass_runtime::file;
use underpass_shared::alert::Notice;

use super::{OUTBOX_MAX, StoreError};
use crate::parcel::Parcel;

/// `user_version` of the database: the layout of its tables.
const LAYOUT: i64 = 1;

/// Nobody else writes to the file, so waiting long for somebody helps nothing.
const BUSY_WAIT: Duration = Duration::from_millis(250);

/// Bytes of the log that stay after a checkpoint.
const LOG_LEN_MAX: i64 = 4 * 1024 * 1024;

const TABLES: &str = "
    BEGIN;
    CREATE TABLE register (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        state TEXT NOT NULL
    ) STRICT;
    CREATE TABLE channel (
        name TEXT PRIMARY KEY,
        dropped INTEGER NOT NULL DEFAULT 0,
        last_success_ms INTEGER,
        parcel TEXT
    ) STRICT;
    CREATE TABLE waiting (
        entry INTEGER PRIMARY KEY AUTOINCREMENT,
        channel TEXT NOT NULL REFERENCES channel (name) ON DELETE CASCADE,
        notice TEXT NOT NULL
    ) STRICT;
    CREATE INDEX waiting_by_channel ON waiting (channel, entry);
    PRAGMA user_version = 1;
    COMMIT;
";

/// A notice that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) entry: i64,
    pub(crate) notice: Notice,
}

/// What is next on a channel.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// What is on its way.
    pub(crate) parcel: Option<Parcel>,
    /// What comes after it, in order.
    pub(crate) waiting: Vec<Waiting>,
    /// What was dropped since the last parcel was packed.
    pub(crate) dropped: u64,
    pub(crate) last_success_ms: Option<i64>,
}

/// Opens the database; one that is damaged is put aside.
pub(super) fn open_or_begin_anew(path: &Path) -> Result<Connection, StoreError> {
    match open(path) {
        Err(StoreError::Sqlite(error)) if is_damage(&error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(
                error,
                "alerts.db is damaged and was put aside: alerts begin anew, and what was not delivered is lost"
            );
            put_aside(path).map_err(|source| StoreError::Io {
                path: path.to_owned(),
                source,
            })?;
            open(path)
        }
        opened => opened,
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    )
}

fn put_aside(path: &Path) -> io::Result<()> {
    let beside = |ending: &str| {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        path.with_file_name(name)
    };
    // Its log belongs to it and must not be applied to another.
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(beside(ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    let aside: PathBuf = beside(".damaged");
    fs::rename(path, aside)
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let created = file::open_private(path).and_then(|_file| file::sync_parent(path));
    created.map_err(|source| StoreError::Io {
        path: path.to_owned(),
        source,
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LEN_MAX)?;
    let layout: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if layout > LAYOUT {
        return Err(StoreError::Newer {
            path: path.to_owned(),
        });
    }
    if layout == 0 {
        connection.execute_batch(TABLES)?;
    }
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(code, Some(sound)).into());
    }
    Ok(connection)
}

pub(super) fn state(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT state FROM register";
    connection.query_row(sql, [], |row| row.get(0)).optional()
}

pub(super) fn undelivered(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT (SELECT count(*) FROM waiting)
                    + (SELECT count(*) FROM channel WHERE parcel IS NOT NULL)";
    let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn commit(
    connection: &mut Connection,
    state: &str,
    notices: &[Notice],
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let sql = "INSERT OR REPLACE INTO register (one, state) VALUES (1, ?1)";
    transaction.execute(sql, [state])?;
    // What would be dropped at once need not be written.
    let first = notices.len().saturating_sub(OUTBOX_MAX);
    let (too_many, kept) = notices.split_at(first);
    let kept: Result<Vec<String>, _> = kept.iter().map(serde_json::to_string).collect();
    let kept = kept?;
    if !kept.is_empty() {
        for channel in channels(&transaction)? {
            put(&transaction, &channel, &kept, too_many.len())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn channels(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<String>> {
    let mut statement = transaction.prepare_cached("SELECT name FROM channel")?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

/// Puts notices behind those that wait, and drops the oldest beyond the limit.
fn put(
    transaction: &Transaction<'_>,
    channel: &str,
    notices: &[String],
    too_many: usize,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO waiting (channel, notice) VALUES (?1, ?2)";
    let mut insert = transaction.prepare_cached(sql)?;
    for notice in notices {
        insert.execute(params![channel, notice])?;
    }
    let sql = "DELETE FROM waiting WHERE channel = ?1 AND entry NOT IN (
                   SELECT entry FROM waiting WHERE channel = ?1 ORDER BY entry DESC LIMIT ?2)";
    let mut trim = transaction.prepare_cached(sql)?;
    let most = i64::try_from(OUTBOX_MAX).unwrap_or(i64::MAX);
    let dropped = trim.execute(params![channel, most])? + too_many;
    if dropped > 0 {
        let sql = "UPDATE channel SET dropped = dropped + ?2 WHERE name = ?1";
        let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
        transaction.execute(sql, params![channel, dropped])?;
    }
    Ok(())
}

pub(super) fn set_channels(connection: &mut Connection, names: &[String]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for gone in channels(&transaction)? {
        if !names.contains(&gone) {
            transaction.execute("DELETE FROM channel WHERE name = ?1", [gone])?;
        }
    }
    for name in names {
        transaction.execute("INSERT OR IGNORE INTO channel (name) VALUES (?1)", [name])?;
    }
    transaction.commit()
}

pub(super) fn head(connection: &Connection, channel: &str) -> rusqlite::Result<Head> {
    let sql = "SELECT parcel, dropped, last_success_ms FROM channel WHERE name = ?1";
    let row = connection
        .query_row(sql, [channel], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((parcel, dropped, last_success_ms)): Option<(Option<String>, i64, _)> = row else {
        return Ok(Head::default());
    };
    let sql = "SELECT entry, notice FROM waiting WHERE channel = ?1 ORDER BY entry";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([channel], |row| {
        let notice: String = row.get(1)?;
        Ok((row.get(0)?, notice))
    })?;
    let mut waiting = vec![];
    for row in rows {
        let (entry, notice): (i64, String) = row?;
        // Only a program error could write what cannot be read.
        if let Some(notice) = readable(&notice, channel) {
            waiting.push(Waiting { entry, notice });
        }
    }
    Ok(Head {
        parcel: parcel.and_then(|parcel| readable(&parcel, channel)),
        waiting,
        dropped: u64::try_from(dropped).unwrap_or(0),
        last_success_ms,
    })
}

fn readable<T: serde::de::DeserializeOwned>(json: &str, channel: &str) -> Option<T> {
    serde_json::from_str(json)
        .inspect_err(|error| {
            tracing::error!(%error, channel, "an alert in the outbox cannot be read and is left out");
        })
        .ok()
}

pub(super) fn pack(
    connection: &mut Connection,
    channel: &str,
    parcel: &Parcel,
    entries: &[i64],
) -> Result<(), StoreError> {
    let json = serde_json::to_string(parcel)?;
    let transaction = connection.transaction()?;
    let sql = "UPDATE channel SET parcel = ?2, dropped = max(0, dropped - ?3) WHERE name = ?1";
    let dropped = i64::try_from(parcel.dropped).unwrap_or(i64::MAX);
    transaction.execute(sql, params![channel, json, dropped])?;
    let sql = "DELETE FROM waiting WHERE channel = ?1 AND entry = ?2";
    for entry in entries {
        let mut delete = transaction.prepare_cached(sql)?;
        delete.execute(params![channel, entry])?;
    }
    transaction.commit()?;
    Ok(())
}

pub(super) fn repack(
    connection: &Connection,
    channel: &str,
    parcel: &Parcel,
) -> Result<(), StoreError> {
    let json = serde_json::to_string(parcel)?;
    let sql = "UPDATE channel SET parcel = ?2 WHERE name = ?1";
    connection.execute(sql, params![channel, json])?;
    Ok(())
}

pub(super) fn delivered(
    connection: &Connection,
    channel: &str,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let sql = "UPDATE channel SET parcel = NULL, last_success_ms = ?2 WHERE name = ?1";
    connection.execute(sql, params![channel, now_ms])?;
    Ok(())
}
