//! Clocks that jump, and agents that were away.

use underpass_history::{History, Retention};
use underpass_shared::monitor::Metric;

use crate::made::{DAY, FINE, HOUR, START, ask, keep, open, requests, sums};

/// Half an hour of samples with so many requests each.
fn half_an_hour(history: &History, from_ms: i64, count: u64) {
    for step in 0..120 {
        history.push(requests(from_ms + step * FINE, count, 1_000), vec![]);
        // Few at a time: what is pushed faster than it is written is dropped.
        if step % 30 == 29 {
            assert!(history.flush());
        }
    }
}

fn total(history: &History, range: (i64, i64)) -> u64 {
    let answer = ask(history, Metric::Requests, range, 0);
    sums(&answer).iter().map(|(_, sum)| sum).sum()
}

#[test]
fn a_jump_of_a_day_either_way_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(dir.path());
    half_an_hour(&history, START, 1);
    // A day ahead, then back to where it was.
    half_an_hour(&history, START + DAY, 10);
    half_an_hour(&history, START + HOUR, 100);
    // A day back, then where it was.
    half_an_hour(&history, START - DAY, 1_000);
    half_an_hour(&history, START + 2 * HOUR, 10_000);
    let whole = (START - 2 * DAY, START + 3 * DAY);
    assert_eq!(total(&history, whole), 120 * 11_111);
    for (start, count) in [
        (START, 1),
        (START + DAY, 10),
        (START + HOUR, 100),
        (START - DAY, 1_000),
        (START + 2 * HOUR, 10_000),
    ] {
        let answer = ask(&history, Metric::Requests, (start, start + HOUR), 0);
        let wanted: Vec<(i64, u64)> = (0..120).map(|step| (start + step * FINE, count)).collect();
        assert_eq!(sums(&answer), wanted);
    }
    // The same after a restart.
    drop(history);
    assert_eq!(total(&open(dir.path()), whole), 120 * 11_111);
}

#[test]
fn what_is_measured_again_after_a_jump_back_takes_the_place_of_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(dir.path());
    half_an_hour(&history, START, 1);
    half_an_hour(&history, START + HOUR, 1);
    // 15 minutes of the first hour once more, although that hour is put away.
    for step in 0..60 {
        keep(&history, requests(START + (30 + step) * FINE, 5, 1_000));
    }
    let expected = 30 + 60 * 5 + 30 + 120;
    assert_eq!(total(&history, (START, START + 2 * HOUR)), expected);
    // Also in the hour that is made of them.
    half_an_hour(&history, START + 3 * HOUR, 1);
    drop(history);
    let short = Retention {
        fine_hours: 1,
        minute_days: 0,
        hour_days: 100,
    };
    let history = History::open(dir.path(), short).unwrap();
    half_an_hour(&history, START + 5 * HOUR, 1);
    half_an_hour(&history, START + 6 * HOUR, 1);
    let answer = ask(&history, Metric::Requests, (START, START + HOUR), 0);
    assert_eq!(answer.step, HOUR);
    assert_eq!(sums(&answer), [(START, 30 + 60 * 5 + 30)]);
}

#[test]
fn an_agent_that_starts_again_within_a_slot_adds_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let short = |end_ms: i64, count| {
        let mut sample = (*requests(START, count, 1_000)).clone();
        sample.end_ms = end_ms;
        sample.span_ms = 5_000;
        sample.into()
    };
    keep(&open(dir.path()), short(START + 6_000, 3));
    let history = open(dir.path());
    keep(&history, short(START + 14_000, 4));
    let answer = ask(&history, Metric::Requests, (START, START + FINE), 0);
    assert_eq!(sums(&answer), [(START, 7)]);
}

#[test]
fn time_without_an_agent_is_a_gap_and_time_without_requests_is_zero() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(dir.path());
    keep(&history, requests(START, 2, 1_000));
    keep(&history, requests(START + FINE, 0, 0));
    keep(&history, requests(START + 10 * FINE, 2, 1_000));
    let answer = ask(&history, Metric::Requests, (START, START + 11 * FINE), 0);
    let at = |slot: i64, sum| (START + slot * FINE, sum);
    assert_eq!(sums(&answer), [at(0, 2), at(1, 0), at(10, 2)]);
    // A series that never was is zero where the agent measured.
    let never = ask(&history, Metric::RequestsDenied, (START, START + HOUR), 0);
    assert_eq!(sums(&never), [at(0, 0), at(1, 0), at(10, 0)]);
}
