//! The text format of Prometheus, version 0.0.4: what every scraper reads.
//!
//! An [`Exposition`] grows family by family; all samples of a family stand together, below its help
//! and its type. Names and helps are constants of the program, values of labels are any text.

use std::fmt::{self, Display, Write as _};

/// A text that grows family by family. All names begin with the same prefix.
#[derive(Clone, Debug)]
pub struct Exposition {
    prefix: &'static str,
    text: String,
}

/// What the samples of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What only grows; its name ends with `_total`.
    Counter,
    /// What goes up and down.
    Gauge,
    /// How many values are at most of some sizes.
    Histogram,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The labels of a sample, as they stand between the braces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(String);

impl Labels {
    /// No labels.
    pub const NONE: Self = Self(String::new());

    /// The same, with another label. The name is a constant of the program.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(name);
        self.0.push_str("=\"");
        // Writing to a text never fails.
        write!(Escaped(&mut self.0), "{value}").unwrap_or_default();
        self.0.push('"');
        self
    }

    /// Labels that are written already, as constants of the program are.
    pub fn written(labels: &str) -> Self {
        Self(labels.to_owned())
    }
}

/// Writes the value of a label.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

/// The samples of one family; they are written as they come.
#[derive(Debug)]
pub struct Family<'a> {
    to: &'a mut Exposition,
    name: &'static str,
}

impl Exposition {
    /// The media type of the text.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// An empty text whose names begin with `prefix` and `_`.
    pub const fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            text: String::new(),
        }
    }

    /// Begins a family. The help is one line without a backslash.
    pub fn family(&mut self, kind: Kind, name: &'static str, help: &'static str) -> Family<'_> {
        let Self { prefix, .. } = *self;
        self.write(format_args!("# HELP {prefix}_{name} {help}\n"));
        self.write(format_args!("# TYPE {prefix}_{name} {}\n", kind.name()));
        Family { to: self, name }
    }

    /// A counter without labels.
    pub fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        let mut family = self.family(Kind::Counter, name, help);
        family.add(&Labels::NONE, value);
    }

    /// A gauge without labels.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: impl Display) {
        let mut family = self.family(Kind::Gauge, name, help);
        family.add(&Labels::NONE, value);
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }

    fn write(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a text never fails.
        self.text.write_fmt(text).unwrap_or_default();
    }
}

impl Family<'_> {
    /// Adds a sample of a counter or a gauge.
    pub fn add(&mut self, labels: &Labels, value: impl Display) {
        self.line("", labels, value);
    }

    /// Adds a histogram: how many values were at most of each size, by size, their sum and their
    /// count.
    pub fn histogram<B: Display>(
        &mut self,
        labels: &Labels,
        up_to: impl IntoIterator<Item = (B, u64)>,
        sum: impl Display,
        count: u64,
    ) {
        for (bound, up_to) in up_to {
            self.line("_bucket", &labels.clone().with("le", bound), up_to);
        }
        self.line("_bucket", &labels.clone().with("le", "+Inf"), count);
        self.line("_sum", labels, sum);
        self.line("_count", labels, count);
    }

    fn line(&mut self, suffix: &str, labels: &Labels, value: impl Display) {
        let (prefix, name) = (self.to.prefix, self.name);
        self.to.write(format_args!("{prefix}_{name}{suffix}"));
        if labels.0.is_empty() {
            self.to.write(format_args!(" {value}\n"));
        } else {
            self.to.write(format_args!("{{{}}} {value}\n", labels.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_scrapers_read_it() {
        let mut text = Exposition::new("underpass_test");
        text.counter("things_total", "Things.", 7);
        text.gauge("share_ratio", "A share.", 0.5);
        let mut family = text.family(Kind::Histogram, "wait_seconds", "How long.");
        let labels = Labels::default().with("host", "a\"b\\c\nd");
        family.histogram(&labels, [(0.1, 1), (1.0, 2)], 12.5, 3);
        let mut family = text.family(Kind::Gauge, "state", "Which state.");
        family.add(&Labels::written("outcome=\"x\"").with("port", 80), 1);
        assert_eq!(
            text.finish(),
            r#"# HELP underpass_test_things_total Things.
# TYPE underpass_test_things_total counter
underpass_test_things_total 7
# HELP underpass_test_share_ratio A share.
# TYPE underpass_test_share_ratio gauge
underpass_test_share_ratio 0.5
# HELP underpass_test_wait_seconds How long.
# TYPE underpass_test_wait_seconds histogram
underpass_test_wait_seconds_bucket{host="a\"b\\c\nd",le="0.1"} 1
underpass_test_wait_seconds_bucket{host="a\"b\\c\nd",le="1"} 2
underpass_test_wait_seconds_bucket{host="a\"b\\c\nd",le="+Inf"} 3
underpass_test_wait_seconds_sum{host="a\"b\\c\nd"} 12.5
underpass_test_wait_seconds_count{host="a\"b\\c\nd"} 3
# HELP underpass_test_state Which state.
# TYPE underpass_test_state gauge
underpass_test_state{outcome="x",port="80"} 1
"#
        );
    }
}
