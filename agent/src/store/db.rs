//! The tables in SQLite and the few statements that the store needs.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params,
};
use underpass_runtime::file::{owner_only, sync_dir};
use underpass_shared::config::{Revision, Trial};

use super::chunks::{CHUNK_LEN_MAX, pack, unpack};
use super::error::OpenError;

/// `user_version` of the database: the layout of its tables, and how pieces are packed. Since 2 the
/// first piece of an inverse refers to the first piece of its change; what has 1 is read all the
/// same, and gets 2 before the first write.
pub(super) const LAYOUT: i64 = 2;

/// Nobody else writes to the file, so waiting long for somebody helps nothing.
const BUSY_WAIT: Duration = Duration::from_millis(250);

const TABLES: &str = "
    BEGIN;
    CREATE TABLE revision (
        number INTEGER PRIMARY KEY,
        record TEXT NOT NULL,
        delta_chunks INTEGER NOT NULL,
        inverse_chunks INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE full_copy (
        number INTEGER PRIMARY KEY,
        chunks INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE chunk (
        kind INTEGER NOT NULL,
        number INTEGER NOT NULL,
        position INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (kind, number, position)
    ) STRICT;
    PRAGMA user_version = 2;
    COMMIT;
";

/// What a chunk is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Delta = 1,
    Inverse = 2,
    Full = 3,
}

/// A piece to be written.
#[derive(Debug)]
pub(super) struct ChunkRow {
    pub(super) kind: Kind,
    pub(super) position: i64,
    pub(super) data: Vec<u8>,
}

impl ChunkRow {
    /// The piece as it is stored.
    pub(super) fn packed(&self, like: &[u8]) -> PackedRow {
        PackedRow {
            kind: self.kind,
            position: self.position,
            data: pack(&self.data, like),
        }
    }
}

/// A piece as it is stored.
#[derive(Debug)]
pub(super) struct PackedRow {
    kind: Kind,
    position: i64,
    data: Vec<u8>,
}

/// Checks what stands in the database's place and creates the file, private, where it is missing.
pub(super) fn prepare_file(path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => Err(OpenError::NotAFile {
            path: path.to_owned(),
        }),
        Ok(found) if too_open(&found) => Err(OpenError::TooOpen {
            path: path.to_owned(),
        }),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            owner_only(&mut options);
            options
                .open(path)
                .and_then(|file| file.sync_all())
                .map_err(io)?;
            sync_dir(path).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}

#[cfg(unix)]
fn too_open(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn too_open(_found: &std::fs::Metadata) -> bool {
    false
}

/// Opens to look before anything is touched: not even the log is moved into the file at the end.
pub(super) fn open_to_inspect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_WAIT)?;
    // Nobody else may use it anyway, and the index of the log then needs no file: a start on a
    // full disk takes no space.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(connection)
}

/// Whether the file alone holds everything, as after an orderly end.
pub(super) fn is_without_log(path: &Path) -> bool {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push("-wal");
    match path.with_file_name(name).symlink_metadata() {
        Ok(log) => log.len() == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Opens for reading what nobody changes meanwhile; needs no other file and no lock.
pub(super) fn open_unchanging(path: &Path) -> rusqlite::Result<Connection> {
    let name = path
        .to_str()
        .ok_or_else(|| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let name = name
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
}

/// Opens for writing and creates the tables where they are missing.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // The writer moves the log into the file between changes, not within one.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    if layout(&connection)? == 0 {
        connection.execute_batch(TABLES)?;
    }
    Ok(connection)
}

/// Opens after a failed write and brings all that the log holds into the file anew.
///
/// A page whose sync failed may be gone from the disk although reading still shows it, so nothing
/// may be added behind it.
pub(super) fn reopen(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path)?;
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy != 0 {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(busy, None));
    }
    Ok(connection)
}

pub(super) fn layout(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The number and record of the newest revision.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<(i64, String)>> {
    let sql = "SELECT number, record FROM revision ORDER BY number DESC LIMIT 1";
    connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Makes ready to write: removes what an interrupted write left behind `head`, and keeps older
/// versions from a file that they cannot read.
pub(super) fn prepare(connection: &mut Connection, head: i64) -> rusqlite::Result<()> {
    let transaction = begin(connection)?;
    if layout(&transaction)? < LAYOUT {
        transaction.pragma_update(None, "user_version", LAYOUT)?;
    }
    transaction.execute("DELETE FROM revision WHERE number > ?1", [head])?;
    transaction.execute("DELETE FROM full_copy WHERE number > ?1", [head])?;
    transaction.execute("DELETE FROM chunk WHERE number > ?1", [head])?;
    let orphans =
        "DELETE FROM chunk WHERE kind = ?1 AND number NOT IN (SELECT number FROM full_copy)";
    transaction.execute(orphans, [Kind::Full as i64])?;
    transaction.commit()
}

pub(super) fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Writes a revision with its pieces. A large one goes in several transactions; it exists once
/// the last of them, which holds its record, is durable.
pub(super) fn append(
    connection: &mut Connection,
    revision: &Revision,
    pieces: impl Iterator<Item = ChunkRow>,
    note: Note<'_>,
) -> rusqlite::Result<usize> {
    let number = revision.number.cast_signed();
    let (mut group, mut group_len, mut stored) = (vec![], 0, 0);
    let (mut deltas, mut inverses) = (0i64, 0i64);
    // What the inverse is mostly like.
    let mut change = vec![];
    for piece in pieces {
        let len = piece.data.len();
        if group_len + len > CHUNK_LEN_MAX && group_len > 0 {
            let transaction = begin(connection)?;
            stored += insert_chunks(&transaction, number, &group)?;
            transaction.commit()?;
            group.clear();
            group_len = 0;
        }
        let packed = match (piece.kind, piece.position) {
            (Kind::Inverse, 0) => piece.packed(&change),
            (Kind::Delta | Kind::Inverse | Kind::Full, _) => piece.packed(&[]),
        };
        match piece.kind {
            Kind::Delta => deltas += 1,
            Kind::Inverse => inverses += 1,
            Kind::Full => {}
        }
        if (piece.kind, piece.position) == (Kind::Delta, 0) {
            change = piece.data;
        }
        group_len += len;
        group.push(packed);
    }
    let record = serde_json::to_string(revision)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let transaction = begin(connection)?;
    stored += insert_chunks(&transaction, number, &group)?;
    transaction
        .prepare_cached("INSERT INTO revision VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![number, record, deltas, inverses])?;
    match note {
        Note::AsItIs => {}
        Note::Trial(trial) => keep_trial(&transaction, trial)?,
    }
    transaction.commit()?;
    Ok(stored)
}

/// What becomes durable together with a revision.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note<'a> {
    /// Nothing was on trial and nothing is.
    AsItIs,
    /// This is on trial from now on, or no longer anything.
    Trial(Option<&'a Trial>),
}

/// The table came later; versions that do not know it leave it alone.
const TRIAL_TABLE: &str = "CREATE TABLE IF NOT EXISTS trial (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    record TEXT NOT NULL
) STRICT";

fn has_trial_table(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'trial')";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Writes down what is on trial.
pub(super) fn keep_trial(connection: &Connection, trial: Option<&Trial>) -> rusqlite::Result<()> {
    match trial {
        Some(trial) => {
            let record = serde_json::to_string(trial)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            connection.execute_batch(TRIAL_TABLE)?;
            connection.execute("INSERT OR REPLACE INTO trial VALUES (1, ?1)", [record])?;
        }
        None if has_trial_table(connection)? => {
            connection.execute("DELETE FROM trial", [])?;
        }
        None => {}
    }
    Ok(())
}

/// The record of what is on trial.
pub(super) fn trial(connection: &Connection) -> rusqlite::Result<Option<String>> {
    if !has_trial_table(connection)? {
        return Ok(None);
    }
    connection
        .query_row("SELECT record FROM trial", [], |row| row.get(0))
        .optional()
}

/// Returns how many bytes were stored.
pub(super) fn insert_chunks(
    transaction: &Transaction<'_>,
    number: i64,
    chunks: &[PackedRow],
) -> rusqlite::Result<usize> {
    let mut stored = 0;
    let mut insert = transaction.prepare_cached("INSERT INTO chunk VALUES (?1, ?2, ?3, ?4)")?;
    for chunk in chunks {
        stored += chunk.data.len();
        insert.execute(params![
            chunk.kind as i64,
            number,
            chunk.position,
            chunk.data
        ])?;
    }
    Ok(stored)
}

/// Bytes of the newest complete copy, and of the changes behind it.
pub(super) fn stored_bytes(connection: &Connection) -> rusqlite::Result<(usize, usize)> {
    let sum = |condition: &str| -> rusqlite::Result<usize> {
        let sql = format!(
            "WITH base AS (SELECT coalesce(max(number), 0) AS number FROM full_copy)
             SELECT coalesce(sum(length(data)), 0) FROM chunk, base WHERE {condition}"
        );
        let sum: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        Ok(usize::try_from(sum).unwrap_or_default())
    };
    let copy = sum("kind = 3 AND chunk.number = base.number")?;
    let deltas = sum("kind IN (1, 2) AND chunk.number > base.number")?;
    Ok((copy, deltas))
}

/// Hands each piece of one thing to `each` in order, None for a damaged one, and tells how many there were.
pub(super) fn read_chunks<E: From<rusqlite::Error>>(
    connection: &Connection,
    kind: Kind,
    number: i64,
    mut each: impl FnMut(Option<&[u8]>) -> Result<(), E>,
) -> Result<i64, E> {
    let change = match kind {
        Kind::Inverse => first_of_change(connection, number)?,
        Kind::Delta | Kind::Full => vec![],
    };
    let sql = "SELECT data FROM chunk WHERE kind = ?1 AND number = ?2 ORDER BY position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![kind as i64, number])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let stored = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let like: &[u8] = if count == 0 { &change } else { &[] };
        each(unpack(stored, like).as_deref())?;
        count += 1;
    }
    Ok(count)
}

/// The first piece of a change; empty where it is damaged or gone.
fn first_of_change(connection: &Connection, number: i64) -> rusqlite::Result<Vec<u8>> {
    let sql = "SELECT data FROM chunk WHERE kind = ?1 AND number = ?2 AND position = 0";
    let stored: Option<Vec<u8>> = connection
        .prepare_cached(sql)?
        .query_row(params![Kind::Delta as i64, number], |row| row.get(0))
        .optional()?;
    let piece = stored.and_then(|stored| unpack(&stored, &[]));
    Ok(piece.unwrap_or_default())
}

/// Moves the log into the file without waiting for anybody.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_wait_for_the_disk() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("state.db");
        prepare_file(&path).unwrap();
        let connection = open(&path).unwrap();
        let full: i64 = connection
            .query_row("PRAGMA synchronous", [], |row| row.get(0))
            .unwrap();
        assert_eq!(full, 2);
        let mode: String = connection
            .query_row("PRAGMA journal_mode", [], |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal");
        assert_eq!(layout(&connection).unwrap(), LAYOUT);
    }
}
