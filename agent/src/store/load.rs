//! Start: find the head, build its document, verify both.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use serde::Deserialize;
use thiserror::Error;
use underpass_shared::config::{Delta, Document, Invalid, Op, Revision, SCHEMA, Trial};

use super::chunks::Lines;
use super::db::{self, Kind, LAYOUT};
use super::error::Problem;

/// A verified head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) revision: Revision,
    pub(super) document: Arc<Document>,
    /// How many revisions lie behind the copy that it was built from.
    pub(super) steps: u64,
    /// What is on trial.
    pub(super) trial: Option<Trial>,
}

/// Why something stored does not verify.
#[derive(Debug, Error)]
pub(super) enum Damage {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the record of revision {0} does not parse")]
    Record(i64),
    #[error("a step does not parse: {0}")]
    Step(#[from] serde_json::Error),
    #[error("{0} pieces are there instead of {1}")]
    Pieces(i64, i64),
    #[error("a piece cannot be unpacked")]
    Packed,
    #[error("the last piece is cut")]
    Cut,
    #[error("revision {0} does not follow the one before")]
    Chain(u64),
    #[error("a step does not fit: {0}")]
    Apply(#[from] Invalid),
    #[error("the content has another hash")]
    Content,
    #[error("no complete copy is left to start from")]
    NoBase,
}

#[derive(Deserialize)]
struct SchemaOnly {
    schema: u32,
}

/// Opens the database, unless something says that it must not be touched.
///
/// Without a connection the head is good, but what lies behind it could not be cleared; that is
/// tried again before the next change.
pub(super) fn open(path: &Path) -> Result<(Head, Option<Connection>), Problem> {
    match open_to_write(path) {
        // A disk that takes no writes must not end the traffic. What a log holds could be missed
        // then, so there must be none.
        Err(Problem::Unreadable { detail, .. }) if db::is_without_log(path) => {
            let head = open_to_read(path)?;
            tracing::warn!(detail, "the state can only be read; changes will fail");
            Ok((head, None))
        }
        opened => opened,
    }
}

/// The document, without touching anything. What a log holds could be missed then.
pub(super) fn peek(path: &Path) -> Result<Arc<Document>, Problem> {
    if db::is_without_log(path) {
        return Ok(open_to_read(path)?.document);
    }
    Err(Problem::Unfinished {
        path: path.to_owned(),
    })
}

fn open_to_read(path: &Path) -> Result<Head, Problem> {
    let connection = db::open_unchanging(path).map_err(|error| unreadable(path, &error))?;
    inspect(path, &connection)?;
    verified(path, &connection)
}

fn open_to_write(path: &Path) -> Result<(Head, Option<Connection>), Problem> {
    let unreadable = |error: rusqlite::Error| unreadable(path, &error);
    inspect(path, &db::open_to_inspect(path).map_err(unreadable)?)?;
    let mut connection = db::open(path).map_err(unreadable)?;
    let head = verified(path, &connection)?;
    match db::prepare(&mut connection, head.revision.number.cast_signed()) {
        Ok(()) => Ok((head, Some(connection))),
        Err(error) => {
            tracing::warn!(%error, "the state is not ready to be written; that is tried again before the next change");
            Ok((head, None))
        }
    }
}

fn unreadable(path: &Path, error: &rusqlite::Error) -> Problem {
    Problem::Unreadable {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

fn verified(path: &Path, connection: &Connection) -> Result<Head, Problem> {
    let number = db::head(connection)
        .map_err(|error| unreadable(path, &error))?
        .map_or(0, |(number, _)| number);
    let head = load(connection, number).map_err(|damage| Problem::Damaged {
        path: path.to_owned(),
        number: number.cast_unsigned(),
        detail: damage.to_string(),
    })?;
    let trial = db::trial(connection).map_err(|error| unreadable(path, &error))?;
    let trial = trial.and_then(|record| trial_of(&head, &record));
    Ok(Head { trial, ..head })
}

/// What is on trial, if its record and the head belong together.
fn trial_of(head: &Head, record: &str) -> Option<Trial> {
    let trial: Option<Trial> = serde_json::from_str(record).ok();
    let trial = trial.filter(|trial| {
        let last = trial.last == head.revision.number;
        last && (1..=trial.last).contains(&trial.first)
    });
    if trial.is_none() {
        tracing::error!(
            record,
            "what was on trial does not fit the newest revision, so it stays; look at the revisions"
        );
    }
    trial
}

/// Refuses what a newer version wrote. Reads only.
fn inspect(path: &Path, connection: &Connection) -> Result<(), Problem> {
    let unreadable = |error: rusqlite::Error| unreadable(path, &error);
    let newer = |found, known| Problem::Newer {
        path: path.to_owned(),
        found,
        known,
    };
    let layout = db::layout(connection).map_err(unreadable)?;
    if layout > LAYOUT {
        return Err(newer(layout, LAYOUT));
    }
    if layout == 0 {
        return Ok(());
    }
    let head = db::head(connection).map_err(unreadable)?;
    let schema = head.and_then(|(_, record)| serde_json::from_str::<SchemaOnly>(&record).ok());
    match schema {
        Some(SchemaOnly { schema }) if schema > SCHEMA => Err(newer(schema.into(), SCHEMA.into())),
        Some(_) | None => Ok(()),
    }
}

/// Builds the head from the newest complete copy that leads to it, or from the very beginning.
fn load(connection: &Connection, number: i64) -> Result<Head, Damage> {
    if number == 0 {
        return Ok(Head {
            revision: Revision::genesis(),
            document: Arc::new(Document::empty()),
            steps: 0,
            trial: None,
        });
    }
    let mut first = Damage::NoBase;
    let copies = full_copies(connection)?;
    let last = copies.len();
    let bases = copies.into_iter().map(Some).chain([None]);
    for (i, base) in bases.enumerate() {
        match load_from(connection, base, number) {
            Ok(head) => return Ok(head),
            // The newest copy's damage says most.
            Err(damage) if i == 0 && last > 0 => first = damage,
            Err(damage) if i == 0 => return Err(damage),
            Err(_) => {}
        }
    }
    Err(first)
}

/// Number and pieces of the complete copies, newest first.
pub(super) fn full_copies(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    let sql = "SELECT number, chunks FROM full_copy ORDER BY number DESC";
    connection
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn load_from(connection: &Connection, base: Option<(i64, i64)>, head: i64) -> Result<Head, Damage> {
    let mut ops = vec![];
    let mut revision = match base {
        None => Revision::genesis(),
        Some((number, chunks)) => {
            ops = read_ops(connection, Kind::Full, number, chunks)?;
            record(connection, number)?.0
        }
    };
    let base = base.map_or(0, |(number, _)| number);
    for number in base + 1..=head {
        let (next, delta_chunks) = record(connection, number)?;
        if !next.follows(&revision) {
            return Err(Damage::Chain(next.number));
        }
        ops.append(&mut read_ops(
            connection,
            Kind::Delta,
            number,
            delta_chunks,
        )?);
        revision = next;
    }
    let document = Document::empty().apply(&Delta { ops })?;
    if document.hash() != revision.content_hash {
        return Err(Damage::Content);
    }
    let steps = (head - base).cast_unsigned();
    Ok(Head {
        revision,
        document: Arc::new(document),
        steps,
        trial: None,
    })
}

fn record(connection: &Connection, number: i64) -> Result<(Revision, i64), Damage> {
    let sql = "SELECT record, delta_chunks FROM revision WHERE number = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let (text, chunks): (String, i64) =
        statement.query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match serde_json::from_str::<Revision>(&text) {
        Ok(revision) if revision.number.cast_signed() == number => Ok((revision, chunks)),
        Ok(_) | Err(_) => Err(Damage::Record(number)),
    }
}

/// Reads and parses all steps of one thing, which must have as many pieces as it was written with.
pub(super) fn read_ops(
    connection: &Connection,
    kind: Kind,
    number: i64,
    chunks: i64,
) -> Result<Vec<Op>, Damage> {
    let mut lines = Lines::default();
    let count = db::read_chunks(connection, kind, number, |piece| {
        lines
            .push(piece.ok_or(Damage::Packed)?)
            .map_err(Damage::from)
    })?;
    if count != chunks {
        return Err(Damage::Pieces(count, chunks));
    }
    lines.finish().ok_or(Damage::Cut)
}
