//! What an agent measures: series of points that can be merged without losing peaks or percentiles.
//!
//! A [`Series`] is a [`Metric`] of an [`Entity`]. A [`Sample`] holds the points of all series over
//! one interval; [`Point::merge`] joins intervals, and is the only way by which coarser ones are
//! made. What has no point in an interval was zero if the agent has points there, else a gap.

mod entity;
mod histogram;
mod metric;
mod of;
mod point;
mod request;

pub use entity::{Entity, InvalidEntity};
pub use histogram::{Histogram, InvalidHistogram};
pub use metric::{InvalidMetric, Kind, Metric, Unit};
pub use of::EntityKind;
pub use point::{Gauge, Point, Tally};
pub use request::{Outcome, Request, Split};

/// One metric of one entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// Of what.
    pub entity: Entity,
    /// What is measured.
    pub metric: Metric,
}

/// What was measured over one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The end of the interval, milliseconds UTC.
    pub end_ms: i64,
    /// How long the interval was by a clock that never jumps, milliseconds.
    pub span_ms: u64,
    /// The points, of each series at most one, of the metric's kind.
    pub points: Vec<(Series, Point)>,
}
