//! How much space it takes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use underpass_history::{HISTORY_FILE, History, Limits, Retention};
use underpass_shared::api::management::HistoryPoint;
use underpass_shared::monitor::{Entity, Gauge, Histogram, Metric, Point, Sample, Series, Tally};

use crate::made::{FINE, HOUR, START, ask, sums};

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// About a normal distribution around 0, with a deviation of 1.
    fn normal(&mut self) -> f64 {
        let sum: u64 = (0..12).map(|_| self.next() % 1_000_000).sum();
        sum as f64 / 1e6 - 6.0
    }

    fn duration(&mut self, median: f64, spread: f64) -> u64 {
        let duration = Duration::from_secs_f64(median * (self.normal() * spread).exp() / 1e6);
        u64::try_from(duration.as_micros()).unwrap()
    }
}

fn mapping(number: usize) -> Entity {
    let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
    let text = format!("mapping:gateway.example.com/{id}//system-{number}.virtual:443");
    text.parse().unwrap()
}

/// What a mapping has measured when it was called so often.
fn called(dice: &mut Dice, entity: &Entity, calls: u64, span_ms: u64) -> Vec<(Series, Point)> {
    let mut points = vec![];
    let mut add = |metric, point| {
        let entity = entity.clone();
        points.push((Series { entity, metric }, point));
    };
    let bytes = |dice: &mut Dice| (0..calls).map(|_| dice.duration(4_000.0, 1.0)).sum();
    add(Metric::Requests, Point::Tally(Tally::of(calls, span_ms)));
    for metric in [Metric::BytesReceived, Metric::BytesSent] {
        add(metric, Point::Tally(Tally::of(bytes(dice), span_ms)));
    }
    for (metric, median, spread) in [
        (Metric::TimeTotal, 120_000.0, 0.5),
        (Metric::TimeBackend, 90_000.0, 0.5),
        (Metric::TimeGateway, 300.0, 0.3),
        (Metric::TimeTunnel, 20_000.0, 0.1),
    ] {
        let mut histogram = Histogram::default();
        (0..calls).for_each(|_| histogram.record(dice.duration(median, spread)));
        add(metric, Point::Durations(histogram));
    }
    let idle = if calls > 0 { 1.0 } else { 0.0 };
    add(Metric::BackendIdle, Point::Gauge(Gauge::of(idle)));
    points
}

/// How often a mapping is called in an hour of work. Some are called all the time, most seldom.
fn calls_per_hour(number: usize) -> u64 {
    match number % 10 {
        0 => 300,
        1..=3 => 30,
        _ => 2,
    }
}

/// Halves of what mappings measure, made before because making it takes long.
struct Pool {
    by_calls: BTreeMap<u64, Vec<Vec<(Series, Point)>>>,
}

impl Pool {
    /// For these numbers of calls; one alone cannot be halved.
    fn new(dice: &mut Dice, calls: &[u64], span_ms: u64) -> Self {
        let mut some = |calls: &u64| {
            let half = calls.div_ceil(2);
            let some = (0..64).map(|_| called(dice, &Entity::Agent, half, span_ms));
            (*calls, some.collect())
        };
        Self {
            by_calls: calls.iter().map(&mut some).collect(),
        }
    }

    /// Two halves, chosen anew for each metric, so that hardly any two are the same.
    fn add(&self, dice: &mut Dice, number: usize, calls: u64, to: &mut Vec<(Series, Point)>) {
        let some = &self.by_calls[&calls];
        let entity = mapping(number);
        for (place, _) in some[0].iter().enumerate() {
            let mut half = || &some[usize::try_from(dice.next() % 64).unwrap()][place];
            let (series, mut point) = half().clone();
            if calls > 1 {
                point.merge(&half().1);
            }
            let (entity, metric) = (entity.clone(), series.metric);
            to.push((Series { entity, metric }, point));
        }
    }
}

fn at(end_ms: i64, span_ms: u64, points: Vec<(Series, Point)>) -> Arc<Sample> {
    Arc::new(Sample {
        end_ms,
        span_ms,
        points,
    })
}

fn push(history: &History, sample: Arc<Sample>) {
    history.push(sample, vec![]);
    assert!(history.flush());
}

/// Bytes of the rows of a tier. SQLite adds some to each, and fills its pages to four fifths.
fn bytes_of(dir: &Path, tier: i64) -> f64 {
    let file = rusqlite::Connection::open(dir.join(HISTORY_FILE)).unwrap();
    let sql = "SELECT sum(length(data) + 16) FROM block WHERE key >> 60 = ?1";
    let bytes: i64 = file.query_row(sql, [tier], |row| row.get(0)).unwrap();
    bytes as f64 / 0.8
}

/// Bytes by hours of work of some mappings in the tier of an hour, each given as one sample.
fn hours_of(dir: &Path, mappings: usize, hours: i64) -> f64 {
    let short = Retention {
        fine_hours: 1,
        minute_days: 0,
        hour_days: 1_000,
    };
    let history = History::open(dir, short).unwrap();
    let mut dice = Dice(7);
    let pool = Pool::new(&mut dice, &[300, 30, 2], 3_600_000);
    for hour in 0..hours {
        let mut points = vec![];
        for number in 0..mappings {
            pool.add(&mut dice, number, calls_per_hour(number), &mut points);
        }
        push(&history, at(START + hour * HOUR + FINE, 3_600_000, points));
    }
    // Another week, so that all is put away.
    push(&history, at(START + (hours + 400) * HOUR, 15_000, vec![]));
    bytes_of(dir, 2)
}

/// Bytes by an hour of samples of some mappings in the tiers of 15 s and of a minute.
fn fine_hour_of(dir: &Path, mappings: usize) -> (f64, f64) {
    let history = History::open(dir, Retention::default()).unwrap();
    let mut dice = Dice(9);
    let pool = Pool::new(&mut dice, &[1, 2, 4], 15_000);
    for slot in 0..240 {
        let mut points = vec![];
        for number in 0..mappings {
            // As many as there are in an hour, spread by chance.
            let wanted = calls_per_hour(number);
            match (0..4).filter(|_| dice.next() % 960 < wanted).count() {
                0 => {}
                1 => pool.add(&mut dice, number, 1, &mut points),
                2 => pool.add(&mut dice, number, 2, &mut points),
                _ => pool.add(&mut dice, number, 4, &mut points),
            }
        }
        push(&history, at(START + (slot + 1) * FINE, 15_000, points));
    }
    // Another hour, so that all is put away.
    push(&history, at(START + 400 * HOUR, 15_000, vec![]));
    (bytes_of(dir, 0), bytes_of(dir, 1))
}

/// The arithmetic of docs/history.md: 500 mappings, each in use during 45 hours of a week.
#[test]
fn two_years_of_500_mappings_stay_below_200_mb() {
    const MAPPINGS: usize = 10;
    const HOURS: i64 = 168;
    let dir = tempfile::tempdir().unwrap();
    let within = |name: &str| {
        let dir = dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        dir
    };
    let hour = hours_of(&within("hours"), MAPPINGS, HOURS) / (MAPPINGS as f64 * HOURS as f64);
    let (fine, minutes) = fine_hour_of(&within("fine"), MAPPINGS);
    let (fine, minutes) = (fine / MAPPINGS as f64, minutes / MAPPINGS as f64);
    let used = 45.0 / 168.0 * 500.0;
    let years = 2.0 * 365.0 * 24.0 * used * hour;
    let weeks = 14.0 * 24.0 * used * minutes;
    // A day of work has nine hours.
    let day = 9.0 * 500.0 * fine;
    let sum = years + weeks + day;
    println!(
        "bytes of an hour of a mapping: {hour:.0} + {minutes:.0} + {fine:.0}; \
         all: {:.0} + {:.0} + {:.0} = {:.0} MB",
        years / 1e6,
        weeks / 1e6,
        day / 1e6,
        sum / 1e6
    );
    assert!(sum < 180e6, "{sum}");
}

/// One sample of an hour, with a request of the agent and more of mappings.
fn one_of_an_hour(history: &History, pool: &Pool, dice: &mut Dice, hour: i64) {
    let mut points = vec![];
    for number in 0..12 {
        pool.add(dice, number, 20, &mut points);
    }
    let requests = Series {
        entity: Entity::Agent,
        metric: Metric::Requests,
    };
    points.push((requests, Point::Tally(Tally::of(1, 15_000))));
    push(history, at(START + hour * HOUR + FINE, 15_000, points));
}

#[test]
fn a_file_of_which_less_is_to_be_kept_gets_smaller() {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(5);
    let pool = Pool::new(&mut dice, &[20], 15_000);
    let mut len_after = |retention, hours: std::ops::Range<i64>| {
        let history = History::open(dir.path(), retention).unwrap();
        for hour in hours {
            one_of_an_hour(&history, &pool, &mut dice, hour);
        }
        drop(history);
        std::fs::metadata(dir.path().join(HISTORY_FILE))
            .unwrap()
            .len()
    };
    let before = len_after(Retention::default(), 0..400);
    let short = Retention {
        fine_hours: 1,
        minute_days: 0,
        hour_days: 1,
    };
    let after = len_after(short, 400..403);
    assert!(after < before / 3, "{before} bytes, then {after}");
}

#[test]
fn a_file_that_grows_too_large_loses_the_oldest_of_the_finest() {
    const HOURS: i64 = 260;
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        bytes_max: 360_000,
        ..Limits::default()
    };
    let history = History::open_within(dir.path(), Retention::default(), limits).unwrap();
    let mut dice = Dice(11);
    let pool = Pool::new(&mut dice, &[20], 15_000);
    let path = dir.path().join(HISTORY_FILE);
    for hour in 0..HOURS {
        one_of_an_hour(&history, &pool, &mut dice, hour);
        let log = std::fs::metadata(dir.path().join("history.db-wal")).map_or(0, |log| log.len());
        let len = std::fs::metadata(&path).unwrap().len() + log;
        assert!(len < 8_000_000, "{len} bytes after {hour} hours");
    }
    let state = history.state();
    assert!(state.bytes <= limits.bytes_max, "{state:?}");
    assert_eq!(state.dropped, 0);
    let all = ask(&history, Metric::Requests, (START, START + HOURS * HOUR), 0);
    // The newest are there, finely; the oldest had to go.
    assert!((sums(&all).len() as i64) < HOURS, "nothing was removed");
    let last = START + (HOURS - 1) * HOUR;
    let newest = ask(&history, Metric::Requests, (last, last + HOUR), 0);
    assert_eq!((newest.step, sums(&newest)), (FINE, vec![(last, 1)]));
    let oldest = all.points.first().map(HistoryPoint::start_ms).unwrap();
    assert!(oldest > START, "the oldest hours are the first to go");
}

/// The same with every hour of two years, for whoever has ten minutes.
#[test]
#[ignore = "takes minutes: cargo nextest run --run-ignored only two_whole_years"]
fn two_whole_years_of_500_mappings() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::open(dir.path(), Retention::default()).unwrap();
    let mut dice = Dice(13);
    let pool = Pool::new(&mut dice, &[300, 30, 2], 3_600_000);
    let path = dir.path().join(HISTORY_FILE);
    let mut most = 0;
    for hour in 0..2 * 365 * 24 {
        let mut points = vec![];
        let at_work = hour % 24 < 9 && hour / 24 % 7 < 5;
        if at_work {
            for number in 0..500 {
                pool.add(&mut dice, number, calls_per_hour(number), &mut points);
            }
        }
        push(&history, at(START + hour * HOUR + FINE, 3_600_000, points));
        most = most.max(std::fs::metadata(&path).unwrap().len());
    }
    println!("{} MB", most / 1_000_000);
    assert!(most < 200_000_000, "{most}");
}
