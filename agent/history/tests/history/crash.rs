//! Killed in the middle of a write.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use underpass_shared::monitor::Metric;

use crate::made::{FINE, START, ask, keep, open, requests, sums};

/// Tells the child where its history is.
const DIR: &str = "UNDERPASS_HISTORY_CRASH_DIR";

/// Not a test of its own: the process that is killed. It keeps one sample after the other, in each
/// one request more, and tells of each after it was kept.
#[test]
#[ignore = "run by the test that kills it"]
fn writes_until_it_is_killed() {
    let Some(dir) = env::var_os(DIR) else { return };
    let history = open(Path::new(&dir));
    let mut out = std::io::stdout();
    for number in 0_u32.. {
        let start_ms = START + i64::from(number) * FINE;
        keep(&history, requests(start_ms, u64::from(number) + 1, 1_000));
        writeln!(out, "kept {number}").unwrap();
    }
}

fn writer(dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::writes_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_at_any_instant_loses_nothing_that_was_kept() {
    // Before the first hour is put away, about then, and after.
    for told in [3_u32, 239, 240, 260] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = writer(dir.path());
        let mut kept = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            // The first line begins with what the test's frame prints.
            let number = line
                .split_once("kept ")
                .and_then(|(_, number)| number.parse().ok());
            kept = number.or(kept);
            if kept >= Some(told) {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let kept = u64::from(kept.unwrap());
        let history = open(dir.path());
        let end = START + 400 * FINE;
        let found = sums(&ask(&history, Metric::Requests, (START, end), 0));
        let count = u64::try_from(found.len()).unwrap();
        // One more may have been kept before it could be told.
        assert!(
            (kept + 1..=kept + 2).contains(&count),
            "{count} after {kept}"
        );
        for ((t, sum), number) in found.into_iter().zip(0_i64..) {
            assert_eq!((t, sum), (START + number * FINE, number.unsigned_abs() + 1));
        }
        // It goes on, and another hour puts the first away for good.
        keep(&history, requests(START + 480 * FINE, 1, 1_000));
        let again = sums(&ask(&history, Metric::Requests, (START, end), 0));
        assert_eq!(again.len() as u64, count);
        assert_eq!(history.state().failure, None);
    }
}
