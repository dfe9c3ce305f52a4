//! What the agent measures, against a load of known shape.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use underpass_agent::measure::{Host, Totals};
use underpass_runtime::clock;
use underpass_shared::monitor::{Entity, Histogram, Metric, Outcome, Point, Sample};

use crate::agent::Agent;
use crate::crowd::{Crowd, Seen};
use crate::live::Live;
use crate::process::{json as parse, run, until};
use crate::world::World;

/// Applications that call at once.
const CONSUMERS: usize = 8;
/// Calls of each whose time is known.
const SLOW_CALLS: usize = 15;
/// How far a percentile may be off.
const TOLERANCE: f64 = 0.02;
const RESETS: usize = 5;

/// A gateway and an agent in this process, whose meter the test can ask.
struct Scene {
    world: World,
    live: Live,
}

impl Scene {
    /// Exposes the sample back end by two names, and a third name where nobody listens.
    fn start(world: World, backend: &str) -> Self {
        let agent = world.enrol("", &[]);
        // Bound once, so that it is nobody else's.
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = closed.local_addr().unwrap().to_string();
        drop(closed);
        agent.expose(&[
            ("backend.virtual:80", backend),
            ("slow.virtual:80", backend),
            ("closed.virtual:80", &nobody),
        ]);
        let live = Live::start(&agent);
        live.until_up();
        Self { world, live }
    }

    fn head(&self, method: &str, host: &str, path: &str, more: &str) -> String {
        let token = self.world.tenant.authorization();
        format!("{method} http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n{more}\r\n")
    }

    fn post(&self, len: usize) -> String {
        let length = format!("Content-Length: {len}\r\n");
        let head = self.head("POST", "backend.virtual", "/echo", &length);
        head + &"x".repeat(len)
    }

    /// What was measured so far, once nothing runs any more.
    fn sample(&self) -> Sample {
        until("no request is in flight", || {
            (self.live.meter.in_flight() == 0).then_some(())
        });
        let now = clock::now();
        let snapshot = self.live.store.current();
        let meter = &self.live.meter;
        let tick = meter.sample(now, snapshot.document(), Host::default(), 0);
        tick.sample.as_ref().clone()
    }

    fn mapping(&self, host: &str) -> Entity {
        let snapshot = self.live.store.current();
        let key = snapshot.document().subaccounts()[0].key().clone();
        Entity::Mapping(key, format!("{host}:80").parse().unwrap())
    }
}

fn point<'a>(sample: &'a Sample, entity: &Entity, metric: Metric) -> Option<&'a Point> {
    let mut points = sample.points.iter();
    let found = points.find(|(one, _)| (&one.entity, one.metric) == (entity, metric));
    found.map(|(_, point)| point)
}

fn sum(sample: &Sample, entity: &Entity, metric: Metric) -> usize {
    match point(sample, entity, metric) {
        Some(Point::Tally(tally)) => usize::try_from(tally.sum).unwrap(),
        None => 0,
        Some(other) => panic!("{other:?}"),
    }
}

fn times<'a>(sample: &'a Sample, entity: &Entity, metric: Metric) -> &'a Histogram {
    match point(sample, entity, metric) {
        Some(Point::Durations(times)) => times,
        other => panic!("{metric}: {other:?}"),
    }
}

/// The percentiles of what the applications saw are those of what was measured.
fn assert_same_percentiles(seen: &[Seen], measured: &Histogram) {
    let mut seen: Vec<Duration> = seen.iter().map(|one| one.time).collect();
    seen.sort_unstable();
    for percent in [50, 75, 90, 95, 99] {
        let at = (seen.len() * percent).div_ceil(100) - 1;
        let seen = seen[at].as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a number below 100")]
        let share = percent as f64 / 100.0;
        let us = measured.quantile(share).unwrap();
        let measured = Duration::from_micros(us).as_secs_f64();
        assert!(
            (measured - seen).abs() <= TOLERANCE * seen,
            "{percent} % within {seen} s as seen, {measured} s as measured"
        );
    }
}

#[test]
fn serial_counts_bytes_and_percentiles_are_those_of_the_load() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let scene = Scene::start(world, &address);
    let crowd = Crowd::new(&scene.world);
    scene.sample();

    // Latencies from 100 to 490 ms, in an order of their own.
    let slow = |consumer: usize, step: usize| {
        let millis = 100 + (consumer * 7 + step * 13) % 40 * 10;
        scene.head("GET", "slow.virtual", &format!("/slow/{millis}"), "")
    };
    let list = |consumer| (0..SLOW_CALLS).map(|step| slow(consumer, step)).collect();
    let lists: Vec<Vec<String>> = (0..CONSUMERS).map(list).collect();
    let slow = crowd.play(&lists);
    let sent_slow: usize = slow.iter().map(|one| one.body).sum();

    // Bodies of all sizes, denied paths, an unknown host, a system that is away.
    let list = |consumer: usize| {
        let get = |host, path| scene.head("GET", host, path, "");
        vec![
            scene.post(0),
            scene.post(consumer + 1),
            get("backend.virtual", "/secret"),
            scene.post(40_000 * consumer),
            get("backend.virtual", "/bytes/12345"),
            get("unknown.virtual", "/"),
            get("closed.virtual", "/hello"),
            get("backend.virtual", "/bytes/none"),
        ]
    };
    let lists: Vec<Vec<String>> = (0..CONSUMERS).map(list).collect();
    let mixed = crowd.play(&lists);
    let sent_mixed: usize = mixed.iter().map(|one| one.body).sum();
    let received: usize = (0..CONSUMERS).map(|one| one + 1 + 40_000 * one).sum();
    let count = |status| mixed.iter().filter(|one| one.status == status).count();
    assert_eq!((count(200), count(403)), (4 * CONSUMERS, 2 * CONSUMERS));
    assert_eq!((count(404), count(502)), (CONSUMERS, CONSUMERS));
    let forgotten = scene.head("GET", "backend.virtual", "/slow/60000", "");
    crowd.reset_all(RESETS, &forgotten, Duration::from_millis(300));

    let sample = scene.sample();
    let (agent, slow_mapping) = (Entity::Agent, scene.mapping("slow.virtual"));
    let all = slow.len() + mixed.len() + RESETS;
    for (metric, of_agent) in [
        (Metric::Requests, all),
        (Metric::RequestsDenied, 2 * CONSUMERS),
        (Metric::RequestsFailed, CONSUMERS),
        (Metric::RequestsAborted, RESETS),
        (Metric::AnswersServerError, 0),
        (Metric::BytesReceived, received),
        (Metric::BytesSent, sent_slow + sent_mixed),
    ] {
        assert_eq!(sum(&sample, &agent, metric), of_agent, "{metric}");
    }
    assert_eq!(sum(&sample, &slow_mapping, Metric::Requests), slow.len());
    assert_eq!(sum(&sample, &slow_mapping, Metric::BytesSent), sent_slow);
    assert_same_percentiles(&slow, times(&sample, &slow_mapping, Metric::TimeTotal));
    assert_split(&sample, &slow_mapping, slow.len());
    assert_told(&scene, all);
}

/// Each part of the time is there, and the back end's is nearly all of it.
fn assert_split(sample: &Sample, mapping: &Entity, count: usize) {
    let of = |metric| times(sample, mapping, metric);
    let count = u64::try_from(count).unwrap();
    for metric in [Metric::TimeBackend, Metric::TimeGateway, Metric::TimeTunnel] {
        assert_eq!(of(metric).count(), count, "{metric}");
    }
    assert!(of(Metric::TimeBackend).sum() >= of(Metric::TimeTotal).sum() / 100 * 98);
    let opened = usize::try_from(of(Metric::TimeOpen).count()).unwrap();
    assert!((1..=CONSUMERS).contains(&opened), "{opened} connections");
}

/// What can be asked for at any time agrees.
fn assert_told(scene: &Scene, all: usize) {
    let meter = &scene.live.meter;
    let Totals {
        requests, answers, ..
    } = meter.totals();
    let answered = CONSUMERS * (SLOW_CALLS + 4) + CONSUMERS;
    assert_eq!(requests, u64::try_from(all).unwrap());
    assert_eq!(
        answers.iter().sum::<u64>(),
        u64::try_from(answered).unwrap()
    );
    let recent = meter.recent(usize::MAX, |_| true).requests;
    assert_eq!(recent.len(), all);
    let aborted = meter.recent(usize::MAX, |one| one.outcome == Outcome::Aborted);
    assert_eq!(aborted.requests.len(), RESETS);
    let longest = &meter.top().requests[0];
    assert_eq!(
        (&*longest.virtual_host, &*longest.path),
        ("slow.virtual", "/slow/490")
    );
    let usage = meter.usage();
    let slow = usage
        .iter()
        .find(|one| (one.address.host.as_str(), &*one.resource) == ("slow.virtual", "/slow"));
    let calls = slow.map(|one| one.usage.calls);
    assert_eq!(calls, u64::try_from(CONSUMERS * SLOW_CALLS).ok());
    let tunnel = &meter.tunnels()[0];
    assert_eq!((tunnel.connections, tunnel.reconnects), (2, 0));
    assert!(tunnel.round_trip_us.is_some_and(|us| us < 1_000_000));
    let mappings = meter.mappings();
    let slow = mappings
        .iter()
        .find(|one| one.address.host.as_str() == "slow.virtual");
    let connections = slow.map(|one| one.connections).unwrap_or_default();
    assert_eq!(connections.active, 0);
    assert!(
        (1..=CONSUMERS).contains(&connections.idle),
        "{connections:?}"
    );
}

/// The only point of a metric that the API tells of, over a time in which only the load was.
fn told(agent: &Agent, metric: &str, entity: &str) -> Option<Value> {
    let step = ["--of", entity, "--json", "--last", "2h", "--step", "1d"];
    let answer = run(agent.command(&[&["history", metric], &step[..]].concat()));
    parse(&answer)["points"].as_array()?.last().cloned()
}

/// The same by the API of the shipped agent: what a day later is read as well.
#[test]
fn serial_the_history_tells_counts_bytes_and_percentiles_of_the_load() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    let crowd = Crowd::new(&world);
    // Latencies from 100 to 490 ms, in an order of their own.
    let slow = |consumer: usize, step: usize| {
        crowd.get(&format!(
            "/slow/{}",
            100 + (consumer * 7 + step * 13) % 40 * 10
        ))
    };
    let list = |consumer| (0..SLOW_CALLS).map(|step| slow(consumer, step)).collect();
    let lists: Vec<Vec<String>> = (0..CONSUMERS).map(list).collect();
    let mut seen = crowd.play(&lists);
    let (calls, sent) = (seen.len(), seen.iter().map(|one| one.body).sum::<usize>());
    assert!(seen.iter().all(|one| one.status == 200));

    let entities = until("the mapping is known", || {
        let list = parse(&run(agent.command(&["history", "--json"])));
        let all = list["entities"].as_array().unwrap().clone();
        let names = all.iter().filter_map(|one| one.as_str().map(str::to_owned));
        let mappings: Vec<String> = names.filter(|one| one.starts_with("mapping:")).collect();
        (!mappings.is_empty()).then_some(mappings)
    });
    let mapping = &entities[0];
    let times = until("all are kept", || {
        told(&agent, "time_total", mapping).filter(|point| point["count"] == calls)
    });
    for entity in [mapping, "agent"] {
        let sum = |metric| told(&agent, metric, entity).unwrap()["sum"].clone();
        assert_eq!(
            (sum("requests"), sum("bytes_sent")),
            (json!(calls), json!(sent))
        );
    }
    seen.sort_unstable_by_key(|one| one.time);
    for (name, percent) in [("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99)] {
        let at = (seen.len() * percent).div_ceil(100) - 1;
        let (seen, told) = (seen[at].time.as_secs_f64(), times[name].as_f64().unwrap());
        assert!(
            (told - seen).abs() <= TOLERANCE * seen,
            "{name} is {seen} s as seen, {told} s as told"
        );
    }
}

#[test]
fn a_websocket_is_counted_while_it_lasts_and_its_bytes_as_they_pass() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let scene = Scene::start(world, &address);
    scene.live.change(|document| {
        let mappings = document["subaccounts"][0]["mappings"].as_array_mut().unwrap();
        let open = json!({"path": "/ws", "enabled": true, "exactMatchOnly": true, "websocketUpgradeAllowed": true});
        mappings[0]["resources"].as_array_mut().unwrap().push(open);
    });
    let ask = scene.head("GET", "backend.virtual", "/ws",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    let mut socket = TcpStream::connect(scene.world.text("proxy")).unwrap();
    socket.write_all(ask.as_bytes()).unwrap();
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{head:?}");
    // A binary message of three bytes under a mask of zeros, and its echo without one.
    socket
        .write_all(&[0x82, 0x83, 0, 0, 0, 0, 1, 2, 3])
        .unwrap();
    let mut echo = [0; 5];
    socket.read_exact(&mut echo).unwrap();
    assert_eq!(echo, [0x82, 0x03, 1, 2, 3]);
    let meter = &scene.live.meter;
    let totals = meter.totals();
    assert_eq!((totals.received, totals.sent, totals.requests), (9, 5, 0));
    assert_eq!(meter.in_flight(), 1);
    let figures = meter.mappings();
    let connections = figures[0].connections;
    assert_eq!((connections.active, connections.idle), (1, 0));

    // A close frame and its answer, then both ends close.
    socket.write_all(&[0x88, 0x80, 0, 0, 0, 0]).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut rest = vec![];
    socket.read_to_end(&mut rest).unwrap();
    let sample = scene.sample();
    let mapping = scene.mapping("backend.virtual");
    assert_eq!(sum(&sample, &mapping, Metric::BytesReceived), 15);
    assert_eq!(sum(&sample, &mapping, Metric::BytesSent), 5 + rest.len());
    let last = &meter.recent(1, |_| true).requests[0];
    assert_eq!(last.outcome, Outcome::Answered(101));
    assert!(point(&sample, &mapping, Metric::TimeTotal).is_none());
    until("the connection is not in use any more", || {
        (meter.mappings()[0].connections.active == 0).then_some(())
    });
}
