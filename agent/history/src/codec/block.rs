//! The points of one series over a block of time.
//!
//! Column by column: the slots, then for each kind its own numbers, each as the step from what is
//! most like it. Everything is exact but the peaks of tallies, which are rounded up by at most
//! 0.2 % in each tier.

use underpass_shared::monitor::{Gauge, Kind, Point, Tally};

use super::durations::{put_durations, take_durations};
use super::numbers::{Numbers, put, put_step};
use super::{Damaged, pack, unpack};

/// Gauges whose numbers are all whole.
const WHOLE: u64 = 0;
/// Gauges with fractions.
const FRACTIONS: u64 = 1;
/// Whole numbers of a larger amount are not all different as `f64`.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Bits of a peak that are not kept.
const PEAK_BITS_LOST: u32 = 14;
/// No share is higher.
const PEAK_MAX: f64 = 1e30;

/// Writes points of one kind, by slot; those of another kind are left out.
pub(crate) fn encode(kind: Kind, points: &[(u16, Point)]) -> Vec<u8> {
    pack(&columns(kind, points))
}

/// Reads what [`encode`] has written.
pub(crate) fn decode(kind: Kind, packed: &[u8]) -> Result<Vec<(u16, Point)>, Damaged> {
    read(kind, &unpack(packed)?)
}

/// The same, without making it short.
pub(super) fn columns(kind: Kind, points: &[(u16, Point)]) -> Vec<u8> {
    let mut out = vec![];
    let fitting = || points.iter().filter(|(_, point)| point.kind() == kind);
    put(&mut out, fitting().count() as u64);
    let mut next = 0;
    for (slot, _) in fitting() {
        put(&mut out, u64::from(slot.saturating_sub(next)));
        next = slot.saturating_add(1);
    }
    let points = || fitting().map(|(_, point)| point);
    match kind {
        Kind::Gauge => {
            let all = points().filter_map(|point| match point {
                Point::Gauge(gauge) => Some(*gauge),
                Point::Tally(_) | Point::Durations(_) => None,
            });
            put_gauges(&mut out, &all.collect::<Vec<_>>());
        }
        Kind::Tally => {
            let all = points().filter_map(|point| match point {
                Point::Tally(tally) => Some(*tally),
                Point::Gauge(_) | Point::Durations(_) => None,
            });
            put_tallies(&mut out, &all.collect::<Vec<_>>());
        }
        Kind::Durations => {
            let all = points().filter_map(|point| match point {
                Point::Durations(histogram) => Some(histogram),
                Point::Gauge(_) | Point::Tally(_) => None,
            });
            put_durations(&mut out, &all.collect::<Vec<_>>());
        }
    }
    out
}

pub(super) fn read(kind: Kind, bytes: &[u8]) -> Result<Vec<(u16, Point)>, Damaged> {
    let mut numbers = Numbers::new(bytes);
    let from = &mut numbers;
    let count = from.take_count()?;
    let mut slots = Vec::with_capacity(count);
    let mut next = 0_u64;
    for _ in 0..count {
        let slot = next.checked_add(from.take()?).ok_or(Damaged)?;
        slots.push(u16::try_from(slot).map_err(|_wide| Damaged)?);
        next = slot + 1;
    }
    let points = match kind {
        Kind::Gauge => take_gauges(from, count)?,
        Kind::Tally => take_tallies(from, count)?,
        Kind::Durations => take_durations(from, count)?,
    };
    if !numbers.is_at_end() {
        return Err(Damaged);
    }
    Ok(slots.into_iter().zip(points).collect())
}

fn is_whole(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < WHOLE_MAX && (value != 0.0 || value.is_sign_positive())
}

#[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
const fn whole(value: f64) -> u64 {
    (value as i64).cast_unsigned()
}

#[expect(clippy::cast_precision_loss, reason = "whole and small enough")]
const fn number(whole: u64) -> f64 {
    whole.cast_signed() as f64
}

fn put_gauges(out: &mut Vec<u8>, all: &[Gauge]) {
    let all_whole = all
        .iter()
        .all(|one| is_whole(one.min) && is_whole(one.max) && is_whole(one.sum));
    all.iter().for_each(|one| put(out, one.count));
    if all_whole {
        put(out, WHOLE);
        let mut before = 0;
        for one in all {
            put_step(out, before, whole(one.min));
            before = whole(one.min);
        }
        for one in all {
            put_step(out, whole(one.min), whole(one.max));
        }
        for one in all {
            let least = whole(one.min).wrapping_mul(one.count);
            put_step(out, least, whole(one.sum));
        }
    } else {
        put(out, FRACTIONS);
        // The last bits differ most, so they come where a number may be long.
        let mut put_bits =
            |from: f64, to: f64| put(out, (from.to_bits() ^ to.to_bits()).swap_bytes());
        let mut before = 0.0;
        for one in all {
            put_bits(before, one.min);
            before = one.min;
        }
        all.iter().for_each(|one| put_bits(one.min, one.max));
        all.iter().for_each(|one| put_bits(one.min, one.sum));
    }
}

fn take_gauges(from: &mut Numbers<'_>, len: usize) -> Result<Vec<Point>, Damaged> {
    let mut all = Vec::with_capacity(len);
    for _ in 0..len {
        let count = from.take()?;
        all.push(Gauge {
            count,
            ..Gauge::of(0.0)
        });
    }
    match from.take()? {
        WHOLE => {
            let mut before = 0;
            for one in &mut all {
                before = from.take_step(before)?;
                one.min = number(before);
            }
            for one in &mut all {
                one.max = number(from.take_step(whole(one.min))?);
            }
            for one in &mut all {
                let least = whole(one.min).wrapping_mul(one.count);
                one.sum = number(from.take_step(least)?);
            }
        }
        FRACTIONS => {
            let mut bits = |before: f64| {
                let differing = from.take()?.swap_bytes();
                Ok(f64::from_bits(before.to_bits() ^ differing))
            };
            let mut before = 0.0;
            for one in &mut all {
                before = bits(before)?;
                one.min = before;
            }
            for one in &mut all {
                one.max = bits(one.min)?;
            }
            for one in &mut all {
                one.sum = bits(one.min)?;
            }
        }
        _ => return Err(Damaged),
    }
    let sound = |one: &Gauge| one.min <= one.max && one.sum.is_finite();
    if !all.iter().all(sound) {
        return Err(Damaged);
    }
    Ok(all.into_iter().map(Point::Gauge).collect())
}

/// A peak as a number with few digits, at least the peak. It is the share of the sum, which is the
/// same in each slot that has but one sample.
fn peak_code(tally: Tally) -> u64 {
    let share = tally.peak / sum_of(tally.sum);
    let share = if share > 0.0 {
        share.min(PEAK_MAX)
    } else {
        0.0
    };
    #[expect(clippy::cast_possible_truncation, reason = "it is rounded anyway")]
    let mut short = share as f32;
    // What was read and is written again stays what it is.
    if f64::from(short) < share * (1.0 - 1e-12) {
        short = short.next_up();
    }
    u64::from((short.to_bits() + ((1 << PEAK_BITS_LOST) - 1)) >> PEAK_BITS_LOST)
}

fn peak_of(sum: u64, code: u64) -> Result<f64, Damaged> {
    let bits = u32::try_from(code).ok();
    let bits = bits.and_then(|code| code.checked_mul(1 << PEAK_BITS_LOST));
    let peak = f64::from(f32::from_bits(bits.ok_or(Damaged)?)) * sum_of(sum);
    if peak.is_finite() && peak >= 0.0 {
        Ok(peak)
    } else {
        Err(Damaged)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "for a share that is rounded anyway"
)]
fn sum_of(sum: u64) -> f64 {
    sum.max(1) as f64
}

fn put_tallies(out: &mut Vec<u8>, all: &[Tally]) {
    all.iter().for_each(|one| put(out, one.sum));
    let mut before = 0;
    for one in all {
        let code = peak_code(*one);
        put_step(out, before, code);
        before = code;
    }
}

fn take_tallies(from: &mut Numbers<'_>, len: usize) -> Result<Vec<Point>, Damaged> {
    let mut all = Vec::with_capacity(len);
    for _ in 0..len {
        let sum = from.take()?;
        all.push(Tally { sum, peak: 0.0 });
    }
    let mut code = 0;
    for one in &mut all {
        code = from.take_step(code)?;
        one.peak = peak_of(one.sum, code)?;
    }
    Ok(all.into_iter().map(Point::Tally).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use underpass_shared::monitor::Histogram;

    use super::*;

    fn slots<T: std::fmt::Debug>(
        of: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Vec<(u16, T)>> {
        prop::collection::btree_map(0_u16..240, of, 0..40)
            .prop_map(|points| points.into_iter().collect())
    }

    fn gauge() -> impl Strategy<Value = Point> {
        let value = prop_oneof![
            (-1_000_i32..1_000).prop_map(f64::from),
            any::<f64>().prop_filter("a number", |value| value.is_finite()),
            Just(-0.0),
        ];
        (value.clone(), value.clone(), value, any::<u64>()).prop_map(|(a, b, sum, count)| {
            Point::Gauge(Gauge {
                min: a.min(b),
                max: a.max(b),
                sum,
                count,
            })
        })
    }

    fn durations() -> impl Strategy<Value = Point> {
        let value = prop_oneof![0_u64..200, 90_000_u64..200_000, any::<u64>()];
        prop::collection::vec(value, 0..30).prop_map(|values| {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            Point::Durations(histogram)
        })
    }

    proptest! {
        #[test]
        fn gauges_come_back(points in slots(gauge())) {
            let bytes = encode(Kind::Gauge, &points);
            let back = decode(Kind::Gauge, &bytes).unwrap();
            // By their text, in which -0 is not 0.
            prop_assert_eq!(format!("{back:?}"), format!("{points:?}"));
        }

        #[test]
        fn durations_come_back(points in slots(durations())) {
            prop_assert_eq!(decode(Kind::Durations, &encode(Kind::Durations, &points)), Ok(points));
        }

        #[test]
        fn tallies_come_back_and_peaks_are_never_lower(
            points in slots((any::<u64>(), 0.0..1e12_f64)),
        ) {
            let given: Vec<(u16, Point)> = points.iter().map(|(slot, (sum, peak))| {
                (*slot, Point::Tally(Tally { sum: *sum, peak: *peak }))
            }).collect();
            let back = decode(Kind::Tally, &encode(Kind::Tally, &given)).unwrap();
            let again = decode(Kind::Tally, &encode(Kind::Tally, &back)).unwrap();
            prop_assert_eq!(&again, &back);
            prop_assert_eq!(back.len(), points.len());
            for ((slot, point), (given_slot, (given_sum, given_peak))) in back.iter().zip(points) {
                let Point::Tally(Tally { sum, peak }) = point else { panic!("another kind") };
                prop_assert_eq!((*slot, *sum), (given_slot, given_sum));
                prop_assert!(*peak >= given_peak * (1.0 - 1e-12) && *peak <= given_peak * 1.0021 + 1e-15);
            }
        }

        #[test]
        fn shortened_durations_come_back_and_stay_what_they_are(points in slots(durations())) {
            let short = |(slot, point): &(u16, Point)| match point {
                Point::Durations(histogram) => {
                    let short = crate::codec::shorten(histogram.clone());
                    assert_eq!(crate::codec::shorten(short.clone()), short);
                    let ranges = (histogram.range(), short.range());
                    if let (Some((min, max)), Some((lower, higher))) = ranges {
                        let many = histogram.count() > 1;
                        assert!(lower <= min || !many, "{lower} for {min}");
                        assert!(lower.abs_diff(min) * 100 <= min, "{lower} for {min}");
                        assert!(higher >= max && (higher - max) * 100 <= max, "{higher} for {max}");
                    }
                    let (sum, near) = (histogram.sum(), short.sum());
                    let share = if histogram.count() > 1 { 500 } else { 100 };
                    assert!(sum.abs_diff(near) <= sum / share, "{near} for {sum}");
                    (*slot, Point::Durations(short))
                }
                Point::Gauge(_) | Point::Tally(_) => panic!("another kind"),
            };
            let points: Vec<_> = points.iter().map(short).collect();
            prop_assert_eq!(decode(Kind::Durations, &encode(Kind::Durations, &points)), Ok(points));
        }

        #[test]
        fn other_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for kind in [Kind::Gauge, Kind::Tally, Kind::Durations] {
                if let Ok(points) = read(kind, &bytes) {
                    prop_assert!(points.iter().all(|(_, point)| point.kind() == kind));
                }
            }
        }
    }
}
