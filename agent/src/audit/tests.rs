//! The log on a real file system.

use std::sync::atomic::{AtomicI64, Ordering};

use underpass_shared::audit::{Actor, Fault, Filter, Outcome, Report};
use underpass_shared::config::AuditCleanup;

use super::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A clock for each test that sets one; tests are processes or at least use different ones.
macro_rules! clock {
    ($start:expr) => {{
        static NOW: AtomicI64 = AtomicI64::new($start);
        fn now() -> i64 {
            NOW.load(Ordering::Relaxed)
        }
        (&NOW, now as fn() -> i64)
    }};
}

fn present(revision: u64, days: u16) -> impl Fn() -> Present + Send + 'static {
    move || Present {
        revision: Some(revision),
        settings: AuditSettings {
            cleanup: AuditCleanup::try_from(days).unwrap(),
            ..AuditSettings::default()
        },
    }
}

fn open(dir: &Path, clock: fn() -> i64) -> Audit {
    Audit::open(dir, clock, present(0, 0)).unwrap()
}

fn record(message: &str) -> Record {
    Record::of_agent(0, Category::TunnelStart, message)
}

fn intent(audit: &Audit, revision: u64) -> u64 {
    let actor = Actor::agent();
    let intent = Record::new(0, Category::Account, Outcome::Intent, actor, "change");
    let revision = Some(revision);
    audit.intent(Record { revision, ..intent }).unwrap()
}

/// Verified by the key of the data directory.
fn verified(data_dir: &Path) -> Result<Report, Fault> {
    let key = public_key(data_dir).ok().flatten().into_iter().collect();
    match verify(&files::dir(data_dir), key, None, None, None) {
        Ok(verified) => Ok(verified.report),
        Err(VerifyError::Bad(bad)) => Err(bad.fault),
        Err(error) => panic!("{error}"),
    }
}

/// All records, the oldest first.
fn all(data_dir: &Path) -> Vec<Record> {
    let mut records = vec![];
    let mut cursor = None;
    loop {
        let page = query(&files::dir(data_dir), &Filter::default(), cursor, 3).unwrap();
        records.extend(page.records);
        cursor = page.cursor;
        if cursor.is_none() {
            records.reverse();
            return records;
        }
    }
}

#[test]
fn nothing_is_touched_until_something_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    assert_eq!(audit.flush().unwrap(), Position::default());
    assert_eq!(audit.public_key().unwrap(), None);
    drop(audit);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    assert_eq!(verified(dir.path()).unwrap().records, 0);
    assert!(all(dir.path()).is_empty());
}

#[test]
fn what_was_recorded_is_there_and_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3_u64 {
        let audit = open(dir.path(), || 1);
        audit.event(record("event"));
        assert_eq!(intent(&audit, 1), 3 * round + 1);
        let done = Record {
            intent: Some(3 * round + 1),
            ..record("done")
        };
        audit.record(done);
        audit.flush().unwrap();
        assert_eq!(
            all(dir.path()).len(),
            usize::try_from(round).unwrap() * 3 + 3
        );
    }
    let report = verified(dir.path()).unwrap();
    assert_eq!((report.segments, report.records), (1, 9));
    assert_eq!((report.unsealed, report.open_intents), (0, 0));
    let sequences: Vec<u64> = all(dir.path()).iter().map(|one| one.sequence).collect();
    assert_eq!(sequences, (1..=9).collect::<Vec<u64>>());
}

#[test]
fn an_interrupted_write_is_cut_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    intent(&audit, 7);
    drop(audit);
    let path = files::path(&files::dir(dir.path()), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"hash\":\"0123");
    underpass_runtime::file::replace(&path, &bytes).unwrap();
    assert_eq!(verified(dir.path()), Err(Fault::Truncated { bytes: 13 }));
    let audit = Audit::open(dir.path(), || 1, present(7, 0)).unwrap();
    audit.record(record("next"));
    drop(audit);
    let report = verified(dir.path()).unwrap();
    assert_eq!((report.records, report.open_intents), (4, 0));
    let all = all(dir.path());
    assert_eq!(all[1].category, Category::AuditRepair);
    assert!(all[1].message.contains("13 bytes"), "{}", all[1].message);
    // The change had come to the store before.
    assert_eq!((all[2].intent, all[2].outcome), (Some(1), Outcome::Done));
    assert_eq!(all[3].message, "next");
}

#[test]
fn what_became_of_a_change_is_not_made_up_where_the_configuration_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    intent(&audit, 7);
    drop(audit);
    let unusable = Present {
        revision: None,
        ..present(0, 0)()
    };
    let audit = Audit::open(dir.path(), || 1, move || unusable).unwrap();
    audit.record(record("next"));
    drop(audit);
    let all = all(dir.path());
    assert_eq!((all[1].intent, all[1].outcome), (Some(1), Outcome::Unknown));
}

#[test]
fn a_damaged_log_goes_on_in_another_segment_and_stays_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    intent(&audit, 1);
    drop(audit);
    let path = files::path(&files::dir(dir.path()), 1);
    let text = std::fs::read_to_string(&path).unwrap();
    let forged = text.replace("change", "chance");
    underpass_runtime::file::replace(&path, forged.as_bytes()).unwrap();
    assert_eq!(verified(dir.path()), Err(Fault::Hash));
    let audit = open(dir.path(), || 1);
    audit.record(record("next"));
    drop(audit);
    assert_eq!(verified(dir.path()), Err(Fault::Hash));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), forged);
    let all = all(dir.path());
    let told = &all[all.len() - 2];
    assert_eq!(told.category, Category::AuditRepair);
    assert!(
        told.message.contains("segment 1, line 2"),
        "{}",
        told.message
    );
}

#[test]
fn a_lost_key_is_told_and_the_log_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    audit.record(record("before"));
    drop(audit);
    let old = public_key(dir.path()).unwrap();
    std::fs::remove_file(dir.path().join("secrets/audit.key")).unwrap();
    let audit = open(dir.path(), || 1);
    audit.record(record("after"));
    drop(audit);
    assert_ne!(public_key(dir.path()).unwrap(), old);
    assert!(matches!(verified(dir.path()), Err(Fault::Key { .. })));
    let messages: Vec<String> = all(dir.path()).into_iter().map(|one| one.message).collect();
    assert!(messages[1].contains("another one signs"), "{messages:?}");
    assert_eq!(messages[2], "after");
}

#[test]
fn days_end_segments_and_clocks_may_go_backwards() {
    let dir = tempfile::tempdir().unwrap();
    let (now, clock) = clock!(10 * DAY_MS);
    let audit = open(dir.path(), clock);
    for day in [10, 10, 11, 9, 11, 12] {
        now.store(day * DAY_MS, Ordering::Relaxed);
        audit.record(Record::of_agent(
            audit.now_ms(),
            Category::TunnelStart,
            "day",
        ));
        audit.flush().unwrap();
    }
    drop(audit);
    let report = verified(dir.path()).unwrap();
    assert_eq!((report.segments, report.records), (3, 6));
    let times: Vec<i64> = all(dir.path())
        .iter()
        .map(|one| one.time_ms / DAY_MS)
        .collect();
    assert_eq!(times, [10, 10, 11, 9, 11, 12]);
    // A search by time skips what is sealed and outside of it, and nothing else.
    let filter = Filter {
        from_ms: Some(9 * DAY_MS),
        to_ms: Some(10 * DAY_MS),
        ..Filter::default()
    };
    let found = query(&files::dir(dir.path()), &filter, None, 10).unwrap();
    assert_eq!(found.records.len(), 1);
}

#[test]
fn retention_removes_whole_segments_and_the_rest_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let (now, clock) = clock!(0);
    let audit = Audit::open(dir.path(), clock, present(0, 14)).unwrap();
    for day in [0, 1, 2, 15, 16] {
        now.store(day * DAY_MS, Ordering::Relaxed);
        audit.record(Record::of_agent(
            audit.now_ms(),
            Category::TunnelStart,
            "day",
        ));
        audit.flush().unwrap();
    }
    drop(audit);
    // The first record was older than 14 days when the log was looked at again.
    let audit = Audit::open(dir.path(), clock, present(0, 14)).unwrap();
    audit.record(record("again"));
    audit.flush().unwrap();
    drop(audit);
    let report = verified(dir.path()).unwrap();
    assert_eq!(report.first, 3, "{report:?}");
    let told = all(dir.path());
    let told: Vec<&str> = told
        .iter()
        .filter(|one| one.category == Category::AuditRetention)
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        told,
        ["removed the records before 3, which were older than 14 days"]
    );

    // Whoever removes more is found out, and so is who forges the marker.
    let first = files::list(&files::dir(dir.path())).unwrap()[0];
    let (path, marker) = (
        files::path(&files::dir(dir.path()), first),
        dir.path().join("audit/start.json"),
    );
    let kept = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(verified(dir.path()), Err(Fault::Missing));
    let text = std::fs::read_to_string(&marker).unwrap();
    let forged = text.replace("\"sequence\":3", "\"sequence\":4");
    assert_ne!(text, forged);
    underpass_runtime::file::replace(&marker, forged.as_bytes()).unwrap();
    assert!(matches!(verified(dir.path()), Err(Fault::Marker(_))));
    underpass_runtime::file::replace(&marker, text.as_bytes()).unwrap();
    underpass_runtime::file::replace(&path, &kept).unwrap();
    verified(dir.path()).unwrap();
}

#[test]
fn what_does_not_fit_is_counted() {
    let queue = Queue::default();
    let extra = 5;
    for _ in 0..queue::EVENTS_MAX + extra {
        queue.event(Event::Other(Box::new(record("many"))));
    }
    let taken = queue.take(None);
    assert_eq!(taken.events.len(), queue::EVENTS_MAX);
    assert_eq!(taken.overflow, u64::try_from(extra).unwrap());
    let told = overflow(1, taken.overflow);
    assert_eq!(told.category, Category::AuditOverflow);
    assert!(
        told.message.starts_with("5 records are missing"),
        "{}",
        told.message
    );
}

#[test]
fn a_flood_is_recorded_or_counted_to_the_last() {
    const FLOOD: u64 = 50_000;
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    for _ in 0..FLOOD {
        audit.event(record("many"));
    }
    drop(audit);
    let report = verified(dir.path()).unwrap();
    let filter = Filter {
        category: Some(Category::AuditOverflow),
        ..Filter::default()
    };
    let mut missing = 0;
    let mut markers = 0;
    let mut cursor = None;
    loop {
        let page = query(&files::dir(dir.path()), &filter, cursor, 100).unwrap();
        for one in page.records {
            markers += 1;
            let count = one.message.split(' ').next().unwrap();
            missing += count.parse::<u64>().unwrap();
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert!(missing > 0, "the flood fitted");
    assert_eq!(report.records - markers + missing, FLOOD);
}

#[test]
fn a_part_that_was_cut_off_a_running_log_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    audit.record(record("one"));
    let short = audit.flush().unwrap();
    audit.record(record("two"));
    let position = audit.flush().unwrap();
    let path = files::path(audit.dir(), 1);
    let check = || verify(audit.dir(), vec![], None, Some(position), None);
    assert!(check().unwrap().complete);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(short.len).unwrap();
    let Err(VerifyError::Bad(bad)) = check() else {
        panic!("the log verifies")
    };
    assert!(matches!(bad.fault, Fault::Truncated { .. }), "{bad}");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(check(), Err(VerifyError::Bad(_))));
}

/// What a request costs the thread that carries it, whatever the disk does meanwhile.
#[test]
fn recording_a_request_costs_its_thread_little() {
    const MOST: Duration = Duration::from_micros(50);
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path(), || 1);
    let key = SubaccountKey {
        region_host: "gateway.example.com".parse().unwrap(),
        subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
        location_id: "".parse().unwrap(),
    };
    let (key, count) = (Arc::new(key), 4_000);
    let start = underpass_runtime::clock::monotonic();
    for _ in 0..count {
        let request = Forwarded::new("GET", "erp.virtual", 443, "/sap/opu/odata/thing");
        audit.request(&key, request, None);
    }
    let each = (underpass_runtime::clock::monotonic() - start) / count;
    println!("{each:?} for each request");
    assert!(each < MOST, "{each:?}");
    drop(audit);
    assert_eq!(verified(dir.path()).unwrap().records, u64::from(count));
}
