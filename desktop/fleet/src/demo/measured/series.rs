//! The values of each metric.

use underpass_shared::api::management::{HISTORY_BOUNDS_MS, HistoryBucket, HistoryPoint};
use underpass_shared::monitor::{Entity, Kind, Metric, Series};

use super::curve::{Nature, Trouble};
use super::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::snapshot::Sample;

const GIB: f64 = 1_073_741_824.0;
const MIB: f64 = 1_048_576.0;
/// Looks within one step.
const LOOKS: i64 = 4;
/// What a series was over a step; nothing where the agent did not measure.
pub(super) fn point(nature: &Nature, series: &Series, t: i64, step: i64) -> Option<HistoryPoint> {
    let looks = (0..LOOKS).map(|look| t + step * look / LOOKS);
    let seen: Vec<i64> = looks.filter(|at| !nature.is_gap(*at)).collect();
    if seen.is_empty() {
        return None;
    }
    let values = seen.iter().map(|at| value(nature, series, *at));
    let values: Vec<f64> = values.collect();
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    let mean = (values.iter().sum::<f64>() / values.len() as f64).clamp(least, most);
    Some(match series.metric.kind() {
        Kind::Gauge => HistoryPoint::Gauge {
            t,
            min: least,
            mean,
            max: most,
        },
        Kind::Tally => {
            let sum = whole(mean * step as f64 / 1_000.0);
            let rate = sum as f64 * 1_000.0 / step as f64;
            HistoryPoint::Tally {
                t,
                sum,
                rate,
                peak: most.max(rate),
            }
        }
        Kind::Durations => durations(nature, series, t, step, (mean, most)),
    })
}

fn durations(
    nature: &Nature,
    series: &Series,
    t: i64,
    step: i64,
    (median, worst): (f64, f64),
) -> HistoryPoint {
    let share = weight(nature, &series.entity);
    let count = whole(nature.rate(t) * share * step as f64 / 1_000.0);
    let some = |value: f64| (count > 0).then_some(value);
    let tail = 1.0 + nature.noise(31, t, 2 * MINUTE_MS);
    let p99 = worst * (3.2 + 1.6 * tail);
    HistoryPoint::Durations {
        t,
        count,
        mean: some(median * 1.25),
        min: some(median * 0.3),
        p50: some(median),
        p90: some(median * 1.9),
        p95: some(median * 2.5),
        p99: some(p99),
        max: some(p99 * (1.2 + tail)),
    }
}

/// The share of the agent's traffic that something has.
pub(super) fn weight(nature: &Nature, entity: &Entity) -> f64 {
    match entity {
        Entity::Agent | Entity::Volume(_) | Entity::Interface(_) => 1.0,
        Entity::Tunnel(_) => 0.6,
        Entity::Mapping(..) => {
            let hash = salt(&entity.to_string()) ^ nature.seed;
            // Some are never asked for.
            match hash % 10 {
                0 | 1 => 0.0,
                part => f64::from(u32::try_from(part).unwrap_or(1)) / 30.0,
            }
        }
        Entity::Channel(..) => 0.1,
    }
}

fn salt(text: &str) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    text.bytes().fold(0xCBF2_9CE4_8422_2325, fold)
}

/// What a metric is at a time; for durations the median.
pub(super) fn value(nature: &Nature, series: &Series, at: i64) -> f64 {
    let share = weight(nature, &series.entity);
    let rate = nature.rate(at) * share;
    let wave = |salt: u64, period: i64| nature.noise(salt, at, period);
    let errors = nature.depth(Trouble::Errors, at);
    let down = f64::from(u8::from(
        nature.depth(Trouble::Flapping, at) * wave(9, 40_000) > 0.35,
    ));
    let day = nature.day(at);
    let cpu = 0.04 + 0.3 * rate / nature.busy + 0.05 * wave(5, 45_000);
    let duration = nature.duration(at);
    match series.metric {
        Metric::HostCpu => (cpu + 0.12 + 0.18 * wave(6, 7 * MINUTE_MS)).min(1.0),
        Metric::ProcessCpu => cpu.min(0.9) * 0.5,
        Metric::Load => 0.4 + 3.2 * cpu,
        Metric::HostMemory => (5.2 + 1.4 * wave(7, 3 * HOUR_MS) + 0.8 * day) * GIB,
        Metric::HostMemoryTotal => 16.0 * GIB,
        Metric::ProcessMemory => (34.0 + 40.0 * day + 14.0 * wave(8, 11 * MINUTE_MS)) * MIB,
        Metric::HostSwap => (0.2 + 0.1 * wave(11, DAY_MS)) * GIB,
        Metric::HostSwapTotal => 4.0 * GIB,
        Metric::ProcessVirtual => (310.0 + 40.0 * day) * MIB,
        Metric::OpenFiles => (48.0 + 90.0 * day + 12.0 * wave(12, MINUTE_MS)).round(),
        Metric::Threads => 18.0 + (3.0 * wave(13, 10 * MINUTE_MS)).round(),
        Metric::DataDirSize => (120.0 + 40.0 * wave(14, 20 * DAY_MS)) * MIB,
        Metric::QueueAudit => (2.0 * wave(15, 30_000)).floor(),
        Metric::DiskFree => (61.0 - 9.0 * wave(16, 9 * DAY_MS)) * GIB,
        Metric::DiskTotal => 118.0 * GIB,
        Metric::NetworkReceived => rate * 5_200.0,
        Metric::NetworkSent => rate * 21_000.0,
        Metric::TunnelUp => 1.0 - down,
        Metric::TunnelConnections => (2.0 * (1.0 - down)).round(),
        Metric::TunnelRoundTrip => 0.011 + 0.006 * wave(17, MINUTE_MS) + 0.05 * down,
        Metric::TunnelReceived | Metric::BytesReceived | Metric::ChannelReceived => {
            rate * (1_800.0 + 900.0 * wave(18, MINUTE_MS))
        }
        Metric::TunnelSent | Metric::BytesSent | Metric::ChannelSent => {
            rate * (14_000.0 + 9_000.0 * wave(19, MINUTE_MS))
        }
        Metric::TunnelStreams | Metric::RequestsOpen | Metric::BackendActive => {
            (rate * duration * 1.4).round()
        }
        Metric::TunnelReconnects => 0.02 * down,
        Metric::Requests => rate * (1.0 - down),
        Metric::RequestsDenied => rate * 0.008 * wave(20, 5 * MINUTE_MS),
        Metric::RequestsFailed => rate * (0.001 + 0.22 * errors + 0.4 * down),
        Metric::RequestsAborted => rate * 0.003 * wave(21, 4 * MINUTE_MS),
        Metric::AnswersServerError => rate * (0.002 * wave(22, 6 * MINUTE_MS) + 0.12 * errors),
        Metric::TimeTotal => duration,
        Metric::TimeGateway => 0.0018 + 0.0009 * wave(23, MINUTE_MS),
        Metric::TimeOpen => 0.006 + 0.004 * wave(24, 2 * MINUTE_MS),
        Metric::TimeBackend => duration * 0.78,
        Metric::TimePropagation => 0.0022 + 0.001 * wave(25, 2 * MINUTE_MS),
        Metric::TimeTunnel => 0.011 + 0.005 * wave(26, MINUTE_MS),
        Metric::BackendIdle => (3.0 + 14.0 * day * share).round(),
        Metric::BackendUp => 1.0 - f64::from(u8::from(errors > 0.9)),
        Metric::ChannelConnections => (4.0 * day).round(),
    }
}

/// How many of the durations of all points were within which bound: each step is taken as
/// spread between its percentiles.
pub(super) fn buckets(points: &[HistoryPoint]) -> Vec<HistoryBucket> {
    let mut counts = [0.0_f64; HISTORY_BOUNDS_MS.len() + 1];
    for point in points {
        let HistoryPoint::Durations {
            count,
            min: Some(min),
            p50: Some(p50),
            p90: Some(p90),
            p99: Some(p99),
            max: Some(max),
            ..
        } = point
        else {
            continue;
        };
        let parts = [
            (*min, *p50, 0.5),
            (*p50, *p90, 0.4),
            (*p90, *p99, 0.09),
            (*p99, *max, 0.01),
        ];
        for (low, high, share) in parts {
            let all = *count as f64 * share;
            let mut before = 0.0;
            for (at, slot) in counts.iter_mut().enumerate() {
                let bound = HISTORY_BOUNDS_MS
                    .get(at)
                    .map_or(f64::MAX, |ms| *ms as f64 / 1_000.0);
                let below = ((bound - low) / (high - low).max(1e-9)).clamp(0.0, 1.0);
                *slot += all * (below - before);
                before = below;
            }
        }
    }
    let bucket = |(at, count): (usize, &f64)| HistoryBucket {
        up_to: HISTORY_BOUNDS_MS.get(at).copied(),
        count: whole(*count),
    };
    counts.iter().enumerate().map(bucket).collect()
}

/// Figures at one time.
pub(super) fn sample(nature: &Nature, at_ms: i64) -> Sample {
    let read = |metric| {
        let entity = Entity::Agent;
        value(nature, &Series { entity, metric }, at_ms)
    };
    Sample {
        at_ms,
        requests: Some(small(read(Metric::Requests))),
        cpu: Some(small(read(Metric::HostCpu))),
        memory: Some(whole(read(Metric::ProcessMemory))),
        answer_ms: Some(
            2 + u32::try_from(whole(12.0 * nature.noise(40, at_ms, 20_000))).unwrap_or(0),
        ),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "figures for people")]
const fn small(value: f64) -> f32 {
    value as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are not negative"
)]
pub(super) fn whole(value: f64) -> u64 {
    value.max(0.0).round() as u64
}
