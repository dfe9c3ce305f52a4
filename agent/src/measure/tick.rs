//! The clock of measuring: every 15 s one sample of everything.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::Event;
use underpass_shared::config::Document;
use underpass_shared::instant::Now;
use underpass_shared::monitor::{Entity, Metric, Point, Sample};

use super::host::{Host, Reader, Volumes};
use super::take::float;
use super::{Meter, Tick, lock};
use crate::audit::Audit;
use crate::events::Events;
use crate::store::Snapshot;

/// How often a sample is made; by the host's clock, so that samples of a day lie at the same times.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(15);
/// How often volumes and the data directory are looked at.
const VOLUMES_EVERY: Duration = Duration::from_secs(60);
/// A sample that ends this near to its time ends at it: timers come a little late, and clocks are
/// set by a little. So no sample falls into the place of another.
const NEAR_MS: i64 = 1_000;

/// What is looked at beside the meter.
pub(crate) struct Ticker {
    pub(crate) meter: Meter,
    pub(crate) data_dir: PathBuf,
    pub(crate) snapshot: watch::Receiver<Arc<Snapshot>>,
    pub(crate) audit: Audit,
    pub(crate) events: Events,
    pub(crate) tasks: Tasks,
}

impl Ticker {
    /// Samples until told to stop; each is handed on before it can be asked for.
    pub(crate) async fn run(self, mut hand_on: impl FnMut(&Tick) + Send) {
        let mut host = HostWatch::new(self.data_dir.clone());
        loop {
            let wait = until_next(clock::wall_ms());
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.tasks.stopped() => return,
            }
            let now = clock::now();
            let host = host.read(now.monotonic).await;
            let waiting = self.audit.waiting();
            let document = Arc::clone(self.snapshot.borrow().document());
            let tick = self.meter.sample(now, &document, host, waiting);
            hand_on(&tick);
            self.events.tell(headline(&tick.sample));
            self.meter.publish(tick.sample);
        }
    }
}

/// Reads the host, and its volumes on a thread that may wait.
struct HostWatch {
    reader: Reader,
    data_dir: PathBuf,
    volumes: Volumes,
    looked: Option<Duration>,
    looking: Option<JoinHandle<Volumes>>,
}

impl HostWatch {
    fn new(data_dir: PathBuf) -> Self {
        let mut reader = Reader::new();
        // What follows is told as the difference to this.
        reader.read(clock::monotonic());
        let mut this = Self {
            reader,
            data_dir,
            volumes: Volumes::default(),
            looked: None,
            looking: None,
        };
        this.look(clock::monotonic());
        this
    }

    /// Begins to look at the volumes when it is time, unless somebody still does.
    fn look(&mut self, now: Duration) {
        let is_due = self.looked.is_none_or(|last| now >= last + VOLUMES_EVERY);
        if is_due && self.looking.is_none() {
            self.looked = Some(now);
            let data_dir = self.data_dir.clone();
            self.looking = Some(spawn_blocking(move || Volumes::read(&data_dir)));
        }
    }

    async fn read(&mut self, now: Duration) -> Host {
        if let Some(looking) = self.looking.take_if(|one| one.is_finished()) {
            match looking.await {
                Ok(volumes) => self.volumes = volumes,
                Err(error) => tracing::warn!(%error, "cannot look at the volumes"),
            }
        }
        self.look(now);
        Host {
            volumes: self.volumes.clone(),
            ..self.reader.read(now)
        }
    }
}

impl Meter {
    /// What happened since the last call, with what was read of the host and how many records wait
    /// for the audit log's disk.
    pub fn sample(&self, now: Now, document: &Document, host: Host, waiting: usize) -> Tick {
        let now = Now {
            wall_ms: at_its_time(now.wall_ms),
            ..now
        };
        let (mut points, usage) = self.take(now, document);
        host.add_to(&mut points);
        points.gauge(&Entity::Agent, Metric::QueueAudit, float(waiting));
        *lock(&self.0.host) = Some(Arc::new(host));
        Tick {
            sample: Arc::new(points.into_sample(now)),
            usage,
        }
    }

    /// Makes a sample the last one.
    fn publish(&self, sample: Arc<Sample>) {
        self.0.last.send_replace(sample);
    }
}

fn every_ms() -> i64 {
    i64::try_from(SAMPLE_EVERY.as_millis()).unwrap_or(i64::MAX)
}

/// How long the next sample is away: at least half of what lies between two, so that none is so
/// short that its rates mean nothing.
fn until_next(now_ms: i64) -> Duration {
    let every = every_ms();
    let left = every - now_ms.rem_euclid(every);
    let left = if left < every / 2 { left + every } else { left };
    Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

fn at_its_time(end_ms: i64) -> i64 {
    let every = every_ms();
    let nearest = (end_ms + every / 2).div_euclid(every) * every;
    if (end_ms - nearest).abs() <= NEAR_MS {
        nearest
    } else {
        end_ms
    }
}

/// The figures that everybody looks at first.
fn headline(sample: &Sample) -> Event {
    let of_agent = |metric: Metric| {
        let found = sample
            .points
            .iter()
            .find(|(series, _)| series.metric == metric && series.entity == Entity::Agent);
        found.map(|(_, point)| point)
    };
    let tally = |metric| match of_agent(metric) {
        Some(Point::Tally(tally)) => tally.sum,
        Some(Point::Gauge(_) | Point::Durations(_)) | None => 0,
    };
    let gauge = |metric| match of_agent(metric) {
        Some(Point::Gauge(gauge)) => Some(gauge.mean()),
        Some(Point::Tally(_) | Point::Durations(_)) | None => None,
    };
    let p95_us = match of_agent(Metric::TimeTotal) {
        Some(Point::Durations(times)) => times.quantile(0.95),
        Some(Point::Tally(_) | Point::Gauge(_)) | None => None,
    };
    let up = sample.points.iter().filter(|(series, point)| {
        series.metric == Metric::TunnelUp
            && matches!(point, Point::Gauge(gauge) if gauge.mean() > 0.0)
    });
    let per_second = |sum: u64| rounded(ratio(sum, sample.span_ms) * 1_000.0);
    let errors = tally(Metric::RequestsFailed) + tally(Metric::AnswersServerError);
    Event::Metrics {
        requests_per_second: per_second(tally(Metric::Requests)),
        errors_per_second: per_second(errors),
        p95_ms: p95_us.map(|us| rounded(ratio(us, 1_000))),
        cpu: gauge(Metric::HostCpu).map(rounded),
        memory: gauge(Metric::ProcessMemory).map_or(0, whole),
        tunnels_up: up.count(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other.max(1) as f64
}

/// To three digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bytes were whole before"
)]
const fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_at_their_times_and_none_is_short() {
        for (now_ms, wait_ms) in [
            (0, 15_000),
            (7_500, 7_500),
            (7_501, 22_499),
            (14_999, 15_001),
        ] {
            for day in [0, 86_400_000, -86_400_000] {
                let wait = until_next(now_ms + day);
                assert_eq!(wait, Duration::from_millis(wait_ms), "{now_ms}");
            }
        }
        for (end_ms, at) in [
            (30_004, 30_000),
            (29_999, 30_000),
            (31_000, 30_000),
            (31_001, 31_001),
            (-14_990, -15_000),
        ] {
            assert_eq!(at_its_time(end_ms), at);
        }
    }
}
