//! Figures that move: made from the time, so that all who look see the same.

use crate::snapshot::{SAMPLES_MAX, Sample};

use super::random::Dice;

/// One sample in so many milliseconds.
const EVERY_MS: i64 = 15_000;

/// The samples of an agent behind a time.
pub(super) fn samples(seed: u64, since_ms: i64, now_ms: i64) -> Vec<Sample> {
    let newest = now_ms.div_euclid(EVERY_MS);
    let hour = i64::try_from(SAMPLES_MAX).unwrap_or(i64::MAX);
    let oldest = (since_ms.div_euclid(EVERY_MS) + 1).max(newest - hour + 1);
    (oldest..=newest).map(|step| sample(seed, step)).collect()
}

fn sample(seed: u64, step: i64) -> Sample {
    let mut own = Dice::new(seed ^ 0xF16);
    let (base, period) = (4.0 + 180.0 * own.share() * own.share(), 60 + own.below(120));
    let mut now = Dice::new(seed ^ step.unsigned_abs().wrapping_mul(0x9E37));
    let phase = u16::try_from(step.rem_euclid(i64::from(period))).unwrap_or(0);
    let turn = f32::from(phase) / f32::from(u16::try_from(period).unwrap_or(1));
    let wave = 1.0 + 0.45 * (turn * std::f32::consts::TAU).sin();
    let burst = if now.below(40) == 0 { 2.2 } else { 1.0 };
    let requests = base * wave * burst * (0.85 + 0.3 * now.share());
    let memory = 24_000_000 + u64::from(own.below(60_000_000)) + u64::from(now.below(1_500_000));
    Sample {
        at_ms: step * EVERY_MS,
        requests: Some(requests),
        cpu: Some((0.01 + requests / 900.0 + 0.02 * now.share()).min(1.0)),
        memory: Some(memory),
        answer_ms: Some(2 + now.below(14)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_at_first_then_what_is_new() {
        let now = 1_700_000_000_000;
        let all = samples(7, 0, now);
        assert_eq!(all.len(), SAMPLES_MAX);
        assert_eq!(samples(7, 0, now), all);
        let last = all.last().unwrap().at_ms;
        assert_eq!(samples(7, last, now), []);
        assert_eq!(samples(7, last, now + 30_000).len(), 2);
    }
}
