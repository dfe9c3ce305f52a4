//! One sample of everything: what happened since the one before.

use std::sync::Arc;

use underpass_shared::config::Document;
use underpass_shared::instant::Now;
use underpass_shared::monitor::{Entity, Gauge, Histogram, Metric, Point, Sample, Series, Tally};

use super::cell::{Taken, Times};
use super::figures::{ResourceUse, Totals};
use super::tunnel::TunnelTaken;
use super::{Meter, TunnelMeter, lock};

/// What is handed on each time.
#[derive(Clone, Debug)]
pub struct Tick {
    /// What was measured.
    pub sample: Arc<Sample>,
    /// What was called since the time before, through which resource.
    pub usage: Vec<ResourceUse>,
}

/// Gathers the points of a sample. What is zero is left out: it comes back as zero.
#[derive(Debug)]
pub(super) struct Points {
    span_ms: u64,
    points: Vec<(Series, Point)>,
}

impl Points {
    pub(super) const fn over(span_ms: u64) -> Self {
        Self {
            span_ms,
            points: vec![],
        }
    }

    fn push(&mut self, entity: &Entity, metric: Metric, point: Point) {
        debug_assert_eq!(point.kind(), metric.kind(), "{metric}");
        let entity = entity.clone();
        self.points.push((Series { entity, metric }, point));
    }

    /// A reading.
    pub(super) fn gauge(&mut self, entity: &Entity, metric: Metric, value: f64) {
        self.push(entity, metric, Point::Gauge(Gauge::of(value)));
    }

    /// A level that had a peak between two readings.
    fn level(&mut self, entity: &Entity, metric: Metric, (now, peak): (usize, usize)) {
        debug_assert!(metric.is_left_out_at_zero(), "{metric}");
        if peak > 0 {
            let mut gauge = Gauge::of(float(now));
            gauge.max = gauge.max.max(float(peak));
            self.push(entity, metric, Point::Gauge(gauge));
        }
    }

    /// What happened.
    pub(super) fn tally(&mut self, entity: &Entity, metric: Metric, sum: u64) {
        if sum > 0 {
            let tally = Tally::of(sum, self.span_ms);
            self.push(entity, metric, Point::Tally(tally));
        }
    }

    fn durations(&mut self, entity: &Entity, metric: Metric, times: Histogram) {
        if times.count() > 0 {
            self.push(entity, metric, Point::Durations(times));
        }
    }

    fn requests(&mut self, entity: &Entity, totals: &Totals, times: Times) {
        for (metric, sum) in [
            (Metric::Requests, totals.requests),
            (Metric::RequestsDenied, totals.denied),
            (Metric::RequestsFailed, totals.failed),
            (Metric::RequestsAborted, totals.aborted),
            (Metric::AnswersServerError, totals.server_errors()),
            (Metric::BytesReceived, totals.received),
            (Metric::BytesSent, totals.sent),
        ] {
            self.tally(entity, metric, sum);
        }
        for (metric, times) in [
            (Metric::TimeTotal, times.total),
            (Metric::TimeGateway, times.gateway),
            (Metric::TimeOpen, times.open),
            (Metric::TimeBackend, times.backend),
            (Metric::TimePropagation, times.propagation),
            (Metric::TimeTunnel, times.tunnel),
        ] {
            self.durations(entity, metric, times);
        }
    }

    pub(super) fn into_sample(self, now: Now) -> Sample {
        Sample {
            end_ms: now.wall_ms,
            span_ms: self.span_ms,
            points: self.points,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count for people")]
pub(super) const fn float(count: usize) -> f64 {
    count as f64
}

/// The sums over all mappings.
#[derive(Default)]
struct Sums {
    totals: Totals,
    times: Times,
    active: (usize, usize),
    idle: usize,
}

impl Sums {
    fn add(&mut self, taken: &Taken) {
        self.totals.add(&taken.totals);
        self.times.merge(&taken.times);
        self.active.0 += taken.active.0;
        self.active.1 = self.active.1.max(taken.active.1);
        self.idle += taken.idle;
    }
}

impl Meter {
    /// Takes what happened since the last call. `document` says which tunnels and mappings there
    /// are to be; others are forgotten once nothing of theirs runs.
    ///
    /// Rates are by the clock that never jumps, so that none is negative or beyond measure.
    pub(super) fn take(&self, now: Now, document: &Document) -> (Points, Vec<ResourceUse>) {
        let mut taken = lock(&self.0.taken);
        let span = now.monotonic.saturating_sub(*taken);
        *taken = now.monotonic;
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut points = Points::over(span_ms);
        let (mut sums, mut uses) = (Sums::default(), vec![]);
        lock(&self.0.tunnels).retain(|key, tunnel| {
            let subaccount = document.subaccount(key);
            // Nobody can count in it any more: all of it is in what is taken now.
            let is_over = subaccount.is_none() && Arc::strong_count(tunnel) == 1;
            let taken = tunnel.take(subaccount.map(Arc::as_ref));
            add_tunnel(&mut points, tunnel, taken, &mut sums, &mut uses);
            if is_over {
                lock(&self.0.gone).add(&tunnel.totals());
            }
            !is_over
        });
        let agent = Entity::Agent;
        points.requests(&agent, &sums.totals, sums.times);
        points.level(&agent, Metric::RequestsOpen, self.0.open.take());
        let active = (sums.active.0, sums.active.1.max(sums.active.0));
        points.level(&agent, Metric::BackendActive, active);
        points.level(&agent, Metric::BackendIdle, (sums.idle, sums.idle));
        (points, uses)
    }
}

fn add_tunnel(
    points: &mut Points,
    tunnel: &TunnelMeter,
    taken: TunnelTaken,
    sums: &mut Sums,
    uses: &mut Vec<ResourceUse>,
) {
    let entity = Entity::Tunnel(tunnel.key().as_ref().clone());
    let mut of_tunnel = taken.rest.totals;
    sums.add(&taken.rest);
    for (address, mut taken) in taken.cells {
        of_tunnel.add(&taken.totals);
        sums.add(&taken);
        for (resource, usage) in std::mem::take(&mut taken.usage) {
            uses.push(ResourceUse {
                subaccount: Arc::clone(tunnel.key()),
                address: address.clone(),
                resource,
                usage,
            });
        }
        let entity = Entity::Mapping(tunnel.key().as_ref().clone(), address);
        points.requests(&entity, &taken.totals, taken.times);
        points.level(&entity, Metric::RequestsOpen, taken.open);
        points.level(&entity, Metric::BackendActive, taken.active);
        points.level(&entity, Metric::BackendIdle, (taken.idle, taken.idle));
        if let Some(up) = taken.up {
            points.gauge(&entity, Metric::BackendUp, f64::from(u8::from(up)));
        }
    }
    let is_up = f64::from(u8::from(taken.up > 0));
    points.gauge(&entity, Metric::TunnelUp, is_up);
    points.level(&entity, Metric::TunnelConnections, (taken.up, taken.up));
    let streams = (taken.streams, taken.streams.max(taken.open.1));
    points.level(&entity, Metric::TunnelStreams, streams);
    points.tally(&entity, Metric::TunnelReceived, of_tunnel.received);
    points.tally(&entity, Metric::TunnelSent, of_tunnel.sent);
    points.tally(&entity, Metric::TunnelReconnects, taken.reconnects);
    points.durations(&entity, Metric::TunnelRoundTrip, taken.trips);
}
