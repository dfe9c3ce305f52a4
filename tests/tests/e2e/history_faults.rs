//! What is measured, through a kill, a full disk and a clock that jumps: it stays readable, no rate
//! is negative, and time in which nothing was kept is a gap.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;

use crate::agent::Agent;
use crate::crowd::Crowd;
use crate::disk::SmallDisk;
use crate::faketime::FakeClock;
use crate::http::HELLO;
use crate::process::{json as parse, run, until};
use crate::world::World;

const DAY_MS: i64 = 86_400_000;
/// One metric of each kind, and those that follow from two readings of the host.
const METRICS: &[&str] = &[
    "requests",
    "bytes_sent",
    "time_total",
    "process_memory",
    "host_cpu",
    "process_cpu",
];
/// Consumers at once.
const CONSUMERS: usize = 20;

impl Agent {
    /// The points of a metric that were kept.
    fn kept(&self, metric: &str, last: &str) -> Vec<Value> {
        let answer = run(self.command(&["history", metric, "--json", "--last", last]));
        let points = parse(&answer)["points"].as_array().unwrap().clone();
        let mut before = i64::MIN;
        for point in &points {
            let begin = point["t"].as_i64().unwrap();
            assert!(begin > before, "{metric}: {points:?}");
            before = begin;
            let numbers = point
                .as_object()
                .unwrap()
                .values()
                .filter_map(Value::as_f64);
            for number in numbers {
                assert!(number.is_finite() && number >= 0.0, "{metric}: {point}");
            }
        }
        points
    }

    /// Requests that were kept, all steps together.
    fn requests(&self, last: &str) -> u64 {
        let points = self.kept("requests", last);
        points.iter().map(|one| one["sum"].as_u64().unwrap()).sum()
    }

    pub(crate) fn status(&self) -> Value {
        parse(&run(self.command(&["status", "--json"])))
    }
}

/// The longest time between two points, milliseconds.
fn longest_gap(points: &[Value]) -> i64 {
    let begins: Vec<i64> = points
        .iter()
        .map(|one| one["t"].as_i64().unwrap())
        .collect();
    let gaps = begins.windows(2).map(|two| two[1] - two[0]);
    gaps.max().unwrap_or(0)
}

#[test]
fn a_clock_that_jumps_a_day_either_way_leaves_gaps_and_nothing_negative() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let clock = FakeClock::new(&world);
    let mut agent = world.enrol("", &clock.prefix());
    agent.expose(&[("backend.virtual:80", &address)]);
    agent.run();
    agent.until_up();
    // A day ahead, back again, and ahead to what was measured there.
    for (offset, seen) in [("+0", 3), ("+1d", 6), ("+0", 6), ("+1d", 12)] {
        clock.set(offset);
        for _ in 0..3 {
            assert_eq!(world.get(HELLO).status, 200);
        }
        until(&format!("requests at {offset} are kept"), || {
            (agent.requests("26h") == seen).then_some(())
        });
        for metric in METRICS {
            agent.kept(metric, "26h");
        }
        let told = run(agent.command(&["status"]));
        assert!(!told.contains("up for -"), "{told}");
        let trouble = agent.status()["historyProblem"].clone();
        assert_eq!(trouble, Value::Null);
    }
    let gap = longest_gap(&agent.kept("requests", "26h"));
    assert!((DAY_MS - 10 * 60_000..=DAY_MS).contains(&gap), "{gap} ms");
    let usage = parse(&run(agent.command(&["usage", "--json"])));
    assert_eq!(usage["mappings"][0]["calls"], 12);
}

#[test]
fn a_kill_under_load_loses_only_what_was_not_kept_yet() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let (over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let crowd = Crowd::new(&world);
            while !over.load(Ordering::Relaxed) {
                sent.fetch_add(CONSUMERS as u64, Ordering::Relaxed);
                crowd.get_all(CONSUMERS, "/hello");
            }
        });
        let before = until("requests are kept", || {
            Some(agent.requests("2h")).filter(|count| *count > 0)
        });
        agent.process().kill();
        agent.run();
        agent.until_up();
        let after = agent.requests("2h");
        assert!(after >= before, "{after} of {before}");
        assert_eq!(agent.status()["historyProblem"], Value::Null);
        until("it goes on", || {
            (agent.requests("2h") > after).then_some(())
        });
        over.store(true, Ordering::Relaxed);
    });
    for metric in METRICS {
        agent.kept(metric, "2h");
    }
    assert!(!agent.dir.join("history.db.broken").exists());
    // What was counted before the kill was not counted again after it.
    let (kept, sent) = (agent.requests("2h"), sent.load(Ordering::Relaxed));
    assert!(kept <= sent, "{kept} of {sent}");
}

#[test]
fn a_full_disk_is_a_gap_that_status_doctor_and_diagnosis_tell_of() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let (disk, agent) = SmallDisk::with_agent(&world, &address);
    let call = || assert_eq!(world.get(HELLO).status, 200);
    call();
    until("a request is kept", || {
        (agent.requests("2h") == 1).then_some(())
    });
    let kept = agent.kept("process_memory", "2h").len();

    disk.fill();
    call();
    let problem = until("the status tells that nothing is kept", || {
        agent.status()["historyProblem"].as_str().map(str::to_owned)
    });
    assert!(
        problem.starts_with("what is measured is not kept: the disk is nearly full; "),
        "{problem}"
    );
    let told = run(agent.command(&["status"]));
    assert!(
        told.contains(&format!("WARNING: {}", &problem[..40])),
        "{told}"
    );
    let diagnosis = agent.diagnosed("historyStopped", "");
    assert_eq!(diagnosis["category"], "host");
    let checks = agent.command(&["doctor"]).output().unwrap();
    let checks = String::from_utf8(checks.stdout).unwrap();
    assert!(checks.contains("FAIL  disk space: 0 MiB free"), "{checks}");
    // What was kept before is still shown.
    assert_eq!(agent.requests("2h"), 1);
    call();

    disk.free();
    until("it goes on by itself", || {
        agent.status()["historyProblem"].is_null().then_some(())
    });
    agent.is_solved("historyStopped", "");
    for metric in METRICS {
        agent.kept(metric, "2h");
    }
    let points = agent.kept("process_memory", "2h");
    assert!(points.len() > kept, "{points:?}");
    assert!(longest_gap(&points) >= 30_000, "{points:?}");
}

#[test]
fn a_history_that_was_damaged_is_told_of_until_somebody_looked() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    agent.process().kill();
    let path = agent.dir.join("history.db");
    underpass_runtime::file::replace(&path, b"not a database at all").unwrap();
    agent.run();
    agent.until_up();
    let problem = agent.status()["historyProblem"].clone();
    let told = problem.as_str().unwrap();
    assert!(told.contains("put aside as history.db.broken"), "{told}");
    let diagnosis = agent.diagnosed("historyDamaged", "");
    assert_eq!(diagnosis["category"], "host");
    let checks = agent.command(&["doctor"]).output().unwrap();
    let checks = String::from_utf8(checks.stdout).unwrap();
    assert!(
        checks.contains("WARN  history: a damaged one was put aside"),
        "{checks}"
    );
}
