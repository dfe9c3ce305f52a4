//! The file and its tables.
//!
//! `tick` holds the samples of the present hour, each whole, and `hour` the hours of the present
//! week; `block` holds what is complete, series by series: the points of an hour in the tiers of
//! 15 s and a minute, those of a week in the tier of an hour. `measured` says for how long each of
//! their slots was measured.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use underpass_runtime::file;

use crate::error::{OpenError, is_broken};

/// `user_version`: the layout of the tables and of what is in them.
pub(crate) const LAYOUT: i64 = 1;
/// Writer and readers do not wait for each other in this mode; only making the log short does.
const BUSY_WAIT: Duration = Duration::from_millis(500);
/// The log is cut to this length when it has been moved into the file, bytes.
const LOG_LEN_MAX: i64 = 4 * 1024 * 1024;

/// Bytes of a page; below it says the same.
const PAGE_LEN: i64 = 16_384;

const TABLES: &str = "
    PRAGMA page_size = 16384;
    PRAGMA auto_vacuum = INCREMENTAL;
    BEGIN;
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        metric INTEGER NOT NULL,
        entity TEXT NOT NULL,
        -- The last hour of which there is anything.
        used INTEGER NOT NULL,
        UNIQUE (entity, metric)
    ) STRICT;
    CREATE TABLE tick (slot INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE hour (hour INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    -- Tier, start and series are one number: rows of any length are then packed well.
    CREATE TABLE block (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE measured (
        tier INTEGER NOT NULL,
        start INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (tier, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE usage (
        entity TEXT NOT NULL,
        resource TEXT NOT NULL,
        calls INTEGER NOT NULL,
        received INTEGER NOT NULL,
        sent INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        PRIMARY KEY (entity, resource)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE since (ms INTEGER NOT NULL) STRICT;
    PRAGMA user_version = 1;
    COMMIT;
";

/// Opens the file for its writer. One that is broken is put aside and begun anew, which is told.
pub(crate) fn open(path: &Path) -> Result<(Connection, bool), OpenError> {
    match prepare(path) {
        Err(OpenError::Database { source, .. }) if is_broken(&source) => {
            set_aside(path)?;
            Ok((prepare(path)?, true))
        }
        opened => Ok((opened?, false)),
    }
}

/// Where a broken file is put.
pub(crate) fn aside(path: &Path) -> PathBuf {
    beside(path, ".broken")
}

/// Puts a broken file aside, in the place of one that was put aside before.
pub(crate) fn set_aside(path: &Path) -> Result<(), OpenError> {
    let aside = aside(path);
    tracing::warn!(
        file = %path.display(), aside = %aside.display(),
        "the history is damaged; it is put aside, and another one begins"
    );
    remove_log(path)?;
    fs::rename(path, &aside).map_err(|error| io_error(path, error))
}

fn remove_log(path: &Path) -> Result<(), OpenError> {
    for end in ["-wal", "-shm"] {
        match fs::remove_file(beside(path, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(path, error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(end);
    path.with_file_name(name)
}

fn io_error(path: &Path, source: io::Error) -> OpenError {
    let path = path.to_owned();
    OpenError::Io { path, source }
}

fn prepare(path: &Path) -> Result<Connection, OpenError> {
    let database = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    if !path.exists() {
        // The log of a file that somebody removed would be taken for the new one's.
        remove_log(path)?;
    }
    drop(file::open_private(path).map_err(|error| io_error(path, error))?);
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(database)?;
    let found = layout(&connection).map_err(database)?;
    if found > LAYOUT {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: LAYOUT,
        });
    }
    make_ready(&connection, found).map_err(database)?;
    Ok(connection)
}

fn make_ready(connection: &Connection, found: i64) -> rusqlite::Result<()> {
    if found == 0 {
        // Before the first table, or they have no effect.
        connection.execute_batch(TABLES)?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_LEN_MAX)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_LEN_MAX / PAGE_LEN)?;
    Ok(())
}

/// Opens the file for a reader; none while there is none.
pub(crate) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Bytes that are in use of a file that this version can read.
pub(crate) fn look(path: &Path) -> Result<u64, OpenError> {
    let looked = open_to_read(path).and_then(|connection| {
        let found = layout(&connection)?;
        Ok((found, used(&connection)?))
    });
    let path = path.to_owned();
    match looked {
        Ok((found, _)) if found > LAYOUT => Err(OpenError::Newer {
            path,
            found,
            known: LAYOUT,
        }),
        Ok((_, bytes)) => Ok(bytes),
        Err(source) => Err(OpenError::Database { path, source }),
    }
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

pub(crate) fn layout(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Bytes that are in use, without those of removed rows.
pub(crate) fn used(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |name: &str| {
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
    };
    let pages = number("page_count")? - number("freelist_count")?;
    Ok((pages.max(0) * number("page_size")?).unsigned_abs())
}
