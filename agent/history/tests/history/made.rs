//! Made-up samples at made-up times.

use std::path::Path;
use std::sync::Arc;

use underpass_history::{History, Query, Retention};
use underpass_shared::api::management::{HistoryAnswer, HistoryPoint};
use underpass_shared::monitor::{Entity, Gauge, Histogram, Metric, Point, Sample, Series, Tally};

/// A sample's length.
pub(crate) const FINE: i64 = 15_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;
/// The beginning of a week of the file, in 2026.
pub(crate) const START: i64 = 2_959 * 7 * DAY;

pub(crate) fn open(dir: &Path) -> History {
    History::open(dir, Retention::default()).unwrap()
}

/// A sample in whose slot `start_ms` is.
pub(crate) fn sample(start_ms: i64, points: Vec<(Series, Point)>) -> Arc<Sample> {
    Arc::new(Sample {
        end_ms: start_ms.div_euclid(FINE) * FINE + FINE,
        span_ms: FINE.unsigned_abs(),
        points,
    })
}

pub(crate) fn of_agent(metric: Metric) -> Series {
    Series {
        entity: Entity::Agent,
        metric,
    }
}

/// A sample of the agent with so many requests, each of which took so long.
pub(crate) fn requests(start_ms: i64, count: u64, micros: u64) -> Arc<Sample> {
    let mut times = Histogram::default();
    (0..count).for_each(|_| times.record(micros));
    let points = vec![
        (
            of_agent(Metric::Requests),
            Point::Tally(Tally::of(count, 15_000)),
        ),
        (of_agent(Metric::TimeTotal), Point::Durations(times)),
        (of_agent(Metric::Threads), Point::Gauge(Gauge::of(7.0))),
    ];
    sample(start_ms, points)
}

/// Gives a sample and waits until it is kept.
pub(crate) fn keep(history: &History, sample: Arc<Sample>) {
    history.push(sample, vec![]);
    assert!(history.flush());
}

pub(crate) fn ask(
    history: &History,
    metric: Metric,
    (from_ms, to_ms): (i64, i64),
    step_ms: i64,
) -> HistoryAnswer {
    let query = Query {
        metric,
        entity: Entity::Agent,
        from_ms,
        to_ms,
        step_ms,
        buckets: false,
    };
    history.query(&query).unwrap()
}

/// The sums of tallies, by the start of their step.
pub(crate) fn sums(answer: &HistoryAnswer) -> Vec<(i64, u64)> {
    let sum = |point: &HistoryPoint| match point {
        HistoryPoint::Tally { t, sum, rate, peak } => {
            assert!(*rate >= 0.0 && *peak >= 0.0, "{point:?}");
            (*t, *sum)
        }
        HistoryPoint::Gauge { .. } | HistoryPoint::Durations { .. } => panic!("{point:?}"),
    };
    answer.points.iter().map(sum).collect()
}
