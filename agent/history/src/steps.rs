//! Points as an answer shows them: joined to steps without losing peaks.

use std::collections::BTreeMap;

use underpass_shared::api::management::{
    HISTORY_BOUNDS_MS, HISTORY_POINTS_MAX, HistoryBucket, HistoryPoint,
};
use underpass_shared::monitor::{Histogram, Metric, Point};

use crate::rollup::{join, nothing};

/// Microseconds of a second.
const MICROS: f64 = 1e6;

/// The steps of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    /// How long one is, milliseconds.
    pub(crate) step_ms: i64,
    /// The number of the first, from 1970.
    first: i64,
    /// The number behind the last.
    end: i64,
}

impl Steps {
    /// Steps over a range, each at least as long as asked for, a whole number of slots, and so
    /// long that there are not too many.
    pub(crate) fn over((from_ms, to_ms): (i64, i64), least_ms: i64, slot_ms: i64) -> Self {
        // One step more than the range has may be touched at its ends.
        let most = i64::try_from(HISTORY_POINTS_MAX - 1).unwrap_or(i64::MAX);
        let few = (to_ms - from_ms).saturating_add(most - 1) / most;
        let slots = least_ms.max(few).max(1).saturating_add(slot_ms - 1) / slot_ms;
        let step_ms = slots * slot_ms;
        Self {
            step_ms,
            first: from_ms.div_euclid(step_ms),
            end: (to_ms - 1).div_euclid(step_ms) + 1,
        }
    }

    /// The start of the first, milliseconds UTC.
    pub(crate) const fn begin_ms(self) -> i64 {
        self.first * self.step_ms
    }

    /// The end of the last.
    pub(crate) const fn end_ms(self) -> i64 {
        self.end * self.step_ms
    }

    fn of(self, ms: i64) -> Option<i64> {
        let step = ms.div_euclid(self.step_ms);
        (self.first..self.end).contains(&step).then_some(step)
    }
}

#[derive(Debug, Default)]
struct Step {
    measured_ms: u64,
    point: Option<Point>,
}

/// What a series was in each step.
#[derive(Debug)]
pub(crate) struct Joined {
    metric: Metric,
    steps: Steps,
    joined: BTreeMap<i64, Step>,
}

impl Joined {
    pub(crate) const fn new(metric: Metric, steps: Steps) -> Self {
        Self {
            metric,
            steps,
            joined: BTreeMap::new(),
        }
    }

    /// Adds a slot that begins at a time and was measured for so long; nothing where it was not.
    pub(crate) fn add(&mut self, start_ms: i64, measured_ms: u64, point: Option<&Point>) {
        let Some(step) = self.steps.of(start_ms).filter(|_| measured_ms > 0) else {
            return;
        };
        let step = self.joined.entry(step).or_default();
        step.measured_ms = step.measured_ms.saturating_add(measured_ms);
        match point {
            Some(point) => join(&mut step.point, point),
            None => {
                if let Some(nothing) = nothing(self.metric, measured_ms) {
                    join(&mut step.point, &nothing);
                }
            }
        }
    }

    /// The durations of all steps by their bounds.
    pub(crate) fn buckets(&self) -> Vec<HistoryBucket> {
        let mut all = Histogram::default();
        for step in self.joined.values() {
            if let Some(Point::Durations(histogram)) = &step.point {
                all.merge(histogram);
            }
        }
        let mut below = 0;
        let mut buckets = vec![];
        for bound in HISTORY_BOUNDS_MS {
            let within = all.count_to(bound * 1_000);
            buckets.push(HistoryBucket {
                up_to: Some(bound),
                count: within - below,
            });
            below = within;
        }
        buckets.push(HistoryBucket {
            up_to: None,
            count: all.count().saturating_sub(below),
        });
        buckets
    }

    /// The points, by time.
    pub(crate) fn points(self) -> Vec<HistoryPoint> {
        let step_ms = self.steps.step_ms;
        let shown = |(number, step): (i64, Step)| {
            let point = step.point?;
            Some(shown(number * step_ms, step.measured_ms, &point))
        };
        self.joined.into_iter().filter_map(shown).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers for people")]
fn shown(t: i64, measured_ms: u64, point: &Point) -> HistoryPoint {
    match point {
        Point::Gauge(gauge) => HistoryPoint::Gauge {
            t,
            min: gauge.min,
            mean: gauge.mean(),
            max: gauge.max,
        },
        Point::Tally(tally) => HistoryPoint::Tally {
            t,
            sum: tally.sum,
            rate: tally.sum as f64 * 1_000.0 / measured_ms as f64,
            peak: tally.peak,
        },
        Point::Durations(histogram) => {
            let seconds = |micros: u64| micros as f64 / MICROS;
            let quantile = |share| histogram.quantile(share).map(seconds);
            let count = histogram.count();
            let range = histogram.range();
            HistoryPoint::Durations {
                t,
                count,
                mean: (count > 0).then(|| histogram.sum() as f64 / count as f64 / MICROS),
                min: range.map(|(min, _)| seconds(min)),
                p50: quantile(0.5),
                p90: quantile(0.9),
                p95: quantile(0.95),
                p99: quantile(0.99),
                max: range.map(|(_, max)| seconds(max)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::monitor::{Gauge, Tally};

    use super::*;

    #[test]
    fn steps_are_whole_slots_and_never_too_many() {
        let year = 366 * 86_400_000;
        for (range, least, slot) in [
            ((0, 1), 0, 15_000),
            ((-1, 1), 15_001, 15_000),
            ((7, year), 0, 15_000),
            ((year, 3 * year), 0, 3_600_000),
            ((-year, year), 86_400_000, 60_000),
        ] {
            let steps = Steps::over(range, least, slot);
            assert_eq!(steps.step_ms % slot, 0);
            assert!(steps.step_ms >= least);
            assert!(steps.begin_ms() <= range.0 && steps.end_ms() >= range.1);
            let count = (steps.end_ms() - steps.begin_ms()) / steps.step_ms;
            assert!(count <= 5_000, "{count}");
        }
        let fine = Steps::over((0, 4_000 * 15_000), 0, 15_000);
        assert_eq!(fine.step_ms, 15_000);
    }

    #[test]
    fn gaps_are_gaps_zeros_are_zeros_and_peaks_stay() {
        let steps = Steps::over((0, 120_000), 30_000, 15_000);
        let mut tally = Joined::new(Metric::Requests, steps);
        let burst = Point::Tally(Tally::of(30, 15_000));
        tally.add(0, 15_000, Some(&burst));
        tally.add(15_000, 15_000, None);
        tally.add(60_000, 15_000, None);
        tally.add(120_000, 15_000, Some(&burst));
        let point = |t, sum, rate, peak| HistoryPoint::Tally { t, sum, rate, peak };
        let zero = point(60_000, 0, 0.0, 0.0);
        assert_eq!(tally.points(), [point(0, 30, 1.0, 2.0), zero]);

        let mut gauge = Joined::new(Metric::HostCpu, steps);
        gauge.add(0, 15_000, Some(&Point::Gauge(Gauge::of(0.5))));
        gauge.add(60_000, 15_000, None);
        assert_eq!(gauge.points().len(), 1);

        let mut durations = Joined::new(Metric::TimeTotal, steps);
        let mut histogram = Histogram::default();
        for micros in [9_000, 11_000, 6_000_000] {
            histogram.record(micros);
        }
        durations.add(0, 15_000, Some(&Point::Durations(histogram)));
        durations.add(90_000, 15_000, None);
        let buckets = durations.buckets();
        let counts = |count| buckets.iter().filter(|one| one.count == count).count();
        assert_eq!((buckets.len(), counts(1), counts(0)), (23, 3, 20));
        assert_eq!(buckets[0].count, 1);
        let points = durations.points();
        let HistoryPoint::Durations { count, max, .. } = points[0] else {
            panic!("another kind")
        };
        assert_eq!((count, max), (3, Some(6.0)));
        let HistoryPoint::Durations { count, p50, .. } = points[1] else {
            panic!("another kind")
        };
        assert_eq!((count, p50), (0, None));
    }
}
