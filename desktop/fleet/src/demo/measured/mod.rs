//! What made-up agents measured: curves that follow from the time, the same whenever one looks.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not made up here is answered, or refused, elsewhere"
)]

mod alerts;
mod curve;
mod requests;
mod series;
mod usage;

use underpass_shared::api::management::{
    AlertTarget, HistoryAnswer, HistoryBucket, MetricList, MetricShown, MonitoringTarget, Refusal,
    Target, Verb,
};
use underpass_shared::monitor::{Entity, Kind, Metric, Series};

pub(super) use self::alerts::{Answered, alerts, change};
pub(super) use self::curve::Nature;
use super::agent::{DemoAgent, State, ok};
use crate::Reply;
use crate::api::Call;
use crate::snapshot::Sample;

/// The finest resolution, and until when back it is kept.
const FINE_MS: i64 = 15_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Most points of an answer.
const POINTS_MAX: i64 = 5_000;
/// How far back the agent's memory goes.
const KEPT_MS: i64 = 730 * DAY_MS;

/// Tells what was measured or what is alerted of, if that is asked for.
pub(super) fn tell(
    agent: &DemoAgent,
    state: &State,
    call: &Call,
) -> Option<Result<Reply, Refusal>> {
    let number = state.store.number();
    let document = state.store.current().1;
    let nature = Nature::of(agent);
    let now_ms = agent.now_ms();
    let target = match &call.target {
        Target::Alerts(AlertTarget::All) => {
            return Some(ok(&alerts(agent, state, call.query.alerts), number));
        }
        Target::Monitoring(target) => *target,
        _ => return None,
    };
    Some(match target {
        MonitoringTarget::Metrics => ok(&metrics(document), number),
        MonitoringTarget::History => history(&nature, call, now_ms).and_then(|it| ok(&it, number)),
        MonitoringTarget::Requests => ok(&requests::page(&nature, document, call, now_ms), number),
        MonitoringTarget::Top => ok(&requests::top(&nature, document, now_ms), number),
        MonitoringTarget::Usage => ok(&usage::usage(&nature, document, call, now_ms), number),
        _ => return None,
    })
}

/// Forgets what was measured, if that is asked for.
pub(super) fn forget(target: MonitoringTarget, verb: Verb) -> bool {
    let can = matches!(
        target,
        MonitoringTarget::Requests | MonitoringTarget::Top | MonitoringTarget::Usage
    );
    can && verb == Verb::Delete
}

fn metrics(document: &underpass_shared::config::Document) -> MetricList {
    let mut entities = vec![
        Entity::Agent,
        Entity::Volume("/".to_owned()),
        Entity::Interface("eth0".to_owned()),
    ];
    for subaccount in document.subaccounts() {
        let key = subaccount.key();
        entities.push(Entity::Tunnel(key.clone()));
        let mappings = subaccount.mappings().iter();
        let mapping = |address: &underpass_shared::host::VirtualAddress| {
            Entity::Mapping(key.clone(), address.clone())
        };
        entities.extend(mappings.map(|one| mapping(&one.virtual_address)));
    }
    MetricList {
        metrics: Metric::ALL.iter().copied().map(MetricShown::from).collect(),
        entities: entities.iter().map(ToString::to_string).collect(),
    }
}

fn history(nature: &Nature, call: &Call, now_ms: i64) -> Result<HistoryAnswer, Refusal> {
    let ask = &call.query.monitor;
    let missing = |name| Refusal::invalid(name, "is missing");
    let series = Series {
        metric: ask.metric.ok_or_else(|| missing("metric"))?,
        entity: ask.entity.clone().unwrap_or(Entity::Agent),
    };
    let to = ask.to.unwrap_or(now_ms).min(now_ms);
    let from = ask.from.unwrap_or(to - HOUR_MS).max(now_ms - KEPT_MS);
    if from >= to {
        return Err(Refusal::invalid("from", "must be before to"));
    }
    let tier = if now_ms - from <= DAY_MS {
        FINE_MS
    } else if now_ms - from <= 14 * DAY_MS {
        MINUTE_MS
    } else {
        HOUR_MS
    };
    let least = ask
        .step
        .map_or(tier, i64::from)
        .max(tier)
        .max((to - from) / POINTS_MAX);
    let step = (least + tier - 1) / tier * tier;
    let first = from.div_euclid(step) * step;
    let times = (first..to).step_by(usize::try_from(step).unwrap_or(1));
    let points = times.filter_map(|at| series::point(nature, &series, at, step));
    let points: Vec<_> = points.collect();
    let metric = series.metric;
    let wants = ask.buckets && metric.kind() == Kind::Durations;
    let histogram: Option<Vec<HistoryBucket>> = wants.then(|| series::buckets(&points));
    Ok(HistoryAnswer {
        metric: metric.name().to_owned(),
        entity: series.entity.to_string(),
        unit: metric.unit(),
        kind: metric.kind(),
        from: first,
        to,
        step,
        points,
        histogram,
    })
}

/// Figures of the last hour.
pub(super) fn samples(nature: &Nature, since_ms: i64, now_ms: i64) -> Vec<Sample> {
    let newest = now_ms.div_euclid(FINE_MS);
    let hour = i64::try_from(crate::snapshot::SAMPLES_MAX).unwrap_or(i64::MAX);
    let oldest = (since_ms.div_euclid(FINE_MS) + 1).max(newest - hour + 1);
    let sample = |step: i64| {
        let at_ms = step * FINE_MS;
        (!nature.is_gap(at_ms)).then(|| series::sample(nature, at_ms))
    };
    (oldest..=newest).filter_map(sample).collect()
}

#[cfg(test)]
mod tests {
    use underpass_shared::api::management::HistoryPoint;

    use super::*;
    use crate::snapshot::SAMPLES_MAX;

    const NOW: i64 = 1_772_443_800_000;

    fn ask(metric: Metric, range: i64, step: Option<i64>) -> HistoryAnswer {
        let mut call = Call::get(Target::Monitoring(MonitoringTarget::History));
        call.query.monitor.metric = Some(metric);
        call.query.monitor.from = Some(NOW - range);
        call.query.monitor.to = Some(NOW);
        call.query.monitor.step = step.and_then(|step| u32::try_from(step).ok());
        call.query.monitor.buckets = true;
        history(&Nature::new(7, 0), &call, NOW).unwrap()
    }

    #[test]
    fn an_hour_at_first_then_what_is_new() {
        let nature = Nature::new(7, 0);
        let all = samples(&nature, 0, NOW);
        assert!(all.len() > SAMPLES_MAX / 2 && all.len() <= SAMPLES_MAX);
        assert_eq!(samples(&nature, 0, NOW), all);
        let last = all.last().unwrap().at_ms;
        assert_eq!(samples(&nature, last, NOW), []);
    }

    #[test]
    fn steps_follow_what_is_kept_and_points_are_few() {
        for (range, step, expected) in [
            (HOUR_MS, None, FINE_MS),
            (HOUR_MS, Some(40_000), 45_000),
            (7 * DAY_MS, None, 180_000),
            (90 * DAY_MS, None, HOUR_MS),
            (730 * DAY_MS, None, 4 * HOUR_MS),
        ] {
            let answer = ask(Metric::Requests, range, step);
            assert_eq!(answer.step, expected, "{range}");
            assert!(answer.points.len() <= 5_001, "{range}");
        }
    }

    #[test]
    fn every_metric_has_points_of_its_kind_that_make_sense() {
        for metric in Metric::ALL {
            let answer = ask(*metric, 6 * HOUR_MS, Some(MINUTE_MS));
            assert!(answer.points.len() > 300, "{metric}");
            for point in &answer.points {
                match (metric.kind(), point) {
                    (Kind::Gauge, HistoryPoint::Gauge { min, mean, max, .. }) => {
                        assert!(*min >= 0.0 && min <= mean && mean <= max, "{metric}");
                    }
                    (Kind::Tally, HistoryPoint::Tally { rate, peak, .. }) => {
                        assert!(*rate >= 0.0 && rate <= peak, "{metric}");
                    }
                    (Kind::Durations, HistoryPoint::Durations { p50, p90, p99, .. }) => {
                        assert!(p50 <= p90 && p90 <= p99, "{metric}");
                    }
                    _ => panic!("{metric} is no {point:?}"),
                }
            }
            assert_eq!(answer.histogram.is_some(), metric.kind() == Kind::Durations);
        }
    }

    #[test]
    fn nights_are_calm_and_gaps_are_gaps() {
        let answer = ask(Metric::Requests, 14 * DAY_MS, Some(10 * MINUTE_MS));
        let rate = |point: &HistoryPoint| match point {
            HistoryPoint::Tally { t, rate, .. } => (t.rem_euclid(DAY_MS) / HOUR_MS, *rate),
            other @ (HistoryPoint::Gauge { .. } | HistoryPoint::Durations { .. }) => {
                panic!("{other:?}")
            }
        };
        let mean = |hours: std::ops::Range<i64>| {
            let all = answer.points.iter().map(rate);
            let seen: Vec<f64> = all
                .filter(|(hour, _)| hours.contains(hour))
                .map(|(_, rate)| rate)
                .collect();
            seen.iter().sum::<f64>() / seen.len() as f64
        };
        assert!(mean(9..16) > 2.0 * mean(0..4));
        let times = (NOW - 14 * DAY_MS..NOW).step_by(600_000);
        let natures = (0..20).map(|seed| Nature::new(seed, 0));
        let gaps = natures.map(|one| times.clone().filter(|at| one.is_gap(*at)).count());
        assert!(gaps.sum::<usize>() > 20, "nobody was ever away");
    }
}
