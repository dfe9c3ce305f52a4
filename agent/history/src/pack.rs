//! What is complete is put away series by series, and joined to coarser tiers.

use std::collections::BTreeSet;

use rusqlite::Transaction;
use underpass_shared::monitor::{Metric, Point};

use crate::codec::{self, SliceBuilder};
use crate::rollup::{coarsen, coarsen_measured};
use crate::rows::{self, Open};
use crate::series::SeriesIds;
use crate::tier::{FINE_SLOTS, HOUR_MS, MINUTE_SLOTS, Tier, WEEK_SLOTS};

/// Series that are put away at once: what they have in an hour is in memory meanwhile.
const SERIES_AT_ONCE: usize = 1_024;
/// Slots of the finest tier in a minute.
const PER_MINUTE: usize = FINE_SLOTS / MINUTE_SLOTS;

/// Puts away the samples of an hour and joins them to minutes and to the hour.
///
/// Where the hour was put away before, because the clock went back, newer samples take the place of
/// older ones. Where the finer figures are gone already, what was measured for longer stays.
pub(crate) fn hour(
    transaction: &Transaction<'_>,
    ids: &SeriesIds,
    hour: i64,
) -> rusqlite::Result<()> {
    let (tx, range) = (transaction, range(hour, FINE_SLOTS));
    let (new, mut series) = rows::survey(tx, Open::Ticks, range, FINE_SLOTS)?;
    for tier in [Tier::Fine, Tier::Minute] {
        series.extend(rows::series_of(tx, (tier, hour))?);
    }
    let fine = over(&rows::measured(tx, Tier::Fine, hour)?, &new, |_, new| {
        new > 0
    });
    let old_minutes = rows::measured(tx, Tier::Minute, hour)?;
    let minutes = coarsen_measured(&fine, PER_MINUTE);
    let longer: Vec<bool> = minutes
        .iter()
        .zip(&old_minutes)
        .map(|(new, old)| new >= old)
        .collect();
    let minutes = over(&old_minutes, &minutes, |old, new| new >= old);
    let whole = minutes
        .iter()
        .fold(0_u64, |sum, one| sum.saturating_add(*one));

    let mut builder = SliceBuilder::default();
    let series: Vec<u32> = series.into_iter().collect();
    for some in series.chunks(SERIES_AT_ONCE) {
        let mut gathered = rows::gather(tx, Open::Ticks, range, some, ids)?;
        for id in some {
            let Some(metric) = ids.metric(*id) else {
                continue;
            };
            let added = gathered.remove(id).unwrap_or_default();
            let old = rows::block(tx, (Tier::Fine, hour), *id, metric.kind())?;
            let points = overlay(old, added, |slot| is_set(&new, slot));
            rows::put_block(tx, (Tier::Fine, hour), *id, metric.kind(), &points)?;
            let joined = coarsen(metric, &points, &fine, PER_MINUTE);
            let old = rows::block(tx, (Tier::Minute, hour), *id, metric.kind())?;
            let points = overlay(old, joined, |slot| {
                longer.get(usize::from(slot)).copied().unwrap_or_default()
            });
            let points: Vec<_> = points.into_iter().map(shorter).collect();
            rows::put_block(tx, (Tier::Minute, hour), *id, metric.kind(), &points)?;
            if let Some((_, point)) = coarsen(metric, &points, &minutes, MINUTE_SLOTS).pop() {
                builder.add(*id, &coarser(point));
            }
        }
        used(tx, some, hour)?;
    }
    rows::put_measured(tx, (Tier::Fine, hour), &fine)?;
    rows::put_measured(tx, (Tier::Minute, hour), &minutes)?;
    let old = rows::slice(tx, Open::Hours, hour)?;
    if old.is_none_or(|old| old.measured_ms <= whole) {
        let end_ms = (hour + 1).saturating_mul(HOUR_MS);
        rows::put_slice(tx, Open::Hours, hour, &builder.finish(whole, end_ms))?;
    }
    rows::remove_slices(tx, Open::Ticks, range)
}

/// Puts away the hours of a week. An hour that was put away before and was measured for longer
/// stays.
pub(crate) fn week(
    transaction: &Transaction<'_>,
    ids: &SeriesIds,
    week: i64,
) -> rusqlite::Result<()> {
    let (tx, range) = (transaction, range(week, WEEK_SLOTS));
    let (new, series) = rows::survey(tx, Open::Hours, range, WEEK_SLOTS)?;
    let old = rows::measured(tx, Tier::Hour, week)?;
    let taken: Vec<bool> = new
        .iter()
        .zip(&old)
        .map(|(new, old)| *new > 0 && new >= old)
        .collect();
    let measured = over(&old, &new, |old, new| new > 0 && new >= old);
    let mut series: BTreeSet<u32> = series;
    series.extend(rows::series_of(tx, (Tier::Hour, week))?);
    let series: Vec<u32> = series.into_iter().collect();
    for some in series.chunks(SERIES_AT_ONCE) {
        let mut gathered = rows::gather(tx, Open::Hours, range, some, ids)?;
        for id in some {
            let Some(kind) = ids.metric(*id).map(Metric::kind) else {
                continue;
            };
            let added = gathered.remove(id).unwrap_or_default();
            let old = rows::block(tx, (Tier::Hour, week), *id, kind)?;
            let points = overlay(old, added, |slot| {
                taken.get(usize::from(slot)).copied().unwrap_or_default()
            });
            rows::put_block(tx, (Tier::Hour, week), *id, kind, &points)?;
        }
    }
    rows::put_measured(tx, (Tier::Hour, week), &measured)?;
    rows::remove_slices(tx, Open::Hours, range)
}

/// The first and the last slot of a block.
fn range(number: i64, len: usize) -> (i64, i64) {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    (number * len, number * len + len - 1)
}

fn is_set(measured: &[u64], slot: u16) -> bool {
    measured.get(usize::from(slot)).is_some_and(|one| *one > 0)
}

fn over(old: &[u64], new: &[u64], takes: impl Fn(u64, u64) -> bool) -> Vec<u64> {
    let of = |(old, new): (&u64, &u64)| if takes(*old, *new) { *new } else { *old };
    old.iter().zip(new).map(of).collect()
}

/// The new points in the slots that are `replaced`, the old ones in the others.
fn overlay(
    old: Vec<(u16, Point)>,
    new: Vec<(u16, Point)>,
    replaced: impl Fn(u16) -> bool,
) -> Vec<(u16, Point)> {
    let stay = old.into_iter().filter(|(slot, _)| !replaced(*slot));
    let come = new.into_iter().filter(|(slot, _)| replaced(*slot));
    let mut all: Vec<_> = stay.chain(come).collect();
    all.sort_by_key(|(slot, _)| *slot);
    all
}

/// What is kept for weeks is kept with fewer digits.
fn shorter((slot, point): (u16, Point)) -> (u16, Point) {
    let point = match point {
        Point::Durations(histogram) => Point::Durations(codec::shorten(histogram)),
        Point::Gauge(_) | Point::Tally(_) => point,
    };
    (slot, point)
}

/// What is kept for years is kept with fewer buckets too.
fn coarser(point: Point) -> Point {
    match point {
        Point::Durations(histogram) => Point::Durations(codec::shorten(histogram.coarser())),
        Point::Gauge(_) | Point::Tally(_) => point,
    }
}

/// Notes of which series there is something in an hour.
fn used(tx: &Transaction<'_>, series: &[u32], hour: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE series SET used = ?1 WHERE id = ?2 AND used < ?1";
    let mut statement = tx.prepare_cached(sql)?;
    for id in series {
        statement.execute(rusqlite::params![hour, id])?;
    }
    Ok(())
}
