//! Removing what is old, and what is too much.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::rows::{self, Open};
use crate::tier::{Retention, Tier, WEEK_SLOTS};

/// Blocks of the finest tier that stay even when space is short: the last hour.
const FINE_MIN: usize = 1;
/// Blocks of the tier of a minute that stay even when space is short.
const MINUTE_MIN: usize = 6;
/// Free pages that are given back to the file system at once, so that nobody waits long.
const PAGES_BACK: u32 = 4_096;

/// What [`trim`] left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trimmed {
    /// Bytes in use.
    pub(crate) bytes: u64,
    /// Whether some series may have lost their numbers.
    pub(crate) forgot_series: bool,
}

/// Removes what the retention no longer keeps, the oldest first; then, while the file has more
/// than `bytes_max`, the oldest of the finest tier that has more than it must keep.
pub(crate) fn trim(
    connection: &mut Connection,
    retention: Retention,
    bytes_max: u64,
) -> rusqlite::Result<Trimmed> {
    let mut removed_weeks = false;
    for tier in [Tier::Fine, Tier::Minute] {
        let mut starts = starts(connection, tier)?;
        let kept = usize::try_from(retention.hours(tier)).unwrap_or(usize::MAX);
        let excess = starts.len().saturating_sub(kept);
        for start in starts.drain(..excess) {
            remove(connection, tier, start)?;
        }
    }
    let mut weeks = weeks(connection)?;
    let open = rows::keys(connection, Open::Hours)?.len() as u64;
    let mut hours = weeks.values().sum::<u64>() + open;
    while let Some(first) = weeks.first_entry()
        && hours - first.get() >= retention.hours(Tier::Hour)
    {
        hours -= first.get();
        remove(connection, Tier::Hour, *first.key())?;
        first.remove();
        removed_weeks = true;
    }
    let mut bytes = crate::db::used(connection)?;
    while bytes > bytes_max {
        let oldest = |connection: &Connection, tier, least: usize| {
            let starts = starts(connection, tier)?;
            let first = starts.first().filter(|_| starts.len() > least);
            Ok::<_, rusqlite::Error>(first.map(|start| (tier, *start)))
        };
        let next = match oldest(connection, Tier::Fine, FINE_MIN)? {
            Some(next) => Some(next),
            None => match oldest(connection, Tier::Minute, MINUTE_MIN)? {
                Some(next) => Some(next),
                None => oldest(connection, Tier::Hour, 0)?,
            },
        };
        let Some((tier, start)) = next else { break };
        remove(connection, tier, start)?;
        removed_weeks |= tier == Tier::Hour;
        bytes = crate::db::used(connection)?;
    }
    if removed_weeks {
        forget_series(connection)?;
    }
    give_back(connection)?;
    Ok(Trimmed {
        bytes,
        forgot_series: removed_weeks,
    })
}

/// The statement gives back a page with each row, so it is to be read to its end.
fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_BACK})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

fn starts(connection: &Connection, tier: Tier) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT start FROM measured WHERE tier = ?1 ORDER BY start";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([tier.code()], |row| row.get(0))?;
    rows.collect()
}

/// The weeks that are put away, with how many hours of them were measured.
fn weeks(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, u64>> {
    let all = rows::measured_between(connection, Tier::Hour, (i64::MIN, i64::MAX))?;
    let count = |measured: Vec<u64>| measured.iter().filter(|one| **one > 0).count() as u64;
    Ok(all
        .into_iter()
        .map(|(week, measured)| (week, count(measured)))
        .collect())
}

fn remove(connection: &mut Connection, tier: Tier, start: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    rows::remove_block(&transaction, (tier, start))?;
    transaction.commit()
}

/// Forgets the series of which nothing is left.
fn forget_series(connection: &Connection) -> rusqlite::Result<()> {
    let week = starts(connection, Tier::Hour)?.first().copied();
    let week_len = i64::try_from(WEEK_SLOTS).unwrap_or(i64::MAX);
    let week = week.map(|week| week.saturating_mul(week_len));
    let hour = rows::keys(connection, Open::Hours)?.first().copied();
    let minute = starts(connection, Tier::Minute)?.first().copied();
    let fine = starts(connection, Tier::Fine)?.first().copied();
    let Some(oldest) = [week, hour, minute, fine].into_iter().flatten().min() else {
        return Ok(());
    };
    let removed = connection.execute("DELETE FROM series WHERE used < ?1", [oldest])?;
    tracing::debug!(removed, "series without any figures are forgotten");
    Ok(())
}
