//! Where a sample belongs in time.
//!
//! Samples come every 15 s by a clock that never jumps, and are placed by the host's clock, which
//! may. Small differences move nothing: samples that follow each other get slots that do. After a
//! jump they go on where the host's clock is; going back, they take the place of what is there.

use underpass_shared::monitor::{Gauge, Metric, Point, Sample};

use crate::tier::{FINE_MS, HOUR_MS, TIME_MAX_MS, TIME_MIN_MS, fine_slot};

/// Two clocks differ by as much without one having been set back, milliseconds.
const CLOCK_TOLERANCE_MS: i64 = 1_000;

/// How far from the middle of the next slot a sample may be to belong to it, milliseconds. It is
/// more than half a slot, so that a clock near the border of two does not go back and forth, and
/// less than a whole, so that a sample that was missed leaves its gap.
const DRIFT_MAX_MS: i64 = FINE_MS * 3 / 4;

/// Finds the slots of samples.
#[derive(Debug, Default)]
pub(crate) struct Place {
    last: Option<i64>,
}

impl Place {
    /// The slot of a sample; none where its time is no time.
    pub(crate) fn of(&self, sample: &Sample) -> Option<i64> {
        if !(TIME_MIN_MS..=TIME_MAX_MS).contains(&sample.end_ms) {
            return None;
        }
        let span = i64::try_from(sample.span_ms).unwrap_or(FINE_MS);
        let middle = sample.end_ms - span.min(FINE_MS) / 2;
        let natural = fine_slot(middle);
        let next = self.last.map(|last| last + 1);
        let follows = |next: &i64| (middle - (next * FINE_MS + FINE_MS / 2)).abs() <= DRIFT_MAX_MS;
        Some(next.filter(follows).unwrap_or(natural))
    }

    /// Notes that a sample was kept.
    pub(crate) fn kept(&mut self, slot: i64) {
        self.last = Some(slot);
    }
}

/// When a sample began by the host's clock.
pub(crate) fn begin_ms(sample: &Sample) -> i64 {
    let span = i64::try_from(sample.span_ms).unwrap_or(HOUR_MS);
    sample.end_ms.saturating_sub(span)
}

/// Whether what began then came after what ended then.
pub(crate) fn is_after(begin_ms: i64, end_ms: i64) -> bool {
    begin_ms >= end_ms - CLOCK_TOLERANCE_MS
}

/// Whether a point is of its metric's kind and made of numbers.
pub(crate) fn sound(metric: Metric, point: &Point) -> bool {
    let numbers = match point {
        Point::Gauge(Gauge { min, max, sum, .. }) => {
            [min, max, sum].iter().all(|one| one.is_finite()) && min <= max
        }
        Point::Tally(tally) => tally.peak.is_finite() && tally.peak >= 0.0,
        Point::Durations(_) => true,
    };
    numbers && point.kind() == metric.kind()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(end_ms: i64) -> Sample {
        Sample {
            end_ms,
            span_ms: 15_000,
            points: vec![],
        }
    }

    #[test]
    fn slots_follow_each_other_although_the_clock_is_a_little_off() {
        let mut place = Place::default();
        let mut slots = vec![];
        // The middle of each is near the border of two slots.
        for end_ms in [7_499, 22_501, 37_499, 52_502, 67_498] {
            let slot = place.of(&sample(end_ms)).unwrap();
            place.kept(slot);
            slots.push(slot);
        }
        assert_eq!(slots, [-1, 0, 1, 2, 3]);
    }

    #[test]
    fn after_a_jump_it_goes_on_where_the_clock_is() {
        let mut place = Place::default();
        place.kept(100);
        for (end_ms, slot) in [
            (86_400_000, 5_759),
            (0, -1),
            (1_560_000, 103),
            (1_545_000, 102),
            (1_541_000, 101),
            (1_530_000, 101),
            (1_519_000, 101),
            (1_515_000, 100),
        ] {
            assert_eq!(place.of(&sample(end_ms)), Some(slot), "{end_ms}");
        }
        assert_eq!(place.of(&sample(i64::MAX)), None);
    }
}
