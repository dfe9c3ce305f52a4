//! Counts of values by size, with a bounded error and without a bound known before.
//!
//! Buckets are log-linear: 64 for each power of two, so that a bucket is at most 1/64 of its value
//! wide and its middle at most 0.8 % wrong. Values below 128 are exact.

use thiserror::Error;

/// Buckets for each power of two, as a power of two.
const FINE_BITS: u32 = 6;
/// Values from here on are counted as this one: 2^40 µs are twelve days.
const VALUE_MAX: u64 = (1 << 40) - 1;
/// No histogram has more buckets.
const BUCKETS_MAX: u16 = (40 - 6 + 1) << FINE_BITS;
/// Buckets below this one count one value each, also where others are joined.
const EXACT_BUCKETS: u16 = 1 << FINE_BITS;
/// How many buckets become one where little space matters more than precision.
const COARSER: u16 = 8;

/// How many values of each size there were. Values are whole numbers of any unit, here µs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Bucket and count, by bucket; no count is 0.
    buckets: Vec<(u16, u32)>,
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
}

/// Parts that are of no histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no values have these counts, sum and range")]
pub struct InvalidHistogram;

impl Histogram {
    /// Counts a value.
    pub fn record(&mut self, value: u64) {
        let value = value.min(VALUE_MAX);
        self.min = if self.count == 0 {
            value
        } else {
            self.min.min(value)
        };
        self.max = self.max.max(value);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(value);
        self.add(bucket_of(value), 1);
    }

    /// Counts all that another one has counted.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 {
            other.min
        } else {
            self.min.min(other.min)
        };
        self.max = self.max.max(other.max);
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        for (bucket, count) in &other.buckets {
            self.add(*bucket, *count);
        }
    }

    fn add(&mut self, bucket: u16, count: u32) {
        match self
            .buckets
            .binary_search_by_key(&bucket, |(index, _)| *index)
        {
            Ok(at) => {
                if let Some((_, present)) = self.buckets.get_mut(at) {
                    *present = present.saturating_add(count);
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }

    /// How many values were counted.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values, exact.
    pub const fn sum(&self) -> u64 {
        self.sum
    }

    /// The least and the greatest value, exact; None without values.
    pub const fn range(&self) -> Option<(u64, u64)> {
        if self.count == 0 {
            None
        } else {
            Some((self.min, self.max))
        }
    }

    /// The value that a share of all values does not exceed, such as 0.99; at most 0.8 % wrong.
    /// None without values.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let (min, max) = self.range()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a count is a count"
        )]
        let rank = ((share.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut below = 0_u64;
        for (bucket, count) in &self.buckets {
            below = below.saturating_add(u64::from(*count));
            if below >= rank {
                return Some(middle_of(*bucket).clamp(min, max));
            }
        }
        Some(max)
    }

    /// How many values were at most `limit`; buckets that it cuts count by their middle.
    pub fn count_to(&self, limit: u64) -> u64 {
        let within = self
            .buckets
            .iter()
            .take_while(|(bucket, _)| middle_of(*bucket) <= limit);
        within.map(|(_, count)| u64::from(*count)).sum()
    }

    /// The values as (middle, count), by size.
    pub fn values(&self) -> impl Iterator<Item = (u64, u32)> {
        self.buckets
            .iter()
            .map(|(bucket, count)| (middle_of(*bucket), *count))
    }

    /// The buckets in use as (number, count), by number.
    pub fn buckets(&self) -> &[(u16, u32)] {
        &self.buckets
    }

    /// The middle of the values that a bucket counts.
    pub fn middle(bucket: u16) -> u64 {
        middle_of(bucket.min(BUCKETS_MAX - 1))
    }

    /// Puts together what [`Histogram::buckets`], [`Histogram::sum`] and [`Histogram::range`] say.
    ///
    /// # Errors
    /// When no values have these.
    pub fn from_parts(
        buckets: Vec<(u16, u32)>,
        sum: u64,
        (min, max): (u64, u64),
    ) -> Result<Self, InvalidHistogram> {
        let rises = buckets.array_windows().all(|[(a, _), (b, _)]| a < b);
        let known = buckets
            .iter()
            .all(|(bucket, count)| *bucket < BUCKETS_MAX && *count > 0);
        if buckets.is_empty() || !rises || !known || min > max || max > VALUE_MAX {
            return Err(InvalidHistogram);
        }
        let count = buckets.iter().map(|(_, count)| u64::from(*count)).sum();
        Ok(Self {
            buckets,
            count,
            sum,
            min,
            max,
        })
    }

    /// The same values in an eighth of the buckets: at most 8 % wrong, for what is kept for long.
    /// Sum, least and greatest stay exact, and so do values below 64.
    #[must_use]
    pub fn coarser(&self) -> Self {
        let mut coarser = Self {
            buckets: vec![],
            ..*self
        };
        for (bucket, count) in &self.buckets {
            let bucket = if *bucket < EXACT_BUCKETS {
                *bucket
            } else {
                bucket - bucket % COARSER + COARSER / 2
            };
            coarser.add(bucket, *count);
        }
        coarser
    }
}

fn bucket_of(value: u64) -> u16 {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(FINE_BITS + 1);
    let index = (u64::from(shift) << FINE_BITS) + (value >> shift);
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn middle_of(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    let shift = (bucket >> FINE_BITS).saturating_sub(1);
    let low = (bucket - (shift << FINE_BITS)) << shift;
    low + ((1_u64 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_follow_each_other_and_hold_their_middle() {
        let mut values: Vec<u64> = (0..5_000).collect();
        values.extend((7..40).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1]));
        values.push(VALUE_MAX);
        for value in values {
            let bucket = bucket_of(value);
            let middle = middle_of(bucket);
            assert_eq!(bucket_of(middle), bucket, "{value}");
            assert!(
                middle.abs_diff(value) * 128 <= value,
                "{value} against {middle}"
            );
            assert!(bucket < BUCKETS_MAX, "{value}");
        }
    }

    #[test]
    fn nothing_has_no_quantile() {
        let none = Histogram::default();
        assert_eq!((none.quantile(0.5), none.range()), (None, None));
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent(
            mut values in prop::collection::vec(0_u64..100_000_000, 1..400), share in 0.0..=1.0_f64,
        ) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            values.sort_unstable();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a count")]
            let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let (exact, found) = (values[rank - 1], histogram.quantile(share).unwrap());
            prop_assert!(found.abs_diff(exact) * 100 <= exact, "{found} for {exact}");
            prop_assert_eq!(histogram.sum(), values.iter().sum::<u64>());
        }

        #[test]
        fn parts_merged_are_the_whole(
            values in prop::collection::vec(any::<u64>(), 0..200), cut in 0_usize..200,
        ) {
            let of = |values: &[u64]| {
                let mut histogram = Histogram::default();
                values.iter().for_each(|value| histogram.record(*value));
                histogram
            };
            let (left, right) = values.split_at(cut.min(values.len()));
            let (whole, mut merged) = (of(&values), of(left));
            merged.merge(&of(right));
            prop_assert_eq!(&merged, &whole);
        }

        #[test]
        fn coarser_ones_are_within_eight_percent(
            mut values in prop::collection::vec(0_u64..100_000_000, 1..400), share in 0.0..=1.0_f64,
        ) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            let coarser = histogram.coarser();
            prop_assert_eq!(coarser.range(), histogram.range());
            prop_assert_eq!((coarser.sum(), coarser.count()), (histogram.sum(), histogram.count()));
            prop_assert_eq!(&coarser.coarser(), &coarser);
            let again = Histogram::from_parts(
                coarser.buckets().to_vec(), coarser.sum(), coarser.range().unwrap(),
            );
            prop_assert_eq!(again.as_ref(), Ok(&coarser));
            values.sort_unstable();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a count")]
            let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let (exact, found) = (values[rank - 1], coarser.quantile(share).unwrap());
            prop_assert!(found.abs_diff(exact) * 100 <= exact * 8, "{found} for {exact}");
        }
    }
}
