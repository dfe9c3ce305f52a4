//! Who may begin a trace, what it takes down, and how it ends.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tempfile::TempDir;
use underpass_shared::id::OperatorId;
use underpass_shared::rights::Role;

use super::*;
use crate::admin::{Operator, OsUser};

const SUBACCOUNT: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = clock::monotonic();
    while !is_so() {
        let waited = clock::monotonic().saturating_sub(begun);
        assert!(waited < Duration::from_secs(20), "{what}");
        std::thread::yield_now();
    }
}

fn operator(number: u128, name: &str) -> Caller {
    Caller::Operator(Operator {
        id: OperatorId::from_uuid(uuid::Uuid::from_u128(number)),
        name: name.to_owned(),
        role: Role::Support,
    })
}

fn key(location: &str) -> SubaccountKey {
    SubaccountKey {
        region_host: "gate.example".parse().unwrap(),
        subaccount: SUBACCOUNT.parse().unwrap(),
        location_id: location.parse().unwrap(),
    }
}

fn wanted(system: Option<&str>) -> TraceShown {
    let (host, id) = (key("").region_host, key("").subaccount);
    TraceShown {
        virtual_address: system.map(|one| one.parse().unwrap()),
        ..crate::admin::trace_shown(host, id, "why", (600, 1, 20))
    }
}

fn request(host: &str) -> Request<()> {
    let request = Request::post(format!("http://{host}/a?password=geheim"));
    let request = request.header("authorization", "Basic eA==");
    request
        .header("content-type", "text/plain")
        .body(())
        .unwrap()
}

struct World {
    dir: TempDir,
    traces: Traces,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let traces = Traces::open(dir.path());
        Self { dir, traces }
    }

    fn begin(&self, wanted: TraceShown) -> u64 {
        let id = self
            .traces
            .request(wanted, &operator(1, "anna"))
            .unwrap()
            .id;
        self.traces.approve(id, &operator(2, "ben")).unwrap();
        id
    }

    fn lines(&self, id: u64) -> Vec<Value> {
        let text = std::fs::read_to_string(self.traces.file(id).unwrap()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[test]
fn nobody_lets_his_own_begin_whatever_he_is_called_now() {
    let world = World::new();
    let anna = operator(1, "anna");
    let id = world.traces.request(wanted(None), &anna).unwrap().id;
    for same in [anna, operator(1, "renamed")] {
        let refused = world.traces.approve(id, &same).unwrap_err();
        assert!(matches!(refused, TraceError::SameOperator(_)), "{refused}");
    }
    assert!(world.traces.tap(&key(""), &request("erp:443")).is_none());
    // The same is not asked for twice, so that nobody approves what he asked for under another.
    let twice = world.traces.request(wanted(None), &operator(2, "ben"));
    assert!(matches!(twice, Err(TraceError::Same(other)) if other == id));
    let shown = world.traces.approve(id, &operator(2, "ben")).unwrap();
    assert_eq!(shown.state, TraceState::Running);
    assert_eq!(shown.decided_by.as_deref(), Some("operator:ben"));
    assert!(matches!(
        world.traces.approve(id, &operator(3, "c")),
        Err(TraceError::State(..))
    ));
    assert!(matches!(
        world.traces.delete(id),
        Err(TraceError::State(..))
    ));
    // Users of the host are as many as their names.
    let local = |name: &str| Caller::Local(OsUser::new(name));
    let other = world
        .traces
        .request(wanted(Some("erp:443")), &local("root"))
        .unwrap()
        .id;
    assert!(world.traces.may_approve(other, &local("root")).is_err());
    assert!(world.traces.may_approve(other, &local("ben")).is_ok());
}

#[tokio::test]
async fn what_is_taken_down_is_cut_and_has_no_credentials() {
    let world = World::new();
    let id = world.begin(wanted(Some("erp:443")));
    assert!(world.traces.tap(&key(""), &request("crm:443")).is_none());
    assert!(world.traces.tap(&key(""), &request("erp:444")).is_none());
    let request = request("ERP:443");
    let tap = world.traces.tap(&key("berlin"), &request).unwrap();
    let mut capture = tap.upload(request.headers());
    for piece in ["user: anna\npass", "word: geheim\n", "more that is cut off"] {
        capture.see::<()>(Some(&Ok(http_body::Frame::data(Bytes::from(piece)))));
    }
    capture.see::<()>(None);
    drop(capture);
    let response = http::Response::builder().header("set-cookie", "a=geheim");
    let response = response.header("content-type", "image/png");
    let body = Full::new(Bytes::from_static(b"\x89PNG\0"));
    let answer = tap.answer(response.body(body).unwrap());
    drop(tap);
    answer.into_body().collect().await.unwrap();
    world.traces.stop(id, "test").unwrap();
    let lines = world.lines(id);
    let events: Vec<&str> = lines
        .iter()
        .map(|one| one["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        ["request", "requestBody", "answer", "answerBody", "end"]
    );
    assert_eq!(lines[0]["target"], "/a?password=(redacted)");
    assert_eq!(lines[1]["text"], "user: anna\npassword:(redacted)");
    assert_eq!(
        (&lines[1]["bytes"], &lines[1]["shown"]),
        (&48.into(), &20.into())
    );
    assert_eq!(lines[1]["complete"], true);
    assert_eq!(lines[3]["base64"], "iVBORwA=");
    let text = serde_json::to_string(&lines).unwrap();
    assert!(!text.contains("geheim") && !text.contains("eA=="), "{text}");
    assert_eq!(world.traces.get(id).unwrap().requests, 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(world.traces.file(id).unwrap()).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_trace_ends_when_its_room_or_time_is_over_and_costs_nothing_then() {
    let world = World::new();
    let id = world.begin(wanted(None));
    let long = format!("erp:443/{}", "x".repeat(50_000));
    let over = |traces: &Traces| traces.0.running.read().unwrap()[0].over();
    let written = || world.traces.0.running.read().unwrap()[0].counts().bytes;
    let begun = (0..100).filter(|_| {
        let before = written();
        let tap = world.traces.tap(&key(""), &request(&long));
        let begun = tap.is_some();
        drop(tap);
        // The thread that writes may be behind.
        until("it is written, or there is no room for it", || {
            !begun || written() > before || over(&world.traces).is_some()
        });
        begun
    });
    assert!(begun.count() < 100);
    assert_eq!(
        over(&world.traces),
        Some("it has the size that it may have")
    );
    world.traces.stop(id, "size").unwrap();
    assert!(world.traces.get(id).unwrap().bytes <= 1_000_000);
    assert!(!world.traces.0.runs.load(Ordering::Relaxed));

    let short = TraceShown {
        seconds: 0,
        ..wanted(None)
    };
    let id = world.begin(short);
    assert!(world.traces.tap(&key(""), &request("erp:443")).is_none());
    assert_eq!(over(&world.traces), Some("its time is over"));
    world.traces.stop(id, "time").unwrap();
    assert!(world.lines(id).is_empty());
}

#[test]
fn what_was_traced_is_there_after_a_crash_until_it_is_deleted_or_old() {
    let world = World::new();
    let id = world.begin(wanted(None));
    drop(world.traces.tap(&key(""), &request("erp:443")));
    // Nobody closed it.
    let again = Traces::open(world.dir.path());
    let shown = again.get(id).unwrap();
    assert_eq!(
        (shown.state, shown.ended_because.as_deref()),
        (TraceState::Ended, Some("the agent ended"))
    );
    assert!(again.file(id).unwrap().exists() && again.list().len() == 1);
    // It ended once, not with each start.
    let ended_ms = shown.ended_ms;
    assert!(ended_ms.is_some_and(|ms| ms <= clock::wall_ms()));
    std::thread::sleep(Duration::from_millis(20));
    let third = Traces::open(world.dir.path());
    assert_eq!(third.get(id).unwrap().ended_ms, ended_ms);
    // Numbers are never used again.
    let next = again
        .request(wanted(None), &operator(1, "anna"))
        .unwrap()
        .id;
    assert!(next > id);
    again.age(1);
    assert!(again.get(id).is_ok());
    again.delete(id).unwrap();
    assert!(matches!(again.file(id), Err(TraceError::Missing(_))));
    let left: Vec<_> = std::fs::read_dir(world.dir.path().join(DIR))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let forgotten = again
        .book()
        .forgotten(clock::wall_ms() + 3_600_001, APPROVAL_TIME);
    assert_eq!(forgotten, [next]);
    assert!(matches!(
        again.approve(next, &operator(2, "ben")),
        Err(TraceError::State(..))
    ));
}

#[test]
fn there_are_never_too_many() {
    let world = World::new();
    let system = |n: usize| wanted(Some(&format!("s{n}:1")));
    for number in 0..TRACES_MAX {
        world
            .traces
            .request(system(number), &operator(1, "anna"))
            .unwrap();
    }
    let anna = operator(1, "anna");
    assert!(matches!(
        world.traces.request(system(99), &anna),
        Err(TraceError::TooMany)
    ));
    let oldest = world.traces.list().last().unwrap().id;
    world.traces.refuse(oldest, "operator:anna", "no").unwrap();
    world.traces.request(system(99), &anna).unwrap();
    let ids: Vec<u64> = world.traces.list().iter().map(|one| one.id).collect();
    for id in &ids[..RUNNING_MAX] {
        world.traces.approve(*id, &operator(2, "ben")).unwrap();
    }
    let refused = world.traces.approve(ids[RUNNING_MAX], &operator(2, "ben"));
    assert!(matches!(refused, Err(TraceError::TooManyRun)));
}

/// Whoever traces the whole subaccount misses nothing because somebody else traces a part of it.
#[test]
fn a_request_is_in_each_trace_that_it_belongs_to() {
    let world = World::new();
    let whole = world.begin(wanted(None));
    let part = world.begin(wanted(Some("erp:443")));
    let through = |host: &str| {
        let tap = world.traces.tap(&key(""), &request(host)).unwrap();
        let mut capture = tap.upload(request(host).headers());
        let piece: Result<_, ()> = Ok(http_body::Frame::data(Bytes::from_static(b"hello")));
        capture.see(Some(&piece));
        capture.see::<()>(None);
        tap.head(&http::Response::new(()));
    };
    through("erp:443");
    through("other:443");
    for (id, requests) in [(whole, 2), (part, 1)] {
        world.traces.stop(id, "enough").unwrap();
        assert_eq!(world.traces.get(id).unwrap().requests, requests);
        let lines = world.lines(id);
        for event in ["request", "requestBody", "answer", "end"] {
            let of = lines.iter().filter(|line| line["event"] == event);
            assert_eq!(u64::try_from(of.count()).unwrap(), requests, "{event}");
        }
    }
}
