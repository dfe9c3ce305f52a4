//! Answers against those of a plain model.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use underpass_history::{History, Query, Retention};
use underpass_shared::api::management::HistoryPoint;
use underpass_shared::monitor::{Entity, Gauge, Histogram, Kind, Metric, Point, Sample, Tally};

use crate::made::{FINE, HOUR, START, of_agent, sample};

/// What one sample holds of the three kinds; a gauge that counts, one that does not.
#[derive(Clone, Debug)]
struct Figures {
    requests: u64,
    open: u8,
    load: Option<u8>,
    micros: Vec<u64>,
}

fn figures() -> impl Strategy<Value = Figures> {
    let micros = prop::collection::vec(1_u64..20_000_000, 0..4);
    let requests = prop_oneof![Just(0), 1_u64..1_000_000];
    (requests, 0_u8..3, prop::option::of(any::<u8>()), micros).prop_map(
        |(requests, open, load, micros)| Figures {
            requests,
            open,
            load,
            micros,
        },
    )
}

impl Figures {
    /// The point of a metric, by its kind; of the two gauges, the one that counts is always there.
    fn point(&self, metric: Metric) -> Option<Point> {
        match metric.kind() {
            Kind::Durations => {
                let mut histogram = Histogram::default();
                self.micros.iter().for_each(|one| histogram.record(*one));
                Some(Point::Durations(histogram))
            }
            Kind::Tally => Some(Point::Tally(Tally::of(self.requests, 15_000))),
            Kind::Gauge if metric == Metric::RequestsOpen => {
                Some(Point::Gauge(Gauge::of(self.open.into())))
            }
            Kind::Gauge => self
                .load
                .map(|load| Point::Gauge(Gauge::of(f64::from(load) / 7.0))),
        }
    }

    fn sample(&self, slot: i64) -> Arc<Sample> {
        let points = METRICS.iter();
        let points = points.filter_map(|metric| Some((of_agent(*metric), self.point(*metric)?)));
        sample(slot * FINE, points.collect())
    }
}

const METRICS: [Metric; 4] = [
    Metric::Requests,
    Metric::RequestsOpen,
    Metric::Load,
    Metric::TimeTotal,
];

/// Runs of samples: how many slots the clock jumps before each, and what comes then.
fn runs(back: i64) -> impl Strategy<Value = Vec<(i64, Vec<Figures>)>> {
    let jump = prop_oneof![1_i64..20, 200_i64..2_000, -back..=0];
    prop::collection::vec((jump, prop::collection::vec(figures(), 1..30)), 1..8)
}

/// Gives the runs to a history and to the model: the last of each slot.
fn run(history: &History, runs: &[(i64, Vec<Figures>)]) -> BTreeMap<i64, Figures> {
    let mut model = BTreeMap::new();
    let mut slot = START / FINE;
    for (jump, samples) in runs {
        slot += jump;
        for figures in samples {
            history.push(figures.sample(slot), vec![]);
            model.insert(slot, figures.clone());
            slot += 1;
        }
        assert!(history.flush());
    }
    assert_eq!(history.state().dropped, 0);
    model
}

/// What the model says of a metric in steps of so many slots.
fn expected(
    model: &BTreeMap<i64, Figures>,
    metric: Metric,
    (first, last): (i64, i64),
    step: i64,
) -> BTreeMap<i64, Point> {
    let mut points: BTreeMap<i64, Point> = BTreeMap::new();
    for (slot, figures) in model.range(first..last) {
        let Some(point) = figures.point(metric) else {
            continue;
        };
        let start = slot.div_euclid(step) * step * FINE;
        match points.get_mut(&start) {
            Some(present) => present.merge(&point),
            None => {
                points.insert(start, point);
            }
        }
    }
    points
}

/// Whether two numbers are the same but for rounding.
fn near(one: f64, other: f64, share: f64) -> bool {
    (one - other).abs() <= other.abs() * share + 1e-12
}

fn agrees(found: &HistoryPoint, wanted: &Point, quantiles: f64) -> bool {
    match (found, wanted) {
        (HistoryPoint::Tally { sum, peak, .. }, Point::Tally(tally)) => {
            *sum == tally.sum
                && *peak >= tally.peak * (1.0 - 1e-9)
                && near(*peak, tally.peak, 0.007)
        }
        (HistoryPoint::Gauge { min, mean, max, .. }, Point::Gauge(gauge)) => {
            (*min, *max) == (gauge.min, gauge.max) && near(*mean, gauge.mean(), 1e-9)
        }
        (
            HistoryPoint::Durations {
                count,
                min,
                max,
                p50,
                p99,
                mean,
                ..
            },
            Point::Durations(histogram),
        ) => {
            let seconds = |micros: u64| micros as f64 / 1e6;
            let close = |one: &Option<f64>, other: Option<u64>, share| match (one, other) {
                (Some(one), Some(other)) => near(*one, seconds(other), share),
                (one, other) => one.is_none() && other.is_none(),
            };
            let range = histogram.range();
            // Fewer of them where the buckets are coarser too.
            let digits = quantiles / 8.0;
            *count == histogram.count()
                && close(min, range.map(|(min, _)| min), digits)
                && close(max, range.map(|(_, max)| max), digits)
                && close(p50, histogram.quantile(0.5), quantiles)
                && close(p99, histogram.quantile(0.99), quantiles)
                && mean.is_none_or(|mean| {
                    // A single value is kept once, as the least and the greatest are.
                    let share = if *count == 1 {
                        digits
                    } else {
                        quantiles / 40.0
                    };
                    near(
                        mean,
                        seconds(histogram.sum()) / histogram.count() as f64,
                        share,
                    )
                })
        }
        _ => false,
    }
}

fn compare(
    history: &History,
    model: &BTreeMap<i64, Figures>,
    (first, last): (i64, i64),
    step: i64,
    quantiles: f64,
) -> Result<(), TestCaseError> {
    for metric in METRICS {
        let query = Query {
            metric,
            entity: Entity::Agent,
            from_ms: first * FINE,
            to_ms: last * FINE,
            step_ms: step * FINE,
            buckets: false,
        };
        let answer = history.query(&query);
        let answer = answer.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(answer.points.len() <= 5_000);
        prop_assert!(answer.step >= step * FINE);
        let step = answer.step / FINE;
        let wanted = expected(model, metric, (answer.from / FINE, answer.to / FINE), step);
        let starts: Vec<i64> = answer.points.iter().map(HistoryPoint::start_ms).collect();
        let wanted_starts: Vec<i64> = wanted.keys().copied().collect();
        prop_assert_eq!(starts, wanted_starts, "{}", metric);
        for (found, wanted) in answer.points.iter().zip(wanted.values()) {
            prop_assert!(agrees(found, wanted, quantiles), "{found:?} for {wanted:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// With jumps both ways, over a restart.
    #[test]
    fn answers_are_those_of_a_plain_model(
        runs in runs(3_000), steps in 1_i64..500, restart in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path(), Retention::default()).unwrap();
        let model = run(&history, &runs);
        if restart {
            drop(history);
            history = History::open(dir.path(), Retention::default()).unwrap();
        }
        let (first, last) = (*model.keys().next().unwrap(), *model.keys().last().unwrap() + 1);
        for step in [0, steps, 240] {
            compare(&history, &model, (first, last), step, 1e-9)?;
        }
        let third = (last - first) / 3;
        compare(&history, &model, (first + third, last - third + 1), steps, 1e-9)?;
    }

    /// When only hours are left of what is older than an hour.
    #[test]
    fn hours_agree_too(runs in runs(0)) {
        let dir = tempfile::tempdir().unwrap();
        let short = Retention { fine_hours: 1, minute_days: 0, hour_days: 100 };
        let history = History::open(dir.path(), short).unwrap();
        let model = run(&history, &runs);
        let range = (*model.keys().next().unwrap(), *model.keys().last().unwrap() + 1);
        // 8 % of the answer, and 1 % of the model, which counts by buckets too.
        compare(&history, &model, range, HOUR / FINE, 0.09)?;
    }
}
