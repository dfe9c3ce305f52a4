//! Sessions with hand-moved time.

use bytes::Bytes;
use http::StatusCode;
use underpass_shared::api::management::{ErrorBody, ErrorType, EventMessage};

use super::*;

fn at(seconds: u64) -> Now {
    Now {
        monotonic: Duration::from_secs(seconds),
        wall_ms: 1_000_000 + 1_000 * i64::try_from(seconds).unwrap(),
    }
}

fn reply(part: Part) -> Reply {
    let body = match part {
        Part::Own => r#"{"author":"operator:a","role":"Administrator"}"#,
        Part::Version => r#"{"version":"1"}"#,
        Part::Status => {
            r#"{"pid":1,"version":"1","timeMs":0,"revision":7,"problem":null,"links":[]}"#
        }
        Part::Configuration => r#"{"schema":1}"#,
        Part::Alerts => r#"{"alerts":[]}"#,
        Part::Pending | Part::Samples => "{}",
    };
    Reply {
        status: StatusCode::OK,
        revision: Some(7),
        body: Bytes::from_static(body.as_bytes()),
    }
}

fn lost() -> FleetError {
    FleetError::Silent
}

fn refused(status: StatusCode) -> FleetError {
    let body = ErrorBody {
        kind: ErrorType::ForbiddenRequest,
        message: "you may not".to_owned(),
        field: None,
    };
    FleetError::Refused { status, body }
}

/// Answers whatever is asked for, until the session waits; which parts were asked for.
fn serve(machine: &mut Machine, now: Now) -> Vec<Part> {
    let mut asked = vec![];
    loop {
        match machine.next(now) {
            Step::Load(part) => {
                asked.push(part);
                machine.loading(part);
                if part == Part::Samples {
                    machine.sampled(vec![]);
                } else {
                    machine.loaded(part, Ok(&reply(part)), now, 0);
                }
            }
            Step::Listen { .. } => machine.listens(),
            Step::Wait { .. } => return asked,
        }
    }
}

fn hear(machine: &mut Machine, id: u64, event: Event, now: Now) {
    let message = Some(EventMessage { time_ms: 0, event });
    machine.heard(
        Heard {
            id: Some(id),
            message,
        },
        now,
    );
}

fn revision(number: u64) -> Event {
    Event::Revision {
        number,
        author: "a".parse().unwrap(),
        reason: "r".parse().unwrap(),
    }
}

#[test]
fn it_listens_before_it_asks_and_asks_for_what_events_say() {
    let mut machine = Machine::new(at(0));
    assert_eq!(machine.next(at(0)), Step::Load(Part::Own));
    machine.loaded(Part::Own, Ok(&reply(Part::Own)), at(0), 0);
    assert_eq!(machine.next(at(0)), Step::Listen { after: None });
    machine.listens();
    serve(&mut machine, at(0));
    assert_eq!(
        machine.seen.link,
        Link::Online {
            since_ms: 1_000_000
        }
    );
    assert_eq!(machine.seen.configuration.value().unwrap().revision, 7);
    // What is known needs no question, what is new does.
    hear(&mut machine, 1, revision(7), at(1));
    assert_eq!(serve(&mut machine, at(1)), []);
    for id in 2..9 {
        hear(&mut machine, id, revision(8), at(1));
    }
    let asked = [
        Part::Status,
        Part::Configuration,
        Part::Pending,
        Part::Alerts,
    ];
    assert_eq!(serve(&mut machine, at(1)), asked);
    // Figures come with time.
    assert_eq!(serve(&mut machine, at(14)), []);
    let figures = [Part::Status, Part::Alerts, Part::Samples];
    assert_eq!(serve(&mut machine, at(15)), figures);
    // Behind a broken stream it goes on where it was.
    machine.ended();
    assert_eq!(machine.next(at(16)), Step::Load(Part::Own));
    machine.loaded(Part::Own, Ok(&reply(Part::Own)), at(16), 0);
    assert_eq!(machine.next(at(16)), Step::Listen { after: Some(8) });
}

#[test]
fn waits_double_up_to_a_minute_and_end_when_the_user_wants() {
    let mut machine = Machine::new(at(0));
    let (mut now, mut waits) = (0, vec![]);
    for _try in 0..8 {
        assert_eq!(machine.next(at(now)), Step::Load(Part::Own));
        machine.loaded(Part::Own, Err(&lost()), at(now), u32::MAX);
        let Step::Wait { until: Some(until) } = machine.next(at(now)) else {
            panic!("it does not wait");
        };
        waits.push(until.as_secs() - now);
        now = until.as_secs();
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    machine.loaded(Part::Own, Err(&lost()), at(now), u32::MAX);
    machine.retry(at(now));
    assert_eq!(machine.next(at(now)), Step::Load(Part::Own));
    // It was up for long: the next loss begins anew.
    serve(&mut machine, at(now));
    machine.deaf(&lost(), at(now + 31), u32::MAX);
    let until = Some(Duration::from_secs(now + 32));
    assert_eq!(machine.next(at(now + 31)), Step::Wait { until });
    // Nothing that was known is lost, and nothing of it is sure.
    assert!(machine.seen.configuration.is_stale());
    assert!(wait(0, 0) >= WAIT_MIN && wait(40, 0) == WAIT_MAX / 2);
}

#[test]
fn a_loss_soon_after_is_no_new_beginning() {
    let mut machine = Machine::new(at(0));
    for _flap in 0..5 {
        machine.retry(at(0));
        serve(&mut machine, at(0));
        machine.deaf(&lost(), at(1), u32::MAX);
    }
    let until = Some(Duration::from_secs(17));
    assert_eq!(machine.next(at(1)), Step::Wait { until });
}

#[test]
fn who_may_not_read_something_still_has_the_rest() {
    let mut machine = Machine::new(at(0));
    serve(&mut machine, at(0));
    let forbidden = refused(StatusCode::FORBIDDEN);
    machine.loaded(Part::Configuration, Err(&forbidden), at(1), 0);
    assert!(machine.seen.link.is_online());
    let reason = machine.seen.configuration.reason().unwrap();
    assert!(reason.contains("you may not"), "{reason}");
}

#[test]
fn who_is_refused_or_meets_another_stops_for_good() {
    for (error, changed) in [
        (refused(StatusCode::UNAUTHORIZED), false),
        (refused(StatusCode::FORBIDDEN), false),
        (FleetError::Imposter, true),
    ] {
        let mut machine = Machine::new(at(0));
        machine.loaded(Part::Own, Err(&error), at(0), 0);
        assert_eq!(machine.next(at(1_000_000)), Step::Wait { until: None });
        let is_changed = matches!(machine.seen.link, Link::KeyChanged { .. });
        assert_eq!(is_changed, changed);
        machine.retry(at(1_000_001));
        assert_eq!(machine.next(at(1_000_001)), Step::Load(Part::Own));
    }
}

#[test]
fn an_answer_that_is_none_of_ours_is_told_and_no_loss() {
    let mut machine = Machine::new(at(0));
    serve(&mut machine, at(0));
    let html = Reply {
        body: Bytes::from_static(b"<html>"),
        ..reply(Part::Status)
    };
    machine.loaded(Part::Status, Ok(&html), at(1), 0);
    assert!(machine.seen.link.is_online());
    assert!(
        machine
            .seen
            .status
            .reason()
            .unwrap()
            .contains("does not parse")
    );
    assert!(machine.seen.status.value().is_some());
}
