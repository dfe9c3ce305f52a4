//! What is made of the figures of all agents: totals, and each agent in small.

use std::collections::BTreeMap;
use std::sync::Arc;

use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::Metric;

use super::{Dashboard, key};
use crate::measured::{Aspect, Window};
use crate::widget::{Dot, Hue, Look, Track};

/// Points of an agent in small.
const POINTS: usize = 60;

/// What was made of the figures.
pub(super) struct Made {
    /// The newest answer, and each agent with whether it is online.
    pub(super) of: (u64, Vec<(AgentId, bool)>),
    pub(super) throughput: Vec<Track>,
    pub(super) cpu: Vec<Track>,
    pub(super) agents: Vec<Small>,
    pub(super) step: i64,
}

/// An agent in small.
#[derive(Clone)]
pub(super) struct Small {
    pub(super) agent: AgentId,
    pub(super) requests: Vec<f32>,
    pub(super) rate: Option<f64>,
    pub(super) failed: Option<f64>,
    pub(super) cpu: Option<f64>,
    pub(super) p90: Option<f64>,
}

impl Dashboard {
    /// Makes totals of the figures, when there are newer ones.
    pub(super) fn make(&mut self, agents: &[&Arc<AgentSnapshot>], window: Window) {
        let ids = agents.iter().map(|one| (one.id, one.link.is_online()));
        let of = (self.reads.generation(), ids.collect());
        if self.made.as_ref().is_some_and(|made| made.of == of) {
            return;
        }
        let reads = &mut self.reads;
        let mut sums: [BTreeMap<i64, f64>; 2] = Default::default();
        let mut loads: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        let (mut small, mut step) = (vec![], window.step);
        for agent in agents {
            let mut dots = |metric, aspect| reads.dots(&key(agent.id, metric), aspect);
            let requests = dots(Metric::Requests, Aspect::Value);
            let failed = dots(Metric::RequestsFailed, Aspect::Value);
            let cpu = dots(Metric::HostCpu, Aspect::Value);
            let p90 = dots(Metric::TimeTotal, Aspect::P90);
            for (sum, dots) in sums.iter_mut().zip([&requests, &failed]) {
                dots.iter()
                    .for_each(|dot| *sum.entry(dot.at_ms).or_default() += dot.value);
            }
            for dot in cpu.iter() {
                loads.entry(dot.at_ms).or_default().push(dot.value);
            }
            // What one that is away told last is no figure of now.
            let is_online = agent.link.is_online();
            let now = |dots: &[Dot]| dots.last().filter(|_| is_online).map(|dot| dot.value);
            small.push(Small {
                agent: agent.id,
                requests: few(&requests),
                rate: now(&requests),
                failed: now(&failed),
                cpu: now(&cpu),
                p90: now(&p90),
            });
            if let Some(answer) = reads.answer(&key(agent.id, Metric::Requests)) {
                step = answer.step;
            }
        }
        let line = |map: &BTreeMap<i64, f64>| -> Arc<[Dot]> {
            map.iter().map(|(at, value)| Dot::of(*at, *value)).collect()
        };
        let quantile = |share: f64| -> Arc<[Dot]> {
            let of = |(at, values): (&i64, &Vec<f64>)| Dot::of(*at, ranked(values, share));
            loads.iter().map(of).collect()
        };
        let [requests, failed] = &sums;
        self.made = Some(Made {
            of,
            throughput: vec![
                Track::new("Requests", Hue::Series(0), Look::Area, line(requests)),
                Track::new("Failed", Hue::Series(4), Look::Line, line(failed)),
            ],
            cpu: vec![
                Track::new("p95", Hue::Series(2), Look::Line, quantile(0.95)),
                Track::new("Median", Hue::Series(1), Look::Area, quantile(0.5)),
            ],
            agents: small,
            step,
        });
    }
}

/// The value that a share of all values does not exceed.
fn ranked(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let most = sorted.len().saturating_sub(1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    let at = (most * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// So many values as a small line has points: the greatest of each part.
fn few(dots: &[Dot]) -> Vec<f32> {
    let part = dots.len().div_ceil(POINTS).max(1);
    #[expect(clippy::cast_possible_truncation, reason = "a line of some pixels")]
    let most = |part: &[Dot]| part.iter().map(|dot| dot.value).fold(0.0, f64::max) as f32;
    dots.chunks(part).map(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_lines_keep_peaks_and_ranks_are_values() {
        let mut dots: Vec<Dot> = (0..1_000).map(|at| Dot::of(at, 1.0)).collect();
        dots[517].value = 90.0;
        let line = few(&dots);
        assert!(line.len() <= POINTS && line.contains(&90.0));
        assert!(few(&[]).is_empty());
        assert_eq!(ranked(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(ranked(&[3.0, 1.0, 2.0], 1.0), 3.0);
        assert_eq!(ranked(&[], 0.5), 0.0);
    }
}
