//! How long things took, by a few bounds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Durations of one kind, counted by the first of `N` bounds that is not exceeded.
#[derive(Debug)]
pub(super) struct Durations<const N: usize> {
    bounds: &'static [Duration; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum_us: AtomicU64,
}

/// What a [`Durations`] held at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    /// Each bound, none at last, and what took so long but longer than the bound before.
    counts: Vec<(Option<Duration>, u64)>,
    /// All durations together.
    pub(super) sum: Duration,
}

impl<const N: usize> Durations<N> {
    pub(super) const fn new(bounds: &'static [Duration; N]) -> Self {
        Self {
            bounds,
            counts: [const { AtomicU64::new(0) }; N],
            above: AtomicU64::new(0),
            sum_us: AtomicU64::new(0),
        }
    }

    pub(super) fn count(&self, duration: Duration) {
        let at = self.bounds.iter().position(|bound| duration <= *bound);
        let count = at.and_then(|at| self.counts.get(at)).unwrap_or(&self.above);
        count.fetch_add(1, Ordering::Relaxed);
        let us = u64::try_from(duration.as_micros()).unwrap_or(0);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    fn read(&self) -> Spread {
        let counts = self.bounds.iter().zip(&self.counts);
        let counts = counts.map(|(bound, count)| (Some(*bound), count));
        let counts = counts.chain([(None, &self.above)]);
        Spread {
            counts: counts
                .map(|(bound, count)| (bound, count.load(Ordering::Relaxed)))
                .collect(),
            sum: Duration::from_micros(self.sum_us.load(Ordering::Relaxed)),
        }
    }

    /// Several of the same bounds together.
    pub(super) fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Spread {
        let mut sum = Spread::default();
        for spread in all.into_iter().map(Self::read) {
            sum.sum += spread.sum;
            if sum.counts.is_empty() {
                sum.counts = spread.counts;
                continue;
            }
            for ((_, one), (_, other)) in sum.counts.iter_mut().zip(spread.counts) {
                *one += other;
            }
        }
        sum
    }
}

impl Spread {
    /// How many there are in all.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// Each bound with how many did not take longer; the last one has no bound.
    pub(super) fn up_to(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        self.counts.iter().scan(0, |total, (bound, count)| {
            *total += count;
            Some((*bound, *total))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(10)];

    #[test]
    fn durations_are_counted_up_to_their_bound_inclusive() {
        let (one, other) = (Durations::new(&BOUNDS), Durations::new(&BOUNDS));
        for us in [0, 999, 1_000, 1_001, 10_000] {
            one.count(Duration::from_micros(us));
        }
        other.count(Duration::from_micros(10_001));
        let sum = Durations::sum([&one, &other]);
        assert_eq!(sum.count(), 6);
        assert_eq!(sum.sum, Duration::from_micros(23_001));
        let up_to: Vec<_> = sum.up_to().collect();
        let [first, second] = BOUNDS;
        assert_eq!(up_to, [(Some(first), 3), (Some(second), 5), (None, 6)]);
    }
}
