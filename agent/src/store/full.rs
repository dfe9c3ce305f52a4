//! Full copies of the document, written piece by piece between changes, and the end of history.

use std::sync::Arc;

use rusqlite::{Connection, params};
use underpass_shared::config::{Document, Ops};

use super::chunks::Chunks;
use super::db::{self, ChunkRow, Kind};
use super::load::full_copies;

/// Revisions between two copies at least; then one is due once the changes since the last take
/// [`CHANGES_PER_COPY`] times the space that it does.
const FULL_EVERY: u64 = 100;
/// Copies cost a third of what changes cost, and a start reads at most so many times more.
const CHANGES_PER_COPY: usize = 3;
/// Revisions between two copies at most, which bounds the steps of a start.
const FULL_EVERY_MOST: u64 = 10_000;
/// Bytes of changes between two copies at most, for the same reason.
const FULL_EVERY_BYTES: usize = 64 * 1024 * 1024;
/// Complete copies that are kept: the second serves when the first is damaged.
const FULL_KEPT: usize = 2;
/// Revisions that history keeps at least.
pub(super) const HISTORY_KEPT: i64 = 1_000;
/// Log that may gather before it is moved into the file between changes. The log's file keeps the
/// largest size that it ever had.
const LOG_LEN_MAX: usize = 2 * 1024 * 1024;
/// What the pages of a small transaction take in the log, beside its own bytes.
const PAGES_LEN: usize = 24 * 1024;

/// A full copy that is being written.
#[derive(Debug)]
struct Copy {
    number: i64,
    position: i64,
    chunks: std::iter::Peekable<Chunks<Ops>>,
}

/// Work that waits until no change does. Each step is one small transaction.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    copy: Option<Copy>,
    cleaning: bool,
    revisions: u64,
    delta_bytes: usize,
    /// Of the last copy.
    copy_bytes: usize,
    log_bytes: usize,
}

impl Upkeep {
    /// `revisions` lie behind the last copy.
    pub(super) fn after_start(connection: &Connection, revisions: u64) -> Self {
        // Without the sizes a copy is merely due earlier.
        let (copy_bytes, delta_bytes) = db::stored_bytes(connection).unwrap_or_default();
        Self {
            cleaning: true,
            revisions,
            copy_bytes,
            delta_bytes,
            ..Self::default()
        }
    }

    /// Counts a change of so many bytes.
    pub(super) fn changed(&mut self, number: u64, document: &Arc<Document>, bytes: usize) {
        self.revisions += 1;
        self.delta_bytes += bytes;
        self.log_bytes += bytes + PAGES_LEN;
        if self.is_copy_due() && self.copy.is_none() {
            (self.revisions, self.delta_bytes, self.copy_bytes) = (0, 0, 0);
            self.copy = Some(Copy {
                number: number.cast_signed(),
                position: 0,
                chunks: Chunks::new(document.ops()).peekable(),
            });
        }
        self.cleaning = true;
    }

    const fn is_copy_due(&self) -> bool {
        (self.revisions >= FULL_EVERY
            && self.delta_bytes >= self.copy_bytes.saturating_mul(CHANGES_PER_COPY))
            || self.revisions >= FULL_EVERY_MOST
            || self.delta_bytes >= FULL_EVERY_BYTES
    }

    pub(super) const fn is_copying(&self) -> bool {
        self.copy.is_some()
    }

    pub(super) const fn is_due(&self) -> bool {
        self.copy.is_some() || self.cleaning || self.log_bytes > LOG_LEN_MAX
    }

    /// After a failure: gives up a copy that is being written and does nothing until the next
    /// change.
    pub(super) fn put_off(&mut self) {
        *self = Self {
            revisions: self.revisions.max(FULL_EVERY / 2),
            copy_bytes: self.copy_bytes,
            ..Self::default()
        };
    }

    /// Does one step.
    pub(super) fn step(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        if self.log_bytes > LOG_LEN_MAX {
            self.log_bytes = 0;
            return db::checkpoint(connection);
        }
        if let Some(copy) = &mut self.copy {
            let written = copy.step(connection)?;
            self.log_bytes += written.len + PAGES_LEN;
            self.copy_bytes += written.len;
            if written.complete {
                self.copy = None;
            }
            return Ok(());
        }
        self.cleaning = clean(connection)?;
        if self.cleaning {
            self.log_bytes += PAGES_LEN;
        }
        Ok(())
    }
}

struct Written {
    len: usize,
    complete: bool,
}

impl Copy {
    fn step(&mut self, connection: &mut Connection) -> rusqlite::Result<Written> {
        let data = self.chunks.next().unwrap_or_default();
        let complete = self.chunks.peek().is_none();
        let row = ChunkRow {
            kind: Kind::Full,
            position: self.position,
            data,
        };
        let row = row.packed(&[]);
        let transaction = db::begin(connection)?;
        let len = db::insert_chunks(&transaction, self.number, &[row])?;
        self.position += 1;
        if complete {
            let sql = "INSERT INTO full_copy VALUES (?1, ?2)";
            transaction.execute(sql, params![self.number, self.position])?;
        }
        transaction.commit()?;
        Ok(Written { len, complete })
    }
}

/// Removes one piece of what is no longer kept; tells whether there may be more.
fn clean(connection: &mut Connection) -> rusqlite::Result<bool> {
    let copies = full_copies(connection)?;
    let transaction = db::begin(connection)?;
    let mut removed = 0;
    if let Some((number, _)) = copies.get(FULL_KEPT) {
        removed += transaction.execute("DELETE FROM full_copy WHERE number <= ?1", [number])?;
    }
    // Pieces of a copy that is not in the list: no copy is being written while this runs.
    let stale = "DELETE FROM chunk WHERE rowid IN (SELECT rowid FROM chunk WHERE kind = ?1
        AND number NOT IN (SELECT number FROM full_copy) LIMIT 1)";
    removed += transaction.execute(stale, [Kind::Full as i64])?;
    if let Some((oldest, _)) = copies.iter().take(FULL_KEPT).next_back() {
        // A start must find every step from the oldest copy that is kept up to the head.
        let newest: i64 =
            transaction.query_row("SELECT max(number) FROM revision", [], |row| row.get(0))?;
        let end = (newest - HISTORY_KEPT).min(*oldest);
        let first = "DELETE FROM revision WHERE number = (SELECT min(number) FROM revision) AND number < ?1";
        removed += transaction.execute(first, [end])?;
        let pieces =
            "DELETE FROM chunk WHERE rowid IN (SELECT rowid FROM chunk WHERE kind IN (?1, ?2)
            AND number < (SELECT min(number) FROM revision) LIMIT 4)";
        removed += transaction.execute(pieces, [Kind::Delta as i64, Kind::Inverse as i64])?;
    }
    transaction.commit()?;
    Ok(removed > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_keeps_a_thousand_revisions_and_two_copies() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("state.db");
        db::prepare_file(&path).unwrap();
        let mut connection = db::open(&path).unwrap();
        let transaction = db::begin(&mut connection).unwrap();
        for number in 1..=1_300 {
            transaction
                .execute("INSERT INTO revision VALUES (?1, '', 1, 1)", [number])
                .unwrap();
            for kind in [Kind::Delta, Kind::Inverse] {
                let row = ChunkRow {
                    kind,
                    position: 0,
                    data: vec![],
                };
                db::insert_chunks(&transaction, number, &[row.packed(&[])]).unwrap();
            }
            if number % 100 == 0 {
                transaction
                    .execute("INSERT INTO full_copy VALUES (?1, 1)", [number])
                    .unwrap();
                let row = ChunkRow {
                    kind: Kind::Full,
                    position: 0,
                    data: vec![],
                };
                db::insert_chunks(&transaction, number, &[row.packed(&[])]).unwrap();
            }
        }
        transaction.commit().unwrap();
        db::checkpoint(&connection).unwrap();
        let mut upkeep = Upkeep {
            cleaning: true,
            ..Upkeep::default()
        };
        while upkeep.is_due() {
            upkeep.step(&mut connection).unwrap();
        }
        let log = path.with_file_name("state.db-wal").metadata().unwrap();
        let most = u64::try_from(LOG_LEN_MAX).unwrap();
        assert!(log.len() < most, "the log has {} bytes", log.len());
        let one = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
        assert_eq!(full_copies(&connection).unwrap(), [(1_300, 1), (1_200, 1)]);
        assert_eq!(
            one("SELECT min(number) FROM revision"),
            1_300 - HISTORY_KEPT
        );
        assert_eq!(one("SELECT min(number) FROM chunk"), 1_300 - HISTORY_KEPT);
        assert_eq!(one("SELECT count(*) FROM chunk WHERE kind = 3"), 2);
    }
}
