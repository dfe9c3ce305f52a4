//! Durations as columns. What is kept for years has fewer digits, which are then not written.

use underpass_shared::monitor::{Histogram, Point};

use super::Damaged;
use super::numbers::{Numbers, put, put_step};

/// Every number as it is.
const ALL_DIGITS: u64 = 0;
/// Numbers of [`shorten`]: steps of their unit.
const FEW_DIGITS: u64 = 1;
/// Digits (binary) of the least and the greatest that are kept: 0.8 %.
const RANGE_DIGITS: u32 = 8;
/// Digits (binary) of the sum that are kept: 0.1 %.
const SUM_DIGITS: u32 = 11;

/// The buckets of a histogram, and whether they hold one value alone.
type Buckets = (bool, Vec<(u16, u32)>);

/// What a histogram's other numbers are near to.
#[derive(Clone, Copy)]
struct Near {
    first: u64,
    last: u64,
    sum: u64,
}

impl Near {
    fn of(buckets: &[(u16, u32)]) -> Self {
        let middle =
            |one: Option<&(u16, u32)>| one.map_or(0, |(bucket, _)| Histogram::middle(*bucket));
        let times = |(bucket, count): &(u16, u32)| {
            Histogram::middle(*bucket).wrapping_mul(u64::from(*count))
        };
        Self {
            first: middle(buckets.first()),
            last: middle(buckets.last()),
            sum: buckets.iter().map(times).fold(0, u64::wrapping_add),
        }
    }
}

/// The last of so many digits of a number.
const fn unit(number: u64, digits: u32) -> u64 {
    1 << (u64::BITS - number.leading_zeros()).saturating_sub(digits)
}

/// With a least, a greatest and a sum of fewer digits. Of several values the least is never greater
/// and the greatest never less than before.
pub(crate) fn shorten(histogram: Histogram) -> Histogram {
    let Some((min, max)) = histogram.range() else {
        return histogram;
    };
    let near = Near::of(histogram.buckets());
    let (low, high) = (
        unit(near.first, RANGE_DIGITS),
        unit(near.last, RANGE_DIGITS),
    );
    let part = unit(near.sum, SUM_DIGITS);
    // Multiples of the unit away from what it is near to.
    let down = |from: u64, unit: u64, to: u64| {
        let above = to.saturating_sub(from) / unit * unit;
        let below = from.saturating_sub(to).div_ceil(unit) * unit;
        (from + above).checked_sub(below)
    };
    let up = |from: u64, unit: u64, to: u64| {
        let above = to.saturating_sub(from).div_ceil(unit) * unit;
        let below = from.saturating_sub(to) / unit * unit;
        (from + above).saturating_sub(below)
    };
    let parts = if is_single(&histogram) {
        let only = up(near.first, low, max);
        Some((only, (only, only)))
    } else {
        let sum = down(near.sum, part, histogram.sum().saturating_add(part / 2));
        let range = down(near.first, low, min).map(|min| (min, up(near.last, high, max)));
        sum.zip(range)
    };
    let short = parts.and_then(|(sum, range)| {
        Histogram::from_parts(histogram.buckets().to_vec(), sum, range).ok()
    });
    // At the ends of what a number can be, all digits stay.
    short.unwrap_or(histogram)
}

/// Whether there is one value alone, so that the sum says all.
fn is_single(one: &Histogram) -> bool {
    matches!(one.buckets(), [(_, 1)]) && one.range() == Some((one.sum(), one.sum()))
}

fn has_few_digits(one: &Histogram) -> bool {
    let near = Near::of(one.buckets());
    let (min, max) = one.range().unwrap_or_default();
    let fits =
        |near: u64, number: u64, digits| near.abs_diff(number).is_multiple_of(unit(near, digits));
    if is_single(one) {
        return fits(near.first, min, RANGE_DIGITS);
    }
    fits(near.first, min, RANGE_DIGITS)
        && fits(near.last, max, RANGE_DIGITS)
        && fits(near.sum, one.sum(), SUM_DIGITS)
}

pub(super) fn put_durations(out: &mut Vec<u8>, all: &[&Histogram]) {
    let few = all.iter().all(|one| has_few_digits(one));
    put(out, if few { FEW_DIGITS } else { ALL_DIGITS });
    let unit = |near, digits| if few { unit(near, digits) } else { 1 };
    for one in all {
        put(
            out,
            (one.buckets().len() as u64) << 1 | u64::from(is_single(one)),
        );
    }
    let mut before = 0;
    for one in all {
        let mut buckets = one.buckets().iter().map(|(bucket, _)| u64::from(*bucket));
        let Some(first) = buckets.next() else {
            continue;
        };
        put_step(out, before, first);
        before = first;
        let mut last = first;
        for bucket in buckets {
            put(out, bucket - last);
            last = bucket;
        }
    }
    for (_, count) in all.iter().flat_map(|one| one.buckets()) {
        put(out, u64::from(*count));
    }
    for one in all.iter().filter(|one| !is_single(one)) {
        let near = Near::of(one.buckets());
        put_units(out, near.sum, unit(near.sum, SUM_DIGITS), one.sum());
    }
    for one in all {
        let near = Near::of(one.buckets());
        let (min, _) = one.range().unwrap_or_default();
        put_units(out, near.first, unit(near.first, RANGE_DIGITS), min);
    }
    for one in all.iter().filter(|one| !is_single(one)) {
        let near = Near::of(one.buckets());
        let (_, max) = one.range().unwrap_or_default();
        put_units(out, near.last, unit(near.last, RANGE_DIGITS), max);
    }
}

/// Writes how many units a number is from another; they divide the way.
fn put_units(out: &mut Vec<u8>, from: u64, unit: u64, to: u64) {
    let step = to.wrapping_sub(from).cast_signed();
    let units = step / unit.cast_signed().max(1);
    put_step(out, 0, units.cast_unsigned());
}

fn take_units(from: &mut Numbers<'_>, near: u64, unit: u64) -> Result<u64, Damaged> {
    let units = from.take_step(0)?;
    Ok(near.wrapping_add(units.wrapping_mul(unit)))
}

pub(super) fn take_durations(from: &mut Numbers<'_>, len: usize) -> Result<Vec<Point>, Damaged> {
    let few = match from.take()? {
        ALL_DIGITS => false,
        FEW_DIGITS => true,
        _ => return Err(Damaged),
    };
    let unit = |near, digits| if few { unit(near, digits) } else { 1 };
    let all = take_buckets(from, len)?;
    let mut parts = vec![(0, 0, 0); all.len()];
    for ((is_single, buckets), (sum, _, _)) in all.iter().zip(&mut parts) {
        if !is_single {
            let near = Near::of(buckets).sum;
            *sum = take_units(from, near, unit(near, SUM_DIGITS))?;
        }
    }
    for ((_, buckets), (_, min, _)) in all.iter().zip(&mut parts) {
        let near = Near::of(buckets).first;
        *min = take_units(from, near, unit(near, RANGE_DIGITS))?;
    }
    for ((is_single, buckets), (sum, min, max)) in all.iter().zip(&mut parts) {
        if *is_single {
            (*sum, *max) = (*min, *min);
        } else {
            let near = Near::of(buckets).last;
            *max = take_units(from, near, unit(near, RANGE_DIGITS))?;
        }
    }
    let point = |((_, buckets), (sum, min, max)): (Buckets, (u64, u64, u64))| {
        if buckets.is_empty() {
            return Ok(Point::Durations(Histogram::default()));
        }
        let histogram = Histogram::from_parts(buckets, sum, (min, max));
        histogram.map(Point::Durations).map_err(|_wrong| Damaged)
    };
    all.into_iter().zip(parts).map(point).collect()
}

fn take_buckets(from: &mut Numbers<'_>, len: usize) -> Result<Vec<Buckets>, Damaged> {
    let lens: Result<Vec<u64>, Damaged> = (0..len).map(|_| from.take()).collect();
    let mut all = Vec::with_capacity(len);
    let mut before = 0;
    for len in lens? {
        let (len, is_single) = (from.fitting(len >> 1)?, len & 1 == 1);
        let mut buckets = Vec::with_capacity(len);
        let mut last = None;
        for _ in 0..len {
            let bucket = match last {
                None => from.take_step(before)?,
                Some(last) => from.take()?.checked_add(last).ok_or(Damaged)?,
            };
            if last.is_none() {
                before = bucket;
            }
            last = Some(bucket);
            buckets.push((u16::try_from(bucket).map_err(|_wide| Damaged)?, 0));
        }
        all.push((is_single, buckets));
    }
    for (_, count) in all.iter_mut().flat_map(|(_, buckets)| buckets) {
        *count = u32::try_from(from.take()?).map_err(|_wide| Damaged)?;
    }
    Ok(all)
}
