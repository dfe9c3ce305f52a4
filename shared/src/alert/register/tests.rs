//! The register with hand-moved time.

mod storms;

use super::super::{Category, Code, Severity};
use super::*;

const TUNNEL: Code = Code::TunnelDown;

fn id(code: Code, entity: &str) -> AlertId {
    let entity = entity.to_owned();
    AlertId { code, entity }
}

fn of(code: Code) -> Condition {
    Condition {
        id: id(code, "x"),
        text: "is wrong".to_owned(),
        because_of: None,
        days_left: None,
    }
}

fn because(code: Code, cause: Code) -> Condition {
    Condition {
        because_of: Some(id(cause, "x")),
        ..of(code)
    }
}

fn days(left: i64) -> Condition {
    Condition {
        days_left: Some(left),
        ..of(Code::UiCertificate)
    }
}

/// A register and its time.
struct Bench {
    register: Register,
    now: Now,
    rules: Rules,
    unknown: Vec<Code>,
    undecided: Vec<AlertId>,
}

impl Bench {
    fn new() -> Self {
        let now = Now {
            monotonic: Duration::from_secs(5),
            wall_ms: 1_700_000_000_000,
        };
        Self {
            register: Register::new(now),
            now,
            rules: Rules::default(),
            unknown: vec![],
            undecided: vec![],
        }
    }

    /// Looks after some seconds: what is delivered of which alerts, and in parentheses what is
    /// only shown.
    fn look(&mut self, seconds: u64, conditions: &[Condition]) -> String {
        self.now.monotonic += Duration::from_secs(seconds);
        self.now.wall_ms += i64::try_from(seconds * 1_000).unwrap();
        let look = Look {
            conditions: conditions.to_vec(),
            unknown: self.unknown.iter().copied().collect(),
            undecided: self.undecided.iter().cloned().collect(),
        };
        let told = self.register.step(self.now, look, &self.rules);
        let told = told.iter().map(|one| {
            let Notice {
                happening, alert, ..
            } = &one.notice;
            let text = format!("{happening} {}", alert.id.code);
            if one.deliver {
                text
            } else {
                format!("({text})")
            }
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// The agent is started anew: time begins again, the state is what was written.
    fn restart(&mut self) {
        let state = serde_json::to_string(&self.register).unwrap();
        self.register = serde_json::from_str(&state).unwrap();
        assert_eq!(serde_json::to_string(&self.register).unwrap(), state);
        self.now.monotonic = Duration::ZERO;
    }

    fn number(&self) -> u64 {
        self.register.active()[0].number
    }
}

#[test]
fn what_stands_is_told_once_and_once_more_when_it_is_over() {
    let mut bench = Bench::new();
    assert_eq!(bench.look(0, &[of(TUNNEL)]), "");
    assert!(bench.register.active().is_empty());
    assert_eq!(bench.look(29, &[of(TUNNEL)]), "");
    assert_eq!(bench.look(1, &[of(TUNNEL)]), "raised Tunnel");
    let first = bench.register.active()[0].clone();
    assert_eq!((first.number, first.severity), (1, Severity::Error));
    // It stands since it was seen first, not since it was told.
    assert_eq!(first.since_ms, bench.now.wall_ms - 30_000);
    let other = Condition {
        text: "is worse".to_owned(),
        ..of(TUNNEL)
    };
    assert_eq!(bench.look(86_400, &[other]), "");
    assert_eq!(bench.register.active()[0].text, "is worse");
    bench.register.saved();
    assert_eq!(bench.look(5, &[]), "");
    assert!(bench.register.is_changed());
    let over_ms = bench.now.wall_ms;
    assert_eq!(bench.look(59, &[]), "");
    assert_eq!(bench.look(1, &[]), "resolved Tunnel");
    assert!(bench.register.active().is_empty());
    let past: Vec<&Alert> = bench.register.history().collect();
    assert_eq!((past.len(), past[0].resolved_ms), (1, Some(over_ms)));
    bench.register.saved();
    assert_eq!(bench.look(5, &[]), "");
    assert!(!bench.register.is_changed());
}

#[test]
fn what_goes_before_it_is_visible_was_nothing() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        assert_eq!(bench.look(20, &[of(TUNNEL)]), "");
        assert_eq!(bench.look(20, &[]), "");
    }
    assert_eq!(bench.register.history().count(), 0);
    // Rules may want it at once.
    bench.rules.delays.insert(TUNNEL, Duration::ZERO);
    assert_eq!(bench.look(1, &[of(TUNNEL)]), "raised Tunnel");
}

#[test]
fn certificates_remind_as_their_days_go_by() {
    let mut bench = Bench::new();
    let mut told = vec![];
    for left in (-3..=40).rev() {
        for _ in 0..3 {
            let text = bench.look(8 * 3_600, &[days(left)]);
            if !text.is_empty() {
                told.push((left, text.split(' ').next().unwrap().to_owned()));
            }
        }
    }
    let expected = [
        (40, "raised"),
        (30, "reminded"),
        (14, "reminded"),
        (7, "reminded"),
        (3, "reminded"),
        (1, "reminded"),
    ];
    assert_eq!(told, expected.map(|(left, text)| (left, text.to_owned())));
    // A clock that jumps back and forth reminds of nothing twice.
    for left in [20, 40, 2, -3] {
        assert_eq!(bench.look(5, &[days(left)]), "");
    }
    // What is found late begins where it is, and what was slept through is one reminder.
    let mut bench = Bench::new();
    assert_eq!(bench.look(0, &[days(20)]), "raised UICertificate");
    assert_eq!(bench.look(5, &[days(2)]), "reminded UICertificate");
    bench
        .register
        .acknowledge(1, "somebody", bench.now)
        .unwrap();
    assert_eq!(bench.look(5, &[days(1)]), "");
    // Another certificate is there: this one is over, and the next begins anew.
    assert_eq!(bench.look(5, &[]), "");
    assert_eq!(bench.look(60, &[]), "resolved UICertificate");
    assert_eq!(bench.look(60, &[days(20)]), "raised UICertificate");
    assert_eq!(bench.register.active()[0].acknowledged, None);
}

#[test]
fn what_follows_from_something_else_is_counted_but_not_told() {
    let (tunnel, channel) = (of(TUNNEL), because(Code::ChannelDown, TUNNEL));
    let mut backend = because(Code::BackendDown, Code::ChannelDown);
    let mut bench = Bench::new();
    let all = [tunnel.clone(), channel.clone(), backend.clone()];
    assert_eq!(bench.look(0, &all), "");
    assert_eq!(bench.look(30, &all), "raised Tunnel");
    assert_eq!(bench.register.active()[0].hides, 2);
    assert_eq!(bench.look(3_600, &all), "");
    // The cause is away, and for a while it is not sure that it stays away.
    let both = [channel.clone(), backend.clone()];
    assert_eq!(bench.look(5, &both), "");
    assert_eq!(bench.look(60, &both), "resolved Tunnel");
    // What remains has its own time to go away; it still hides what follows from itself.
    assert_eq!(bench.look(29, &both), "");
    assert_eq!(bench.look(1, &both), "raised ServiceChannel");
    assert_eq!(bench.register.active()[0].hides, 1);
    // What was told stays told when a cause comes afterwards, and its end is told.
    assert_eq!(bench.look(30, &[tunnel.clone(), channel.clone()]), "");
    assert_eq!(bench.look(30, &[tunnel.clone(), channel]), "raised Tunnel");
    assert_eq!(bench.look(5, std::slice::from_ref(&tunnel)), "");
    assert_eq!(
        bench.look(60, std::slice::from_ref(&tunnel)),
        "resolved ServiceChannel"
    );
    // A circle hides nobody.
    backend.because_of = Some(id(Code::DiskSpace, "x"));
    let circle = [backend, because(Code::DiskSpace, Code::BackendDown), tunnel];
    assert_eq!(bench.look(5, &circle), "raised Disk, raised BackendDown");
}

#[test]
fn a_silence_holds_back_and_tells_afterwards() {
    let mut bench = Bench::new();
    let disk = [of(Code::DiskSpace)];
    assert_eq!(bench.look(0, &disk), "raised Disk");
    let until = bench.now.wall_ms + 600_000;
    bench
        .register
        .silence(bench.number(), Some(until), bench.now)
        .unwrap();
    // Those who know that it was raised get to know that it is over.
    bench.look(1, &[]);
    assert_eq!(bench.look(60, &[]), "resolved Disk");
    // The silence is of the thing, not of one alert.
    assert_eq!(bench.look(1, &disk), "(raised Disk)");
    assert_eq!(bench.register.active()[0].silenced_until_ms, Some(until));
    bench.restart();
    assert_eq!(bench.look(1, &[]), "");
    assert_eq!(bench.look(120, &[]), "(resolved Disk)");
    assert_eq!(bench.look(1, &disk), "(raised Disk)");
    assert_eq!(bench.look(300, &disk), "");
    // The silence is over, and it still stands.
    assert_eq!(bench.look(300, &disk), "raised Disk");
    assert_eq!(bench.register.active()[0].silenced_until_ms, None);
    let number = bench.number();
    let hour = Some(bench.now.wall_ms + 3_600_000);
    bench.register.silence(number, hour, bench.now).unwrap();
    bench.register.silence(number, None, bench.now).unwrap();
    assert_eq!(bench.look(5, &disk), "");
    for wrong in [bench.now.wall_ms, 0, -1, i64::MAX] {
        let refused = bench.register.silence(number, Some(wrong), bench.now);
        assert_eq!(refused, Err(RegisterError::Until));
    }
}

#[test]
fn a_reminder_waits_for_the_end_of_a_silence() {
    let mut bench = Bench::new();
    bench.look(0, &[days(20)]);
    let until = bench.now.wall_ms + 3_600_000;
    bench.register.silence(1, Some(until), bench.now).unwrap();
    assert_eq!(bench.look(5, &[days(13)]), "");
    assert_eq!(bench.look(3_600, &[days(13)]), "reminded UICertificate");
}

#[test]
fn a_deleted_alert_comes_back_while_it_stands() {
    let mut bench = Bench::new();
    let disk = [of(Code::DiskSpace)];
    bench.look(0, &disk);
    bench
        .register
        .acknowledge(1, "somebody", bench.now)
        .unwrap();
    let by = |one: &Alert| one.acknowledged.clone().map(|one| one.by);
    // Who was first is known.
    let again = bench.register.acknowledge(1, "other", bench.now).unwrap();
    assert_eq!(by(&again).as_deref(), Some("somebody"));
    bench.register.delete(1).unwrap();
    assert!(bench.register.active().is_empty());
    assert_eq!(bench.register.get(1), Err(RegisterError::Unknown(1)));
    // Those who were told of it are not told again.
    assert_eq!(bench.look(5, &disk), "(raised Disk)");
    let back = bench.register.active()[0].clone();
    assert_eq!((back.number, by(&back)), (2, None));
    // One that is over meanwhile does not come back, and they get to know that.
    bench.register.delete(2).unwrap();
    bench.look(5, &[]);
    assert_eq!(bench.look(60, &[]), "resolved Disk");
    assert_eq!(bench.register.history().count(), 0);
    // Of the past it is gone for good.
    bench.look(5, &disk);
    bench.look(5, &[]);
    assert_eq!(bench.look(3_600, &[]), "resolved Disk");
    let past = bench.register.history().next().unwrap().number;
    let refused = bench.register.acknowledge(past, "somebody", bench.now);
    assert_eq!(refused, Err(RegisterError::Resolved(past)));
    bench.register.delete(past).unwrap();
    assert_eq!(bench.register.history().count(), 0);
}

#[test]
fn nobody_is_told_afterwards_of_what_was_switched_off() {
    let mut bench = Bench::new();
    bench.rules.off.insert(Category::FreeDiskSpace);
    let disk = [of(Code::DiskSpace)];
    assert_eq!(bench.look(0, &disk), "(raised Disk)");
    bench.rules.off.clear();
    assert_eq!(bench.look(5, &disk), "");
    bench.look(5, &[]);
    assert_eq!(bench.look(60, &[]), "(resolved Disk)");
    assert_eq!(bench.look(5, &disk), "raised Disk");
    // Its end is told to those who know of it.
    bench.rules.off.insert(Category::FreeDiskSpace);
    bench.look(5, &[]);
    assert_eq!(bench.look(120, &[]), "resolved Disk");
}

#[test]
fn a_restart_is_no_news_and_what_cannot_be_judged_stays() {
    let mut bench = Bench::new();
    let both = [of(Code::DiskSpace), of(Code::CpuLoad)];
    assert_eq!(bench.look(0, &both), "raised CPU, raised Disk");
    bench.look(5, &[of(Code::CpuLoad)]);
    bench.restart();
    // Nothing was measured yet.
    bench.unknown = vec![Code::CpuLoad];
    assert_eq!(bench.look(5, &[]), "");
    assert_eq!(bench.look(55, &[]), "");
    assert_eq!(bench.look(5, &[]), "resolved Disk");
    assert_eq!(bench.look(600, &[]), "");
    bench.unknown.clear();
    assert_eq!(bench.look(5, &[of(Code::CpuLoad)]), "");
    assert_eq!(bench.register.active().len(), 1);
    // Of single things too.
    bench.undecided = vec![id(Code::CpuLoad, "x"), id(Code::DiskSpace, "y")];
    assert_eq!(bench.look(600, &[]), "");
    bench.undecided.clear();
    bench.look(5, &[]);
    assert_eq!(bench.look(60, &[]), "resolved CPU");
}

#[test]
fn clocks_that_jump_change_nothing() {
    let mut bench = Bench::new();
    let day = 86_400_000;
    bench.look(0, &[of(TUNNEL)]);
    bench.now.wall_ms += day;
    assert_eq!(bench.look(29, &[of(TUNNEL)]), "");
    assert_eq!(bench.look(1, &[of(TUNNEL)]), "raised Tunnel");
    bench.now.wall_ms -= 2 * day;
    assert_eq!(bench.look(5, &[]), "");
    bench.now.wall_ms += 3 * day;
    assert_eq!(bench.look(59, &[]), "");
    assert_eq!(bench.look(1, &[]), "resolved Tunnel");
}

#[test]
fn too_much_is_bounded_and_the_worst_stays() {
    let mut bench = Bench::new();
    let many = |count: usize| {
        let condition = |n: usize| Condition {
            id: id(Code::TrustCertificate, &n.to_string()),
            text: "ü".repeat(TEXT_LEN_MAX),
            ..of(Code::TrustCertificate)
        };
        (0..count).map(condition).collect::<Vec<_>>()
    };
    let mut all = many(CONDITIONS_MAX);
    bench.look(0, &all);
    assert_eq!(bench.register.active().len(), CONDITIONS_MAX);
    assert!(bench.register.active()[0].text.len() <= TEXT_LEN_MAX);
    all.truncate(CONDITIONS_MAX - 1);
    all.extend(many(CONDITIONS_MAX + 10).split_off(CONDITIONS_MAX));
    all.push(of(Code::DiskSpace));
    let told = bench.look(5, &all);
    assert_eq!(told, "raised Disk");
    bench.look(5, &[]);
    bench.look(60, &[]);
    assert_eq!(bench.register.history().count(), HISTORY_MAX);
    let newest = bench.register.history().next().unwrap().number;
    assert!(bench.register.get(newest).is_ok());
    let state = serde_json::to_string(&bench.register).unwrap();
    assert!(state.len() < 4 * 1024 * 1024, "{}", state.len());
}
