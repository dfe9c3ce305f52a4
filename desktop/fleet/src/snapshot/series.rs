//! Figures of an agent over the last hour.

use std::sync::Arc;

/// One hour, in steps of the refresh of the status: 15 seconds.
pub const SAMPLES_MAX: usize = 240;

/// Figures at one time. What is not known is missing, never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// When, milliseconds UTC.
    pub at_ms: i64,
    /// Requests per second.
    pub requests: Option<f32>,
    /// Share of the processors in use, 0 to 1.
    pub cpu: Option<f32>,
    /// Bytes of memory in use.
    pub memory: Option<u64>,
    /// Milliseconds that an answer of the management API took.
    pub answer_ms: Option<u32>,
}

/// Samples, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The samples.
    pub samples: Arc<[Sample]>,
}

impl Series {
    /// With newer samples; those that are no newer than what is known are dropped, and so are the
    /// oldest beyond the limit.
    #[must_use]
    pub fn with(&self, newer: impl IntoIterator<Item = Sample>) -> Self {
        let mut samples = self.samples.to_vec();
        for sample in newer {
            if samples.last().is_none_or(|last| last.at_ms < sample.at_ms) {
                samples.push(sample);
            }
        }
        let excess = samples.len().saturating_sub(SAMPLES_MAX);
        Self {
            samples: samples.drain(excess..).collect(),
        }
    }

    /// The newest sample.
    pub fn last(&self) -> Option<&Sample> {
        self.samples.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_forward_and_the_oldest_go() {
        let at = |at_ms| Sample {
            at_ms,
            ..Sample::default()
        };
        let series = Series::default().with([at(1), at(1), at(0), at(2)]);
        assert_eq!(series.samples.len(), 2);
        let series = series.with((3..1_000).map(at));
        assert_eq!(series.samples.len(), SAMPLES_MAX);
        assert_eq!(series.last(), Some(&at(999)));
        assert_eq!(series.samples.first(), Some(&at(760)));
    }
}
