//! Reading and writing rows of points.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, params};
use underpass_shared::monitor::{Kind, Point};

use crate::codec::{self, Damaged, Numbers, Slice, put};
use crate::series::SeriesIds;
use crate::tier::Tier;

/// A table whose rows hold the points of all series at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// Samples, by the number of their slot.
    Ticks,
    /// Hours.
    Hours,
}

impl Open {
    const fn between(self) -> &'static str {
        match self {
            Self::Ticks => "SELECT slot, data FROM tick WHERE slot BETWEEN ?1 AND ?2 ORDER BY slot",
            Self::Hours => "SELECT hour, data FROM hour WHERE hour BETWEEN ?1 AND ?2 ORDER BY hour",
        }
    }

    const fn put(self) -> &'static str {
        match self {
            Self::Ticks => "INSERT OR REPLACE INTO tick VALUES (?1, ?2)",
            Self::Hours => "INSERT OR REPLACE INTO hour VALUES (?1, ?2)",
        }
    }

    const fn remove(self) -> &'static str {
        match self {
            Self::Ticks => "DELETE FROM tick WHERE slot BETWEEN ?1 AND ?2",
            Self::Hours => "DELETE FROM hour WHERE hour BETWEEN ?1 AND ?2",
        }
    }

    const fn keys(self) -> &'static str {
        match self {
            Self::Ticks => "SELECT slot FROM tick ORDER BY slot",
            Self::Hours => "SELECT hour FROM hour ORDER BY hour",
        }
    }
}

/// All slices of a table.
pub(crate) fn keys(connection: &Connection, of: Open) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(of.keys())?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Looks at the slices from `first` to `last`, one by one; damaged ones are left out.
pub(crate) fn each_slice<E: From<rusqlite::Error>>(
    connection: &Connection,
    of: Open,
    (first, last): (i64, i64),
    mut look: impl FnMut(i64, Slice) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare_cached(of.between())?;
    let mut rows = statement.query([first, last])?;
    while let Some(row) = rows.next()? {
        let key = row.get(0)?;
        match Slice::read(row.get_ref(1)?.as_blob().unwrap_or_default()) {
            Ok(slice) => look(key, slice)?,
            Err(damaged) => tracing::warn!(key, %damaged, "some figures are lost"),
        }
    }
    Ok(())
}

/// Which series have points in the slices, and for how long was measured in each; by its place
/// behind `first`.
pub(crate) fn survey(
    connection: &Connection,
    of: Open,
    (first, last): (i64, i64),
    len: usize,
) -> rusqlite::Result<(Vec<u64>, BTreeSet<u32>)> {
    let mut measured = vec![0; len];
    let mut series = BTreeSet::new();
    each_slice(connection, of, (first, last), |key, slice| {
        let place = usize::try_from(key - first).unwrap_or(usize::MAX);
        if let Some(measured) = measured.get_mut(place) {
            *measured = slice.measured_ms;
        }
        series.extend(slice.series());
        Ok::<_, rusqlite::Error>(())
    })?;
    Ok((measured, series))
}

/// The points of some series in the slices, by series and place.
pub(crate) fn gather(
    connection: &Connection,
    of: Open,
    (first, last): (i64, i64),
    wanted: &[u32],
    ids: &SeriesIds,
) -> rusqlite::Result<BTreeMap<u32, Vec<(u16, Point)>>> {
    let mut gathered: BTreeMap<u32, Vec<(u16, Point)>> = BTreeMap::new();
    let kind = |id: u32| {
        wanted.binary_search(&id).ok()?;
        ids.metric(id).map(underpass_shared::monitor::Metric::kind)
    };
    each_slice(connection, of, (first, last), |key, slice| {
        let place = u16::try_from(key - first).unwrap_or(u16::MAX);
        match slice.points(kind) {
            Ok(points) => {
                for (id, point) in points {
                    gathered.entry(id).or_default().push((place, point));
                }
            }
            Err(damaged) => tracing::warn!(key, %damaged, "some figures are lost"),
        }
        Ok::<_, rusqlite::Error>(())
    })?;
    Ok(gathered)
}

/// One slice.
pub(crate) fn slice(
    connection: &Connection,
    of: Open,
    key: i64,
) -> rusqlite::Result<Option<Slice>> {
    let mut found = None;
    each_slice(connection, of, (key, key), |_, slice| {
        found = Some(slice);
        Ok::<_, rusqlite::Error>(())
    })?;
    Ok(found)
}

pub(crate) fn put_slice(
    connection: &Connection,
    of: Open,
    key: i64,
    data: &[u8],
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(of.put())?;
    statement.execute(params![key, data]).map(drop)
}

pub(crate) fn remove_slices(
    connection: &Connection,
    of: Open,
    (first, last): (i64, i64),
) -> rusqlite::Result<()> {
    connection.execute(of.remove(), [first, last]).map(drop)
}

/// The points of a series in a block.
pub(crate) fn block(
    connection: &Connection,
    (tier, start): (Tier, i64),
    series: u32,
    kind: Kind,
) -> rusqlite::Result<Vec<(u16, Point)>> {
    let mut statement = connection.prepare_cached("SELECT data FROM block WHERE key = ?1")?;
    let found: Option<Vec<u8>> = statement
        .query_row([block_key(tier, start, series)], |row| row.get(0))
        .optional()?;
    let points = found.map_or(Ok(vec![]), |data| codec::decode(kind, &data));
    Ok(points.unwrap_or_else(|damaged| {
        tracing::warn!(start, series, %damaged, "some figures are lost");
        vec![]
    }))
}

/// Writes the points of a series in a block, in the place of what is there.
pub(crate) fn put_block(
    connection: &Connection,
    (tier, start): (Tier, i64),
    series: u32,
    kind: Kind,
    points: &[(u16, Point)],
) -> rusqlite::Result<()> {
    if points.is_empty() {
        let mut statement = connection.prepare_cached("DELETE FROM block WHERE key = ?1")?;
        return statement
            .execute([block_key(tier, start, series)])
            .map(drop);
    }
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO block VALUES (?1, ?2)")?;
    let data = codec::encode(kind, points);
    statement
        .execute(params![block_key(tier, start, series), data])
        .map(drop)
}

/// Which series have points in a block.
pub(crate) fn series_of(
    connection: &Connection,
    (tier, start): (Tier, i64),
) -> rusqlite::Result<Vec<u32>> {
    let sql = "SELECT key & 4294967295 FROM block WHERE key BETWEEN ?1 AND ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(block_keys(tier, start), |row| row.get(0))?;
    rows.collect()
}

/// Removes a block with the points of all series.
pub(crate) fn remove_block(
    connection: &Connection,
    (tier, start): (Tier, i64),
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM block WHERE key BETWEEN ?1 AND ?2";
    connection.execute(sql, block_keys(tier, start))?;
    let sql = "DELETE FROM measured WHERE tier = ?1 AND start = ?2";
    connection.execute(sql, [tier.code(), start]).map(drop)
}

/// The number of a series in a block. Hours of the years 1 to 9999 have 27 bits and a sign.
const fn block_key(tier: Tier, start: i64, series: u32) -> i64 {
    (tier.code() << 60) | ((start + (1 << 27)) << 32) | series as i64
}

const fn block_keys(tier: Tier, start: i64) -> [i64; 2] {
    [block_key(tier, start, 0), block_key(tier, start, u32::MAX)]
}

/// For how long each slot of a block was measured; zeros where there is no block.
pub(crate) fn measured(
    connection: &Connection,
    tier: Tier,
    start: i64,
) -> rusqlite::Result<Vec<u64>> {
    let found = measured_between(connection, tier, (start, start))?;
    let found = found.into_iter().next().map(|(_, measured)| measured);
    Ok(found.unwrap_or_else(|| vec![0; tier.block_len()]))
}

/// The same for all blocks from one to another.
pub(crate) fn measured_between(
    connection: &Connection,
    tier: Tier,
    (first, last): (i64, i64),
) -> rusqlite::Result<BTreeMap<i64, Vec<u64>>> {
    let sql = "SELECT start, data FROM measured WHERE tier = ?1 AND start BETWEEN ?2 AND ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([tier.code(), first, last])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let data = row.get_ref(1)?.as_blob().unwrap_or_default();
        let mut measured = read_measured(data).unwrap_or_default();
        measured.resize(tier.block_len(), 0);
        all.insert(row.get(0)?, measured);
    }
    Ok(all)
}

pub(crate) fn put_measured(
    connection: &Connection,
    (tier, start): (Tier, i64),
    measured: &[u64],
) -> rusqlite::Result<()> {
    let mut bytes = vec![];
    measured.iter().for_each(|one| put(&mut bytes, *one));
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO measured VALUES (?1, ?2, ?3)")?;
    statement
        .execute(params![tier.code(), start, codec::pack(&bytes)])
        .map(drop)
}

fn read_measured(data: &[u8]) -> Result<Vec<u64>, Damaged> {
    let bytes = codec::unpack(data)?;
    let mut numbers = Numbers::new(&bytes);
    let mut measured = vec![];
    while !numbers.is_at_end() {
        measured.push(numbers.take()?);
    }
    Ok(measured)
}
