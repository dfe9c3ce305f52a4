//! What one series was over one interval.

use super::histogram::Histogram;
use super::metric::Kind;

/// The values that something had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The sum of all, of which the mean is made.
    pub sum: f64,
    /// How many.
    pub count: u64,
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// In the whole interval.
    pub sum: u64,
    /// The highest rate per second of any of its parts.
    pub peak: f64,
}

/// What one series was over one interval.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// Values that something had.
    Gauge(Gauge),
    /// Things that happened.
    Tally(Tally),
    /// Durations, µs.
    Durations(Histogram),
}

impl Gauge {
    /// One reading.
    pub const fn of(value: f64) -> Self {
        Self {
            min: value,
            max: value,
            sum: value,
            count: 1,
        }
    }

    /// The mean of all readings.
    pub fn mean(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count of readings")]
        let count = self.count.max(1) as f64;
        self.sum / count
    }
}

impl Tally {
    /// What happened within a span.
    pub fn of(sum: u64, span_ms: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let peak = sum as f64 * 1_000.0 / span_ms.max(1) as f64;
        Self { sum, peak }
    }
}

impl Point {
    /// Of which kind it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Gauge(_) => Kind::Gauge,
            Self::Tally(_) => Kind::Tally,
            Self::Durations(_) => Kind::Durations,
        }
    }

    /// Joins the point of another interval; one of another kind is left out.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Gauge(one), Self::Gauge(other)) => {
                one.min = one.min.min(other.min);
                one.max = one.max.max(other.max);
                one.sum += other.sum;
                one.count = one.count.saturating_add(other.count);
            }
            (Self::Tally(one), Self::Tally(other)) => {
                one.sum = one.sum.saturating_add(other.sum);
                one.peak = one.peak.max(other.peak);
            }
            (Self::Durations(one), Self::Durations(other)) => one.merge(other),
            (Self::Gauge(_) | Self::Tally(_) | Self::Durations(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_peaks_and_weighs_means() {
        let mut gauge = Point::Gauge(Gauge::of(1.0));
        for value in [3.0, 8.0] {
            gauge.merge(&Point::Gauge(Gauge::of(value)));
        }
        gauge.merge(&Point::Tally(Tally::of(1, 1)));
        let Point::Gauge(gauge) = gauge else {
            panic!("another kind")
        };
        assert_eq!((gauge.min, gauge.max, gauge.mean()), (1.0, 8.0, 4.0));
        let mut tally = Point::Tally(Tally::of(15, 15_000));
        tally.merge(&Point::Tally(Tally::of(150, 15_000)));
        assert_eq!(
            tally,
            Point::Tally(Tally {
                sum: 165,
                peak: 10.0
            })
        );
    }
}
