//! How finer points become coarser ones: by joining them, and by nothing else.

use underpass_shared::monitor::{Gauge, Histogram, Kind, Metric, Point, Tally};

use crate::tier::FINE_MS;

/// Whether a point says no more than that there is none.
pub(crate) fn is_nothing(metric: Metric, point: &Point) -> bool {
    match point {
        Point::Gauge(gauge) => {
            metric.is_left_out_at_zero() && gauge.min == 0.0 && gauge.max == 0.0 && gauge.sum == 0.0
        }
        Point::Tally(tally) => tally.sum == 0,
        Point::Durations(histogram) => histogram.count() == 0,
    }
}

/// What a series was in a time in which the agent measured and it has no point; none where that
/// says nothing.
pub(crate) fn nothing(metric: Metric, measured_ms: u64) -> Option<Point> {
    match metric.kind() {
        Kind::Gauge if metric.is_left_out_at_zero() => {
            let fine = FINE_MS.unsigned_abs();
            let count = ((measured_ms + fine / 2) / fine).max(1);
            Some(Point::Gauge(Gauge {
                count,
                ..Gauge::of(0.0)
            }))
        }
        Kind::Gauge => None,
        Kind::Tally => Some(Point::Tally(Tally::default())),
        Kind::Durations => Some(Point::Durations(Histogram::default())),
    }
}

/// Joins a point to what is there already.
pub(crate) fn join(present: &mut Option<Point>, other: &Point) {
    match present {
        Some(present) => present.merge(other),
        None => *present = Some(other.clone()),
    }
}

/// Joins every `factor` slots of a block to one. `measured` tells for how long each slot was
/// measured, milliseconds.
pub(crate) fn coarsen(
    metric: Metric,
    points: &[(u16, Point)],
    measured: &[u64],
    factor: usize,
) -> Vec<(u16, Point)> {
    let mut coarse = vec![];
    let mut points = points.iter().peekable();
    for (number, slots) in (0_u16..).zip(measured.chunks(factor)) {
        let first = usize::from(number) * factor;
        let mut joined = None;
        let mut absent = None;
        for (place, measured) in (first..).zip(slots) {
            match points.next_if(|(slot, _)| usize::from(*slot) == place) {
                Some((_, point)) => join(&mut joined, point),
                None if *measured > 0 => {
                    if let Some(nothing) = nothing(metric, *measured) {
                        join(&mut absent, &nothing);
                    }
                }
                None => {}
            }
        }
        // A series that had nothing at all has no point.
        if let Some(mut joined) = joined {
            if let Some(absent) = absent {
                joined.merge(&absent);
            }
            coarse.push((number, joined));
        }
    }
    coarse
}

/// For how long was measured in every `factor` slots.
pub(crate) fn coarsen_measured(measured: &[u64], factor: usize) -> Vec<u64> {
    measured
        .chunks(factor)
        .map(|slots| {
            slots
                .iter()
                .fold(0_u64, |sum, one| sum.saturating_add(*one))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_there_counts_as_zero_where_the_agent_measured() {
        let points = [(1, Point::Gauge(Gauge::of(8.0)))];
        let measured = [15_000, 15_000, 0, 15_000, 15_000, 0, 0, 0];
        let open = coarsen(Metric::RequestsOpen, &points, &measured, 4);
        let gauge = Gauge {
            min: 0.0,
            max: 8.0,
            sum: 8.0,
            count: 3,
        };
        assert_eq!(open, [(0, Point::Gauge(gauge))]);
        let up = coarsen(Metric::TunnelUp, &points, &measured, 4);
        assert_eq!(up, [(0, Point::Gauge(Gauge::of(8.0)))]);
        assert_eq!(coarsen_measured(&measured, 4), [45_000, 15_000]);
    }

    #[test]
    fn zeros_of_counts_are_not_kept_and_others_are() {
        let zero = Point::Gauge(Gauge::of(0.0));
        assert!(is_nothing(Metric::BackendIdle, &zero));
        assert!(is_nothing(Metric::TunnelConnections, &zero));
        assert!(!is_nothing(Metric::TunnelUp, &zero));
        assert!(is_nothing(
            Metric::Requests,
            &Point::Tally(Tally::default())
        ));
        assert!(!is_nothing(
            Metric::Requests,
            &Point::Tally(Tally::of(1, 1))
        ));
    }
}
