//! The numbers that series have in the file.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use underpass_shared::monitor::{Metric, Series};

/// Series that are known at a time; ten thousand mappings in use have as many. Further ones are
/// not kept.
const SERIES_MAX: usize = 200_000;

/// The series of a file by their numbers, and the other way round.
#[derive(Debug, Default)]
pub(crate) struct SeriesIds {
    ids: HashMap<Series, u32>,
    metrics: HashMap<u32, Metric>,
    last: u32,
}

impl SeriesIds {
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut all = Self::default();
        let mut statement = connection.prepare("SELECT id, metric, entity FROM series")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, metric, entity): (u32, u16, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            all.last = all.last.max(id);
            // What only another version knows is not for this one.
            if let (Some(metric), Ok(entity)) = (Metric::from_code(metric), entity.parse()) {
                all.ids.insert(Series { entity, metric }, id);
                all.metrics.insert(id, metric);
            }
        }
        Ok(all)
    }

    /// What a number stands for.
    pub(crate) fn metric(&self, id: u32) -> Option<Metric> {
        self.metrics.get(&id).copied()
    }

    /// The number of a series, a new one if need be; none when there are too many. Load them all
    /// anew where the transaction fails.
    pub(crate) fn id(
        &mut self,
        transaction: &Transaction<'_>,
        series: &Series,
        hour: i64,
    ) -> rusqlite::Result<Option<u32>> {
        if let Some(id) = self.ids.get(series) {
            return Ok(Some(*id));
        }
        let Some(id) = self.last.checked_add(1) else {
            return Ok(None);
        };
        if self.ids.len() >= SERIES_MAX {
            return Ok(None);
        }
        let (metric, entity) = (series.metric.code(), series.entity.to_string());
        transaction
            .prepare_cached("INSERT INTO series VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, metric, entity, hour])?;
        self.ids.insert(series.clone(), id);
        self.metrics.insert(id, series.metric);
        self.last = id;
        Ok(Some(id))
    }
}

/// The number of a series, if it has one.
pub(crate) fn find(connection: &Connection, series: &Series) -> rusqlite::Result<Option<u32>> {
    let sql = "SELECT id FROM series WHERE entity = ?1 AND metric = ?2";
    let key = params![series.entity.to_string(), series.metric.code()];
    connection.query_row(sql, key, |row| row.get(0)).optional()
}

/// Of what there is anything.
pub(crate) fn entities(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT DISTINCT entity FROM series ORDER BY entity")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}
