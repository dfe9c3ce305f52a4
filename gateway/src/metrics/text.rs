//! The text format of Prometheus, version 0.0.4: what every scraper reads.

use std::fmt::{Display, Write as _};

use super::label::Label;

/// The media type of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text that grows metric by metric. Names, help and labels are our own constants, so nothing
/// needs escaping.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.line(name, "", value);
    }

    pub(super) fn counters<L: Label>(&mut self, name: &str, help: &str, of: impl Fn(L) -> u64) {
        self.head(name, "counter", help);
        for label in L::ALL {
            self.line(name, label.text(), of(*label));
        }
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "gauge", help);
        self.line(name, "", value);
    }

    pub(super) fn gauges<'a, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        self.head(name, "gauge", help);
        for (labels, value) in values {
            self.line(name, labels, value);
        }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.write(format_args!("# HELP underpass_{name} {help}\n"));
        self.write(format_args!("# TYPE underpass_{name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        if labels.is_empty() {
            self.write(format_args!("underpass_{name} {value}\n"));
        } else {
            self.write(format_args!("underpass_{name}{{{labels}}} {value}\n"));
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        if self.0.write_fmt(text).is_err() {
            tracing::error!("a metric cannot be written");
        }
    }
}
