//! Files that are not what they should be.

use std::fs;

use underpass_history::{HISTORY_FILE, OpenError, Retention};
use underpass_runtime::file::replace;
use underpass_shared::monitor::Metric;

use crate::made::{FINE, HOUR, START, ask, keep, open, requests, sums};

#[test]
fn a_broken_file_is_put_aside_and_another_one_begins() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(HISTORY_FILE);
    replace(&path, &[b'x'; 20_000]).unwrap();
    let history = open(dir.path());
    keep(&history, requests(START, 3, 1_000));
    let answer = ask(&history, Metric::Requests, (START, START + HOUR), 0);
    assert_eq!(sums(&answer), [(START, 3)]);
    let aside = fs::read(dir.path().join("history.db.broken")).unwrap();
    assert_eq!(aside, vec![b'x'; 20_000]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_file_that_breaks_while_it_is_used_is_put_aside_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(HISTORY_FILE);
    let history = open(dir.path());
    for slot in 0..100 {
        keep(&history, requests(START + slot * FINE, 3, 1_000));
    }
    drop(history);
    // Everything but the first page, which names the tables.
    let mut bytes = fs::read(&path).unwrap();
    bytes[16_384..].fill(0xa5);
    replace(&path, &bytes).unwrap();
    let history = open(dir.path());
    for slot in 0..3 {
        keep(&history, requests(START + HOUR + slot * FINE, 3, 1_000));
    }
    let answer = ask(&history, Metric::Requests, (START, START + 2 * HOUR), 0);
    assert!(!answer.points.is_empty());
    assert_eq!(history.state().failure, None);
    assert!(dir.path().join("history.db.broken").exists());
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(HISTORY_FILE);
    drop(open(dir.path()));
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let before = fs::read(&path).unwrap();
    let refused = underpass_history::History::open(dir.path(), Retention::default());
    let refused = refused.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }));
    assert!(refused.to_string().contains("newer version"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_somebody_removes_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(dir.path());
    keep(&history, requests(START, 3, 1_000));
    // The log stays behind, as with a careless hand.
    fs::remove_file(dir.path().join(HISTORY_FILE)).unwrap();
    keep(&history, requests(START + FINE, 4, 1_000));
    let answer = ask(&history, Metric::Requests, (START, START + HOUR), 0);
    assert_eq!(sums(&answer), [(START + FINE, 4)]);
    assert_eq!(history.state().dropped, 0);
}
