//! The meter as a whole.

use http::{Request as Head, StatusCode};
use underpass_shared::config::{Document, Protocol};
use underpass_shared::instant::Now;
use underpass_shared::monitor::{Entity, Metric, Outcome, Point, Tally};
use underpass_shared::policy::{Access, Policy};
use uuid::Uuid;

use super::*;

const DAY_MS: i64 = 86_400_000;

/// A document that exposes `erp:80` with the resource `/a`, or nothing of its subaccount.
fn document(has_mapping: bool) -> Document {
    let mapping = serde_json::json!({
        "virtualAddress": "erp:80", "internalAddress": "10.0.0.1:8080",
        "protocol": "HTTP", "backendType": "nonSAPsys",
        "resources": [{"path": "/a", "enabled": true, "exactMatchOnly": false}],
    });
    let mappings = if has_mapping { vec![mapping] } else { vec![] };
    let document = serde_json::json!({"schema": 1, "connector": {}, "subaccounts": [{
        "regionHost": "localhost", "subaccount": Uuid::nil(), "instance": Uuid::nil(),
        "credential": Uuid::nil(), "connected": true, "mappings": mappings,
    }]});
    Document::from_json(&document.to_string()).unwrap()
}

/// A meter and what it counts for.
struct Rig {
    meter: Meter,
    tunnel: Arc<TunnelMeter>,
    document: Document,
    start: Duration,
}

impl Rig {
    fn new() -> Self {
        let (meter, document) = (Meter::new(), document(true));
        let tunnel = meter.tunnel(document.subaccounts()[0].key());
        let start = clock::monotonic();
        Self {
            meter,
            tunnel,
            document,
            start,
        }
    }

    fn begin(&self, path: &str) -> Measured {
        let head = Head::get(format!("http://erp{path}")).body(()).unwrap();
        self.tunnel.begin(&head, Some(Duration::from_micros(400)))
    }

    fn permitted(&self, path: &str) -> Measured {
        let mut measured = self.begin(path);
        let access = Access {
            protocol: Protocol::Http,
            host: "erp",
            port: 80,
            path: path.as_bytes(),
            websocket: false,
        };
        let policy = Policy::new(Arc::clone(&self.document.subaccounts()[0]));
        measured.permitted(80, &policy.decide(&access).unwrap());
        measured
    }

    /// A sample that ends `seconds` after the start, at `end_ms` by the host's clock.
    fn sample(&self, seconds: u64, end_ms: i64) -> Tick {
        let now = Now {
            monotonic: self.start + Duration::from_secs(seconds),
            wall_ms: end_ms,
        };
        self.meter.sample(now, &self.document, Host::default(), 3)
    }

    fn mapping(&self) -> Entity {
        let key = self.tunnel.key().as_ref().clone();
        Entity::Mapping(key, "erp:80".parse().unwrap())
    }
}

fn point(tick: &Tick, entity: &Entity, metric: Metric) -> Option<Point> {
    let mut found = tick
        .sample
        .points
        .iter()
        .filter(|(series, _)| (&series.entity, series.metric) == (entity, metric));
    let first = found.next().map(|(_, point)| point.clone());
    assert!(
        found.next().is_none(),
        "{metric} of {entity} is there twice"
    );
    first
}

fn sum(tick: &Tick, entity: &Entity, metric: Metric) -> u64 {
    match point(tick, entity, metric) {
        Some(Point::Tally(tally)) => tally.sum,
        None => 0,
        Some(other) => panic!("{other:?}"),
    }
}

/// Five requests that ended, each in another way, and one that has not.
fn in_every_way(rig: &Rig) -> Measured {
    let open = rig.permitted("/a/open");
    let mut answered = rig.permitted("/a/1");
    answered.flow().asked();
    answered.flow().received(10);
    answered.flow().answered();
    answered.flow().sent(100);
    answered.answered(StatusCode::SERVICE_UNAVAILABLE);
    // That it is dropped later is no second end.
    drop(answered);
    let mut failed = rig.permitted("/a/2");
    failed.flow().opened(Duration::from_millis(7));
    failed.failed(StatusCode::BAD_GATEWAY);
    failed.flow().sent(5);
    failed.end();
    let aborted = rig.permitted("/a/3");
    aborted.flow().received(1);
    drop(aborted);
    let mut denied = rig.begin("/b");
    denied.denied("erp", 80, Some(&"erp:80".parse().unwrap()));
    denied.failed(StatusCode::FORBIDDEN);
    denied.flow().sent(3);
    denied.end();
    let mut unknown = rig.begin("/a");
    unknown.denied(&"x".repeat(70_000), 81, None);
    drop(unknown);
    open.flow().sent(1_000);
    open
}

#[test]
fn each_way_to_end_is_counted_once_with_its_bytes() {
    let rig = Rig::new();
    let _open = in_every_way(&rig);
    let tick = rig.sample(15, 0);
    let (agent, mapping) = (Entity::Agent, rig.mapping());
    for (metric, of_mapping, of_agent) in [
        (Metric::Requests, 4, 5),
        (Metric::RequestsDenied, 1, 2),
        (Metric::RequestsFailed, 1, 1),
        (Metric::RequestsAborted, 1, 1),
        (Metric::AnswersServerError, 1, 1),
        (Metric::BytesReceived, 11, 11),
        // What has not ended counts as it passes.
        (Metric::BytesSent, 1_108, 1_108),
    ] {
        assert_eq!(sum(&tick, &mapping, metric), of_mapping, "{metric}");
        assert_eq!(sum(&tick, &agent, metric), of_agent, "{metric}");
    }
    for (metric, count) in [
        (Metric::TimeTotal, 2),
        (Metric::TimeOpen, 1),
        (Metric::TimeBackend, 1),
        (Metric::TimeTunnel, 2),
    ] {
        let Some(Point::Durations(times)) = point(&tick, &mapping, metric) else {
            panic!("no {metric}");
        };
        assert_eq!(times.count(), count, "{metric}");
        assert_eq!(point(&tick, &agent, metric), Some(Point::Durations(times)));
    }
    let Some(Point::Gauge(in_flight)) = point(&tick, &agent, Metric::RequestsOpen) else {
        panic!("none in flight");
    };
    assert_eq!((in_flight.mean(), in_flight.max), (1.0, 2.0));
    assert_eq!(tick.usage.len(), 1);
    let used = tick.usage[0].usage;
    assert_eq!((used.calls, used.received, used.sent), (3, 11, 105));
}

#[test]
fn each_way_to_end_is_remembered() {
    let rig = Rig::new();
    let _open = in_every_way(&rig);
    let last = rig.meter.recent(9, |_| true).requests;
    let outcomes: Vec<Outcome> = last.iter().map(|one| one.outcome).collect();
    let (failed, answered) = (Outcome::Failed(502), Outcome::Answered(503));
    let denied = Outcome::Denied;
    assert_eq!(
        outcomes,
        [denied, denied, Outcome::Aborted, failed, answered]
    );
    assert_eq!(
        (last[0].virtual_host.len(), last[0].virtual_port),
        (256, 81)
    );
    assert_eq!(&*last[4].internal, "10.0.0.1:8080");
    assert_eq!((&*last[4].resource, &*last[4].path), ("/a", "/a/1"));
    assert_eq!(last[3].split.open, Some(7_000));
    assert_eq!(last[3].split.tunnel, Some(400));
    assert_eq!(rig.meter.top().requests.len(), 2);
    assert_eq!((rig.meter.in_flight(), rig.meter.totals().requests), (1, 5));
}

#[test]
fn a_clock_that_jumps_makes_no_rate_negative_or_endless() {
    let rig = Rig::new();
    let mut end_ms = 1_000 * DAY_MS;
    for (at, jump) in [0, DAY_MS, -2 * DAY_MS, DAY_MS].into_iter().enumerate() {
        for _ in 0..30 {
            rig.permitted("/a").answered(StatusCode::OK);
        }
        end_ms += 15_000 + jump;
        let tick = rig.sample(15 * (at as u64 + 1), end_ms);
        assert_eq!(tick.sample.end_ms, end_ms);
        // The first is a little longer, for the meter is older than the rig.
        assert!(tick.sample.span_ms.abs_diff(15_000) < 100);
        let Some(Point::Tally(Tally { sum, peak })) =
            point(&tick, &Entity::Agent, Metric::Requests)
        else {
            panic!("no requests");
        };
        assert_eq!(sum, 30);
        assert!((peak - 2.0).abs() < 0.02, "{peak}");
        let times = point(&tick, &Entity::Agent, Metric::TimeTotal);
        let Some(Point::Durations(times)) = times else {
            panic!("no times");
        };
        assert!(times.range().unwrap().1 < 1_000_000, "{times:?}");
    }
    // Time that stands still, or a sample at once after the other.
    let again = rig.sample(60, end_ms);
    assert_eq!(again.sample.span_ms, 1);
    assert_eq!(sum(&again, &Entity::Agent, Metric::Requests), 0);
}

#[test]
fn mappings_that_are_gone_are_forgotten_and_the_sums_stay() {
    let mut rig = Rig::new();
    let mut open = rig.permitted("/a");
    rig.permitted("/a").answered(StatusCode::OK);
    rig.document = document(false);
    rig.sample(15, 0);
    assert_eq!(rig.meter.mappings().len(), 1, "a request of it still runs");
    open.answered(StatusCode::OK);
    drop(open);
    let tick = rig.sample(30, 0);
    assert_eq!(sum(&tick, &rig.mapping(), Metric::Requests), 1);
    assert!(rig.meter.mappings().is_empty());
    assert_eq!(rig.meter.totals().requests, 2);
    assert_eq!(rig.meter.tunnels()[0].totals.requests, 2);
    let tick = rig.sample(45, 0);
    assert_eq!(sum(&tick, &Entity::Agent, Metric::Requests), 0);

    rig.document = Document::empty();
    let mut other = rig.tunnel.key().as_ref().clone();
    other.location_id = "gone".parse().unwrap();
    drop(rig.meter.tunnel(&other));
    rig.sample(60, 0);
    assert_eq!(rig.meter.tunnels().len(), 1, "this tunnel is still held");
}

#[test]
fn the_use_of_resources_that_are_gone_counts_for_the_mapping() {
    let mut rig = Rig::new();
    let used = |rig: &Rig| {
        let uses = rig.meter.usage().into_iter();
        let told = uses.map(|one| (one.resource.to_string(), one.usage.calls));
        told.collect::<Vec<_>>()
    };
    rig.permitted("/a").answered(StatusCode::OK);
    rig.sample(15, 0);
    assert_eq!(used(&rig), [("/a".to_owned(), 1)]);
    let last_ms = rig.meter.usage()[0].usage.last_ms;

    let other = rig.document.to_json().replace("\"/a\"", "\"/b\"");
    rig.document = Document::from_json(&other).unwrap();
    for seconds in [30, 45] {
        let tick = rig.sample(seconds, 0);
        assert!(tick.usage.is_empty(), "it is kept already");
        assert_eq!(used(&rig), [(String::new(), 1)]);
    }
    assert_eq!(rig.meter.usage()[0].usage.last_ms, last_ms);
}

#[test]
fn performance_begins_anew_when_it_is_deleted() {
    let rig = Rig::new();
    rig.permitted("/a").answered(StatusCode::OK);
    rig.meter.delete_performance();
    rig.permitted("/a").answered(StatusCode::OK);
    rig.permitted("/a")
        .answered(StatusCode::SWITCHING_PROTOCOLS);
    let performance = rig.meter.performance();
    let of = &performance.mappings[0];
    assert_eq!((of.performance.count(), of.durations.count()), (1, 2));
    assert_eq!((of.totals.requests, of.totals.answers[0]), (3, 1));
    assert!(performance.since_ms >= rig.meter.started_ms());
}
