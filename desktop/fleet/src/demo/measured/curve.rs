//! The shapes of a made-up agent's days: calm nights, busy noons, incidents, restarts.

use super::super::agent::DemoAgent;
use super::super::random::Dice;
use super::{DAY_MS, HOUR_MS, MINUTE_MS};

/// What goes wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Trouble {
    /// A back end is slow.
    Slow,
    /// A back end answers with errors.
    Errors,
    /// Far more is asked for than usual.
    Rush,
    /// The tunnels come and go.
    Flapping,
}

/// Something that goes wrong, and for how long.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Incident {
    pub(in super::super) kind: Trouble,
    pub(in super::super) from_ms: i64,
    pub(in super::super) to_ms: i64,
}

/// What is so of one agent at all times.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Nature {
    pub(super) seed: u64,
    /// Requests per second at noon.
    pub(super) busy: f64,
    /// The median of the durations, seconds.
    pub(super) median: f64,
    /// Hours between its noon and that of UTC.
    offset_ms: i64,
}

/// In each such span something may go wrong.
const SPAN_MS: i64 = 8 * HOUR_MS;

impl Nature {
    pub(in super::super) fn of(agent: &DemoAgent) -> Self {
        let hours = match agent.host.as_str() {
            host if host.starts_with("us") => -6,
            host if host.starts_with("ap") => 8,
            _ => 1,
        };
        Self::new(agent.seed, hours)
    }

    pub(super) fn new(seed: u64, offset_hours: i64) -> Self {
        let mut dice = Dice::new(seed ^ 0xF16);
        let (busy, slow) = (f64::from(dice.share()), f64::from(dice.share()));
        Self {
            seed,
            busy: 12.0 + 260.0 * busy * busy,
            median: 0.028 + 0.07 * slow,
            offset_ms: offset_hours * HOUR_MS,
        }
    }

    /// Something between 0 and 1 that moves slowly: anew in each period.
    pub(super) fn noise(&self, salt: u64, at_ms: i64, period_ms: i64) -> f64 {
        let step = at_ms.div_euclid(period_ms);
        let one = |step: i64| {
            let seed = self.seed ^ salt.rotate_left(17) ^ step.unsigned_abs().wrapping_mul(0x9E37);
            f64::from(Dice::new(seed).share())
        };
        let share = at_ms.rem_euclid(period_ms) as f64 / period_ms as f64;
        let smooth = share * share * (3.0 - 2.0 * share);
        one(step) * (1.0 - smooth) + one(step + 1) * smooth
    }

    /// How busy its users are, from 0 to a little more than 1.
    pub(super) fn day(&self, at_ms: i64) -> f64 {
        let local = at_ms + self.offset_ms;
        let hour = local.rem_euclid(DAY_MS) as f64 / HOUR_MS as f64;
        let bell = |around: f64, wide: f64| (-((hour - around) / wide).powi(2)).exp();
        let work = 0.16 + 0.8 * bell(10.5, 2.6) + 0.72 * bell(15.0, 2.4);
        // The first day of the count was a Thursday.
        let is_weekend = matches!((local.div_euclid(DAY_MS) + 4).rem_euclid(7), 0 | 6);
        let night_batch = 0.35 * bell(2.0, 0.4);
        let week = if is_weekend { 0.3 } else { 1.0 };
        let growth = 1.0 + 0.25 * self.noise(3, at_ms, 30 * DAY_MS);
        (work * week + night_batch) * growth
    }

    /// What goes wrong in a span, if something does.
    fn in_span(&self, span: i64) -> Option<Incident> {
        let mut dice = Dice::new(self.seed ^ 0x1CE ^ span.unsigned_abs().wrapping_mul(0xC2B2));
        if dice.below(100) >= 38 {
            return None;
        }
        let kind = match dice.below(10) {
            0..4 => Trouble::Slow,
            4..7 => Trouble::Errors,
            7..9 => Trouble::Rush,
            _ => Trouble::Flapping,
        };
        let length = MINUTE_MS * i64::from(8 + dice.below(50));
        let room = u32::try_from((SPAN_MS - length) / MINUTE_MS).unwrap_or(1);
        let from_ms = span * SPAN_MS + MINUTE_MS * i64::from(dice.below(room));
        Some(Incident {
            kind,
            from_ms,
            to_ms: from_ms + length,
        })
    }

    /// What goes wrong between two times, the oldest first.
    pub(in super::super) fn incidents(&self, from_ms: i64, to_ms: i64) -> Vec<Incident> {
        let spans = from_ms.div_euclid(SPAN_MS)..=to_ms.div_euclid(SPAN_MS);
        let all = spans.filter_map(|span| self.in_span(span));
        all.filter(|one| one.to_ms > from_ms && one.from_ms < to_ms)
            .collect()
    }

    /// How deep in a kind of trouble it is at a time, from 0 to 1.
    pub(super) fn depth(&self, kind: Trouble, at_ms: i64) -> f64 {
        let found = self.in_span(at_ms.div_euclid(SPAN_MS));
        let Some(one) = found.filter(|one| one.kind == kind) else {
            return 0.0;
        };
        if !(one.from_ms..one.to_ms).contains(&at_ms) {
            return 0.0;
        }
        let whole = (one.to_ms - one.from_ms) as f64;
        let share = (at_ms - one.from_ms) as f64 / whole;
        // It comes fast and goes slowly.
        (share * 8.0).min(1.0) * ((1.0 - share) * 3.0).min(1.0)
    }

    /// Whether it did not measure: a restart for a new version, and now and then longer.
    pub(super) fn is_gap(&self, at_ms: i64) -> bool {
        let day = at_ms.div_euclid(DAY_MS);
        let mut dice = Dice::new(self.seed ^ 0x6A9 ^ day.unsigned_abs().wrapping_mul(0x85EB));
        let length = match dice.below(9) {
            0 => 4 * MINUTE_MS,
            1 => 35 * MINUTE_MS,
            _ => return false,
        };
        let begun = day * DAY_MS + 3 * HOUR_MS + MINUTE_MS * i64::from(dice.below(180));
        (begun..begun + length).contains(&at_ms)
    }

    /// Requests per second.
    pub(super) fn rate(&self, at_ms: i64) -> f64 {
        let slow = 0.8 + 0.4 * self.noise(1, at_ms, 20 * MINUTE_MS);
        let quick = 0.88 + 0.24 * self.noise(2, at_ms, 30_000);
        let rush = 1.0 + 1.6 * self.depth(Trouble::Rush, at_ms);
        self.busy * self.day(at_ms) * slow * quick * rush
    }

    /// The median of durations, seconds.
    pub(super) fn duration(&self, at_ms: i64) -> f64 {
        let load = 0.8 + 0.5 * self.day(at_ms);
        let slow = 1.0 + 6.0 * self.depth(Trouble::Slow, at_ms);
        let rush = 1.0 + 0.8 * self.depth(Trouble::Rush, at_ms);
        let noise = 0.9 + 0.2 * self.noise(4, at_ms, 3 * MINUTE_MS);
        self.median * load * slow * rush * noise
    }
}
