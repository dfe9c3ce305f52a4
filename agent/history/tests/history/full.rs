//! Disks without room.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use nix::sched::{CloneFlags, unshare};
use underpass_history::{History, Limits, Retention};
use underpass_shared::monitor::{Entity, Gauge, Metric, Point, Sample, Series};

use crate::made::{FINE, HOUR, START, ask, keep, requests, sample, sums};

/// A sample that needs much room.
fn large(start_ms: i64) -> Arc<Sample> {
    let of = |number: u32| {
        let series = Series {
            entity: Entity::Volume(format!("/volume/{number}")),
            metric: Metric::DiskFree,
        };
        let value = f64::from(number.wrapping_mul(2_654_435_769)) / 7.0;
        (series, Point::Gauge(Gauge::of(value)))
    };
    sample(start_ms, (0..2_000).map(of).collect())
}

fn mount(dir: &Path) {
    unshare(CloneFlags::CLONE_NEWNS).expect("an own mount namespace needs root");
    let run = |args: &[&str], dir: &Path| {
        let status = Command::new("mount").args(args).arg(dir).status().unwrap();
        assert!(status.success());
    };
    run(&["--make-rprivate"], Path::new("/"));
    run(&["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"], dir);
}

/// Takes the last byte.
fn fill(path: &Path) {
    let mut filler = File::options()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    for size in [4_096, 1] {
        while filler.write_all(&vec![7; size]).is_ok() {}
    }
}

#[test]
fn a_full_disk_costs_samples_and_nothing_else_and_it_recovers_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    // The mount is seen by this thread and by those that it starts, so by the history's.
    mount(dir.path());
    let limits = Limits {
        disk_free_min: 0,
        ..Limits::default()
    };
    let history = History::open_within(dir.path(), Retention::default(), limits).unwrap();
    keep(&history, requests(START, 1, 1_000));
    let filler = dir.path().join("filler");
    fill(&filler);
    // Until what the file had in reserve is used up too.
    let mut slot = 0;
    while history.state().dropped == 0 {
        slot += 1;
        keep(&history, large(START + slot * FINE));
        fill(&filler);
        assert!(slot < 200, "the disk never was full");
    }
    assert!(history.state().failure.is_some());
    let dropped = history.state().dropped;
    keep(&history, large(START + (slot + 1) * FINE));
    assert_eq!(history.state().dropped, dropped + 1);
    // What was kept can be read meanwhile.
    let kept = ask(&history, Metric::Requests, (START, START + FINE), 0);
    assert_eq!(sums(&kept), [(START, 1)]);

    std::fs::remove_file(&filler).unwrap();
    keep(&history, requests(START + (slot + 2) * FINE, 2, 1_000));
    let state = history.state();
    assert_eq!((state.failure, state.dropped), (None, dropped + 1));
    let all = ask(&history, Metric::Requests, (START, START + HOUR), 0);
    let all = sums(&all);
    assert_eq!(all.first(), Some(&(START, 1)));
    assert_eq!(all.last(), Some(&(START + (slot + 2) * FINE, 2)));
    // The two that were dropped are a gap, not zeros.
    assert_eq!(all.len(), usize::try_from(slot).unwrap() + 1);
}

#[test]
fn what_is_left_of_a_nearly_full_disk_is_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        disk_free_min: u64::MAX,
        ..Limits::default()
    };
    let history = History::open_within(dir.path(), Retention::default(), limits).unwrap();
    keep(&history, requests(START, 1, 1_000));
    let state = history.state();
    assert_eq!(state.dropped, 1);
    assert!(state.failure.unwrap().contains("nearly full"));
}
