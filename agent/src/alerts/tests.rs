//! Every category by what there is to see, with hand-moved time; and how the register is kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::Look;
use underpass_shared::api::management::{Connection, LinkStatus};
use underpass_shared::config::Document;
use underpass_shared::monitor::{Gauge, Histogram, Metric, Point, Sample, Series, Tally};
use underpass_shared::pki::expiry::{Enrolled, expiries};

use super::certificates::Ending;
use super::disks::Volume;
use super::look::{Looker, View};
use super::*;

const ID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";
const CERTIFICATE: &str = include_str!("../admin/tests/old.pem");
const DAY_MS: i64 = 86_400_000;

/// What there is to see, and who looks.
struct Bench {
    looker: Looker,
    now: Now,
    document: Document,
    links: Vec<LinkStatus>,
    is_drained: bool,
    sample: Option<Sample>,
    volumes: Vec<Volume>,
    endings: Vec<Ending>,
    audit_failure: Option<String>,
}

impl Bench {
    fn new(connector: &Value) -> Self {
        let now = Now {
            monotonic: Duration::from_secs(1_000),
            wall_ms: 1_700_000_000_000,
        };
        let document = json!({"schema": 1, "connector": connector, "subaccounts": [{
            "regionHost": "gate.example.com", "subaccount": ID, "instance": ID, "credential": ID,
            "connected": true,
            "mappings": [{"virtualAddress": "erp:443", "internalAddress": "10.0.0.1:443",
                          "protocol": "HTTPS", "backendType": "abapSys"}],
        }]});
        Self {
            looker: Looker::new(now),
            now,
            document: Document::from_json(&document.to_string()).unwrap(),
            links: vec![],
            is_drained: false,
            sample: None,
            volumes: vec![],
            endings: vec![],
            audit_failure: None,
        }
    }

    fn key(&self) -> SubaccountKey {
        self.document.subaccounts()[0].key().clone()
    }

    fn mapping(&self) -> Entity {
        Entity::Mapping(self.key(), "erp:443".parse().unwrap())
    }

    /// Its tunnel has connections, and is up since a time.
    fn tunnel(&mut self, up_since_ms: Option<i64>, connections: Vec<Connection>) {
        let key = self.key();
        self.links = vec![LinkStatus {
            region_host: key.region_host,
            subaccount: key.subaccount,
            location_id: key.location_id,
            instance: ID.parse().unwrap(),
            connected_since_ms: up_since_ms,
            connections,
        }];
    }

    fn up(&mut self, since_ms: i64) {
        self.tunnel(Some(since_ms), vec![Connection::Up]);
    }

    /// Something is measured at the end of the next 15 seconds.
    fn measure(&mut self, points: Vec<(Entity, Metric, Point)>) {
        self.pass(15);
        let points = points.into_iter();
        self.sample = Some(Sample {
            end_ms: self.now.wall_ms,
            span_ms: 15_000,
            points: points
                .map(|(entity, metric, point)| (Series { entity, metric }, point))
                .collect(),
        });
    }

    fn pass(&mut self, seconds: u64) {
        self.now.monotonic += Duration::from_secs(seconds);
        self.now.wall_ms += i64::try_from(seconds * 1_000).unwrap();
    }

    fn look(&mut self) -> Look {
        self.looker.look(View {
            now: self.now,
            document: &self.document,
            links: &self.links,
            is_drained: self.is_drained,
            sample: self.sample.as_ref(),
            volumes: &self.volumes,
            endings: &self.endings,
            audit_failure: self.audit_failure.as_deref(),
            others: vec![],
        })
    }

    /// What is wrong of some codes.
    fn find(&mut self, codes: &[Code]) -> Vec<Condition> {
        let mut found = self.look().conditions;
        found.retain(|one| codes.contains(&one.id.code));
        found
    }
}

fn gauge(value: f64) -> Point {
    Point::Gauge(Gauge::of(value))
}

fn tally(sum: u64) -> Point {
    Point::Tally(Tally::of(sum, 15_000))
}

#[test]
fn a_tunnel_that_shall_be_up_and_is_not_is_told_with_its_reason() {
    let mut bench = Bench::new(&json!({}));
    let down = |bench: &mut Bench| {
        let found = bench.find(&[Code::TunnelDown]).into_iter();
        found.map(|one| one.text).collect::<Vec<_>>().concat()
    };
    // Nothing is tried yet.
    assert!(down(&mut bench).ends_with("it is being connected"));
    bench.up(1);
    assert_eq!(down(&mut bench), "");
    let failed = Connection::Failed("refused".to_owned());
    bench.tunnel(None, vec![Connection::Connecting, failed]);
    assert!(down(&mut bench).ends_with("is up: refused"));
    let id = &bench.find(&[Code::TunnelDown])[0].id;
    assert_eq!(id.entity, format!("tunnel:gate.example.com/{ID}/"));
    // What somebody closed is not lost.
    bench.is_drained = true;
    assert_eq!(down(&mut bench), "");
    bench.is_drained = false;
    let mut own = bench.document.subaccounts()[0].own().to_owned();
    let mut fields = (**Arc::make_mut(&mut own)).clone();
    fields.connected = false;
    bench.document = bench.document.with_subaccount(fields).unwrap();
    assert_eq!(down(&mut bench), "");
}

#[test]
fn a_tunnel_that_is_lost_often_is_told_until_it_is_calm() {
    let rules = json!({"alertRules": {"thresholds": {"tunnelLosses": 3, "tunnelWindowSec": 100}}});
    let mut bench = Bench::new(&rules);
    let flapping = |bench: &mut Bench| !bench.find(&[Code::TunnelFlapping]).is_empty();
    for since in 0..3 {
        bench.up(since);
        assert!(!flapping(&mut bench));
        bench.pass(10);
    }
    // Lost twice so far; a drain is no loss.
    bench.is_drained = true;
    bench.links.clear();
    assert!(!flapping(&mut bench));
    bench.is_drained = false;
    bench.up(4);
    assert!(!flapping(&mut bench));
    bench.tunnel(None, vec![]);
    assert!(flapping(&mut bench));
    let found = bench.find(&[Code::TunnelFlapping]).remove(0);
    assert_eq!(found.because_of.unwrap().code, Code::TunnelDown);
    bench.up(5);
    assert!(flapping(&mut bench));
    bench.pass(81);
    assert!(!flapping(&mut bench));
    // Before a window is over nobody knows what was before the start.
    let mut fresh = Bench::new(&rules);
    assert!(fresh.look().unknown.contains(&Code::TunnelFlapping));
    fresh.pass(100);
    assert!(!fresh.look().unknown.contains(&Code::TunnelFlapping));
}

#[test]
fn processors_and_memory_are_told_above_their_limits() {
    let mut bench = Bench::new(&json!({"alertRules": {"thresholds": {"memoryPercent": 80}}}));
    let codes = [Code::CpuLoad, Code::Memory];
    assert!(bench.look().unknown.is_superset(&codes.into()));
    let of = |cpu: f64, used: f64| {
        vec![
            (Entity::Agent, Metric::HostCpu, gauge(cpu)),
            (Entity::Agent, Metric::HostMemory, gauge(used)),
            (Entity::Agent, Metric::HostMemoryTotal, gauge(1_000.0)),
        ]
    };
    bench.measure(of(0.90, 800.0));
    assert_eq!(bench.find(&codes), vec![]);
    assert!(bench.look().unknown.is_disjoint(&codes.into()));
    bench.measure(of(0.93, 810.0));
    let texts: Vec<String> = bench.find(&codes).into_iter().map(|one| one.text).collect();
    assert_eq!(
        texts,
        [
            "the processors are used by 93 %; the limit is 90 %",
            "81 % of the host's memory is in use; the limit is 80 %"
        ]
    );
    bench.measure(vec![]);
    assert_eq!(bench.find(&codes), vec![]);
}

#[test]
fn volumes_are_told_below_their_limits() {
    let dir = tempfile::tempdir().unwrap();
    // What is not there yet will be beside what is.
    let path = dir.path().join("not/there");
    let volume = |code| Volume::look(code, &path);
    let codes = [Code::DiskSpace, Code::AuditDiskSpace, Code::TraceDiskSpace];
    let limits = |own: u32, more: &Value| {
        let mut thresholds = json!({"cpuLoad": 90, "cpuLoadViolationToleranceSec": 60,
            "freeDiskSpaceMb": own, "certificateValidityDays": 30});
        let more = more.as_object().unwrap().clone();
        thresholds.as_object_mut().unwrap().extend(more);
        let all = json!({"ha": true, "tunnels": true, "serviceChannels": true, "CPU": true,
            "freeDiskSpace": true, "certificates": true, "troubleshooting": true});
        json!({"alerting": {"thresholds": thresholds, "notification": all}})
    };
    let most = 10_000_000;
    for (own, more, expected) in [
        (1, json!({}), vec![]),
        (most, json!({}), vec![Code::DiskSpace]),
        (
            1,
            json!({"freeDiscForAuditLogMb": most}),
            vec![Code::AuditDiskSpace],
        ),
        (
            1,
            json!({"freeDiscForTraceMb": most}),
            vec![Code::TraceDiskSpace],
        ),
    ] {
        let mut bench = Bench::new(&limits(own, &more));
        bench.volumes = codes.map(volume).to_vec();
        let found = bench.find(&codes);
        let found: Vec<Code> = found.iter().map(|one| one.id.code).collect();
        assert_eq!(found, expected, "{own} {more}");
    }
}

#[test]
fn certificates_are_told_by_their_days() {
    let trusted = json!([{"alias": "corp", "certificate": CERTIFICATE}]);
    let mut bench = Bench::new(&json!({
        "backendTrust": {"certificates": trusted}, "emailTrust": trusted}));
    let end = bench.document.connector().backend_trust.certificates()[0]
        .certificate
        .summary()
        .not_after_ms;
    let enrolled = Enrolled {
        key: bench.key(),
        subject_dn: "CN=agent".to_owned(),
        not_before_ms: end - 8 * DAY_MS,
        not_after_ms: end,
    };
    let codes = [
        Code::TrustCertificate,
        Code::OperatorCertificate,
        Code::SubaccountCertificate,
    ];
    let mut at = |left: i64| {
        bench.now.wall_ms = end - left;
        let known = expiries(&bench.document, std::slice::from_ref(&enrolled), end - left);
        bench.endings = certificates::all(&bench.document, &known);
        bench.endings.push(Ending::operator("anna", end));
        let found = bench.find(&codes).into_iter();
        found
            .map(|one| (one.id.entity, one.days_left.unwrap(), one.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(at(31 * DAY_MS), vec![]);
    let near = at(30 * DAY_MS);
    let entities: Vec<&str> = near.iter().map(|(entity, ..)| entity.as_str()).collect();
    assert_eq!(entities, ["back ends: corp", "mail servers: corp", "anna"]);
    assert_eq!(
        near[2].2,
        "the certificate of operator anna ends in 30 days"
    );
    // One that is renewed by itself is near only when that does not happen.
    assert_eq!(at(3 * DAY_MS).len(), 3);
    assert_eq!(at(2 * DAY_MS).len(), 4);
    let over = at(-1);
    assert!(
        over.iter()
            .all(|(_, left, text)| *left == -1 && text.ends_with("is expired"))
    );
}

#[test]
fn back_ends_are_told_when_they_fail_are_slow_or_away() {
    let rules = json!({"alertRules": {"thresholds": {
        "latencyMs": 500, "errorRatePercent": 20, "leastRequests": 10, "backendWindowSec": 60}}});
    let mut bench = Bench::new(&rules);
    let codes = [Code::BackendErrors, Code::BackendLatency, Code::BackendDown];
    let mapping = bench.mapping();
    let traffic = |requests: u64, failed: u64, slow: u64| {
        let mut times = Histogram::default();
        for n in 0..requests {
            times.record(if n < slow { 800_000 } else { 20_000 });
        }
        vec![
            (mapping.clone(), Metric::Requests, tally(requests)),
            (mapping.clone(), Metric::RequestsFailed, tally(failed / 2)),
            (
                mapping.clone(),
                Metric::AnswersServerError,
                tally(failed - failed / 2),
            ),
            (
                mapping.clone(),
                Metric::TimeBackend,
                Point::Durations(times),
            ),
        ]
    };
    let found = |bench: &mut Bench| {
        let found = bench.find(&codes).into_iter();
        found.map(|one| one.id.code).collect::<Vec<_>>()
    };
    // Too few to say anything.
    bench.measure(traffic(9, 9, 0));
    assert_eq!(found(&mut bench), vec![]);
    bench.measure(traffic(91, 10, 0));
    // The same sample counts once.
    assert_eq!(found(&mut bench), vec![]);
    assert_eq!(found(&mut bench), vec![]);
    bench.measure(traffic(100, 30, 30));
    assert_eq!(found(&mut bench), codes[..2]);
    let texts = bench.find(&codes);
    assert!(
        texts[0].text.starts_with("49 of 200 requests"),
        "{}",
        texts[0].text
    );
    assert!(
        texts[1].text.contains("the limit is 500 ms"),
        "{}",
        texts[1].text
    );
    // Both follow from a back end that is away.
    assert!(
        texts
            .iter()
            .all(|one| one.because_of.as_ref().unwrap().code == Code::BackendDown)
    );
    // What was before the window is forgotten, also without further requests.
    for _ in 0..5 {
        bench.measure(vec![]);
        bench.look();
    }
    assert_eq!(found(&mut bench), vec![]);
    let probed = |up: f64| vec![(mapping.clone(), Metric::BackendUp, gauge(up))];
    bench.measure(probed(0.0));
    assert_eq!(found(&mut bench), [Code::BackendDown]);
    bench.measure(probed(1.0));
    assert_eq!(found(&mut bench), vec![]);
    // Of a mapping that is gone nobody is told.
    bench.measure([traffic(100, 100, 100), probed(0.0)].concat());
    assert_eq!(found(&mut bench).len(), 3);
    let Entity::Mapping(key, address) = mapping.clone() else {
        unreachable!()
    };
    bench.document = bench.document.without_mapping(key, address).unwrap();
    assert_eq!(found(&mut bench), vec![]);
}

#[test]
fn an_audit_log_that_is_not_written_is_told() {
    let mut bench = Bench::new(&json!({}));
    bench.up(1);
    assert_eq!(bench.find(&[Code::AuditFailure]), vec![]);
    bench.audit_failure = Some("no space".to_owned());
    let found = bench.find(&[Code::AuditFailure]);
    assert_eq!(found[0].text, "the audit log cannot be written: no space");
}

/// A disk that may be full.
#[derive(Default)]
struct Disk {
    is_full: AtomicBool,
    state: Mutex<Option<String>>,
    delivered: Mutex<Vec<u64>>,
}

fn keep(disk: &Arc<Disk>) -> Keep {
    let (from, to) = (Arc::clone(disk), Arc::clone(disk));
    Keep::new(
        move || {
            let state = from.state.lock().unwrap().clone();
            Box::pin(std::future::ready(Ok(state)))
        },
        move |state, notices| {
            let kept = if to.is_full.load(Ordering::Relaxed) {
                Err(anyhow::anyhow!("no space"))
            } else {
                *to.state.lock().unwrap() = Some(state);
                let numbers = notices.iter().map(|one| one.alert.number);
                to.delivered.lock().unwrap().extend(numbers);
                Ok(())
            };
            Box::pin(std::future::ready(kept))
        },
    )
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_by_a_full_disk_and_a_restart() {
    let disk = Arc::new(Disk::default());
    let events = Events::new(&Tasks::new());
    let alerts = Alerts::open(keep(&disk), events.clone()).await;
    let (rules, mut now) = (Rules::default(), now());
    let mut step = |alerts: &Alerts, entities: &[&str]| {
        now.monotonic += Duration::from_secs(61);
        let conditions = entities.iter();
        let conditions = conditions.map(|one| condition(Code::DiskSpace, *one, "is short"));
        let look = Look {
            conditions: conditions.collect(),
            ..Look::default()
        };
        alerts.step(now, look, &rules);
    };
    step(&alerts, &["a"]);
    alerts.save().await.unwrap();
    disk.is_full.store(true, Ordering::Relaxed);
    step(&alerts, &["a", "b"]);
    assert!(alerts.save().await.is_err() && alerts.owes());
    step(&alerts, &["a", "b", "c"]);
    assert!(alerts.save().await.is_err());
    disk.is_full.store(false, Ordering::Relaxed);
    alerts.save().await.unwrap();
    assert!(!alerts.owes());
    assert_eq!(*disk.delivered.lock().unwrap(), [1, 2, 3]);
    // What stood before the restart stands, and nobody is told again.
    let again = Alerts::open(keep(&disk), events.clone()).await;
    assert_eq!(
        again.list(AlertState::Active, 2),
        alerts.list(AlertState::All, 2)
    );
    step(&again, &["a", "b", "c"]);
    again.save().await.unwrap();
    assert_eq!(disk.delivered.lock().unwrap().len(), 3);
    // A state that nobody can read is no reason to tell nothing.
    *disk.state.lock().unwrap() = Some("{".to_owned());
    let anew = Alerts::open(keep(&disk), events).await;
    step(&anew, &["a"]);
    anew.save().await.unwrap();
    assert_eq!(*disk.delivered.lock().unwrap(), [1, 2, 3, 1]);
}
