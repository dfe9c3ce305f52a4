//! Earlier revisions, as the writer reads them for those who ask.

use rusqlite::OptionalExtension as _;
use underpass_shared::config::{Delta, Revision};

use super::Steps;
use super::db::Kind;
use super::error::ChangeError;
use super::load;
use super::writer::Writer;

impl Writer {
    pub(super) fn history(
        &mut self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Revision>, ChangeError> {
        let connection = self.readable()?;
        let sql = "SELECT number, record FROM revision WHERE number < ?1 \
                   ORDER BY number DESC LIMIT ?2";
        let mut statement = connection.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let before = before.and_then(|number| i64::try_from(number).ok());
        let before = before.unwrap_or(i64::MAX);
        let rows = statement.query_map([before, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (number, record): (i64, String) = row?;
            serde_json::from_str(&record).or(Err(ChangeError::History(number.cast_unsigned())))
        })
        .collect()
    }

    pub(super) fn inverse(&mut self, number: u64) -> Result<Option<Delta>, ChangeError> {
        let connection = self.readable()?;
        let Ok(row) = i64::try_from(number) else {
            return Ok(None);
        };
        let sql = "SELECT inverse_chunks FROM revision WHERE number = ?1";
        let chunks = connection
            .query_row(sql, [row], |row| row.get(0))
            .optional()?;
        let Some(chunks) = chunks else {
            return Ok(None);
        };
        let ops = load::read_ops(connection, Kind::Inverse, row, chunks);
        Ok(Some(Delta {
            ops: ops.or(Err(ChangeError::History(number)))?,
        }))
    }

    pub(super) fn steps(&mut self, number: u64) -> Result<Option<Steps>, ChangeError> {
        let connection = self.readable()?;
        let Ok(row) = i64::try_from(number) else {
            return Ok(None);
        };
        let sql = "SELECT record, delta_chunks, inverse_chunks FROM revision WHERE number = ?1";
        let found: Option<(String, i64, i64)> = connection
            .query_row(sql, [row], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((record, forward, inverse)) = found else {
            return Ok(None);
        };
        let damaged = ChangeError::History(number);
        let read = || {
            let ops = |kind, chunks| load::read_ops(connection, kind, row, chunks).ok();
            Some(Steps {
                revision: serde_json::from_str(&record).ok()?,
                forward: Delta {
                    ops: ops(Kind::Delta, forward)?,
                },
                inverse: Delta {
                    ops: ops(Kind::Inverse, inverse)?,
                },
            })
        };
        read().map(Some).ok_or(damaged)
    }
}
