//! An agent's figures of the last hour, from its history.

use std::collections::BTreeMap;

use underpass_shared::api::management::{
    HistoryAnswer, HistoryPoint, MonitorAsk, MonitoringTarget, Query, Target,
};
use underpass_shared::monitor::{Entity, Metric};

use super::AgentClient;
use crate::api::Call;
use crate::snapshot::Sample;

/// How fine the history is, milliseconds.
const STEP_MS: i64 = 15_000;
const HOUR_MS: i64 = 3_600_000;
/// Without newer figures for so long the agent keeps none, or they are late.
pub(super) const LATE_MS: i64 = 40_000;

/// The figures behind a time, the oldest first; what cannot be had is missing.
pub(super) async fn hour(agent: &AgentClient, since_ms: i64, now_ms: i64) -> Vec<Sample> {
    let from = since_ms.max(now_ms - HOUR_MS);
    let mut samples = BTreeMap::new();
    for metric in [Metric::Requests, Metric::HostCpu, Metric::ProcessMemory] {
        let Some(answer) = asked(agent, metric, from, now_ms).await else {
            // Who does not answer one does not answer the others.
            break;
        };
        gather(&mut samples, metric, &answer, since_ms);
    }
    samples.into_values().collect()
}

async fn asked(agent: &AgentClient, metric: Metric, from: i64, to: i64) -> Option<HistoryAnswer> {
    let query = Query {
        monitor: MonitorAsk {
            metric: Some(metric),
            entity: Some(Entity::Agent),
            from: Some(from),
            to: Some(to),
            step: u32::try_from(STEP_MS).ok(),
            buckets: false,
        },
        ..Query::default()
    };
    let call = Call::get(Target::Monitoring(MonitoringTarget::History)).query(query);
    agent.execute(&call).await.ok()?.read().ok()
}

/// Puts the points of a metric to the samples at their times.
fn gather(
    samples: &mut BTreeMap<i64, Sample>,
    metric: Metric,
    answer: &HistoryAnswer,
    since_ms: i64,
) {
    for point in &answer.points {
        let at_ms = point.start_ms() + answer.step;
        let value = match point {
            HistoryPoint::Gauge { mean, .. } => *mean,
            HistoryPoint::Tally { rate, .. } => *rate,
            HistoryPoint::Durations { .. } => continue,
        };
        if at_ms <= since_ms {
            continue;
        }
        let sample = samples.entry(at_ms).or_insert(Sample {
            at_ms,
            ..Sample::default()
        });
        put(sample, metric, value);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    reason = "figures for people, of few metrics"
)]
fn put(sample: &mut Sample, metric: Metric, value: f64) {
    match metric {
        Metric::Requests => sample.requests = Some(value as f32),
        Metric::HostCpu => sample.cpu = Some(value as f32),
        _ => sample.memory = Some(value.max(0.0) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_one_time_are_one_sample_and_old_ones_are_none() {
        let answer = |metric: Metric, points: Vec<HistoryPoint>| HistoryAnswer {
            metric: metric.name().to_owned(),
            entity: "agent".to_owned(),
            unit: metric.unit(),
            kind: metric.kind(),
            from: 0,
            to: 45_000,
            step: STEP_MS,
            points,
            histogram: None,
        };
        let tally = |t, rate| HistoryPoint::Tally {
            t,
            sum: 0,
            rate,
            peak: rate,
        };
        let gauge = |t, mean| HistoryPoint::Gauge {
            t,
            min: mean,
            mean,
            max: mean,
        };
        let mut samples = BTreeMap::new();
        let points = [0, 15_000, 30_000].map(|t| tally(t, 2.0)).to_vec();
        let requests = answer(Metric::Requests, points);
        gather(&mut samples, Metric::Requests, &requests, 15_000);
        let memory = answer(Metric::ProcessMemory, vec![gauge(15_000, 7.0)]);
        gather(&mut samples, Metric::ProcessMemory, &memory, 15_000);
        let told: Vec<_> = samples
            .values()
            .map(|one| (one.at_ms, one.requests, one.memory))
            .collect();
        assert_eq!(
            told,
            [(30_000, Some(2.0), Some(7)), (45_000, Some(2.0), None)]
        );
    }
}
