//! The text format of Prometheus, version 0.0.4: what every scraper reads.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use super::histogram::Spread;
use super::label::Label;

/// The media type of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the names of all metrics begin with.
const PREFIX: &str = "underpass_gateway_";

/// What a metric is to a scraper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A text that grows metric by metric. Names, help and labels are our own constants, ids and location
/// IDs, so nothing needs escaping.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(Kind::Counter, name, help, [("", value)]);
    }

    pub(super) fn counters<L: Label>(&mut self, name: &str, help: &str, of: impl Fn(L) -> u64) {
        let values = L::ALL.iter().map(|label| (label.text(), of(*label)));
        self.family(Kind::Counter, name, help, values);
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(Kind::Gauge, name, help, [("", value)]);
    }

    /// All values of one metric, each with its labels.
    pub(super) fn family<V: Display>(
        &mut self,
        kind: Kind,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (impl AsRef<str>, V)>,
    ) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.head(name, kind, help);
        for (labels, value) in values {
            self.line(name, labels.as_ref(), value);
        }
    }

    /// How long things took.
    pub(super) fn histogram(&mut self, name: &str, help: &str, spread: &Spread) {
        self.head(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (bound, count) in spread.up_to() {
            let label = match bound {
                Some(bound) => format!("le=\"{}\"", seconds(bound)),
                None => "le=\"+Inf\"".to_owned(),
            };
            self.line(&bucket, &label, count);
        }
        self.line(&format!("{name}_sum"), "", seconds(spread.sum));
        self.line(&format!("{name}_count"), "", spread.count());
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.write(format_args!("# HELP {PREFIX}{name} {help}\n"));
        self.write(format_args!("# TYPE {PREFIX}{name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        if labels.is_empty() {
            self.write(format_args!("{PREFIX}{name} {value}\n"));
        } else {
            self.write(format_args!("{PREFIX}{name}{{{labels}}} {value}\n"));
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        if self.0.write_fmt(text).is_err() {
            tracing::error!("a metric cannot be written");
        }
    }
}

/// Seconds as a number with its fraction.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
