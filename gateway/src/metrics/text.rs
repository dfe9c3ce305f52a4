//! The text of metrics: what it needs beside the text format itself.

use std::fmt::Display;
use std::time::Duration;

use underpass_shared::exposition::{Exposition, Kind, Labels};

use super::histogram::Spread;
use super::label::Label;

/// What the names of all metrics begin with.
const PREFIX: &str = "underpass_gateway";

/// A text that grows metric by metric. Labels are our own constants, ids and location IDs, so
/// nothing needs escaping.
#[derive(Debug)]
pub(super) struct Text(Exposition);

impl Text {
    pub(super) const fn new() -> Self {
        Self(Exposition::new(PREFIX))
    }

    pub(super) fn counter(&mut self, name: &'static str, help: &'static str, value: impl Display) {
        self.family(Kind::Counter, name, help, [("", value)]);
    }

    pub(super) fn counters<L: Label>(
        &mut self,
        name: &'static str,
        help: &'static str,
        of: impl Fn(L) -> u64,
    ) {
        let values = L::ALL.iter().map(|label| (label.text(), of(*label)));
        self.family(Kind::Counter, name, help, values);
    }

    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str, value: impl Display) {
        self.family(Kind::Gauge, name, help, [("", value)]);
    }

    /// All values of one metric, each with its labels.
    pub(super) fn family<V: Display>(
        &mut self,
        kind: Kind,
        name: &'static str,
        help: &'static str,
        values: impl IntoIterator<Item = (impl AsRef<str>, V)>,
    ) {
        let mut family = self.0.family(kind, name, help);
        for (labels, value) in values {
            family.add(&Labels::written(labels.as_ref()), value);
        }
    }

    /// How long things took.
    pub(super) fn histogram(&mut self, name: &'static str, help: &'static str, spread: &Spread) {
        let mut family = self.0.family(Kind::Histogram, name, help);
        let up_to = spread.up_to();
        let up_to = up_to.filter_map(|(bound, count)| Some((seconds(bound?), count)));
        family.histogram(&Labels::NONE, up_to, seconds(spread.sum), spread.count());
    }

    pub(super) fn finish(self) -> String {
        self.0.finish()
    }
}

/// Seconds as a number with its fraction.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
