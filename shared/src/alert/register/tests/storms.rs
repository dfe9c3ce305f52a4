//! Whatever comes and goes, and whatever operators do: what holds always.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What somebody does between two looks.
#[derive(Clone, Debug)]
enum Act {
    Nothing,
    Acknowledge,
    Silence(i64),
    EndSilence,
    Delete,
    Restart,
    Switch,
}

/// What can be there.
fn all() -> [Condition; 4] {
    [
        of(Code::DiskSpace),
        because(Code::BackendDown, TUNNEL),
        of(TUNNEL),
        days(20),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Nothing),
        1 => Just(Act::Acknowledge),
        1 => (1_i64..4_000_000).prop_map(Act::Silence),
        1 => Just(Act::EndSilence),
        1 => Just(Act::Delete),
        1 => Just(Act::Restart),
        1 => Just(Act::Switch),
    ]
}

/// Of each of them whether it is there, how long until the next look, what somebody does.
fn steps() -> impl Strategy<Value = Vec<([bool; 4], u64, Act)>> {
    let step = (any::<[bool; 4]>(), 1_u64..400, act());
    proptest::collection::vec(step, 1..150)
}

impl Bench {
    fn act(&mut self, act: &Act) {
        let newest = self.register.active().first().map(|one| one.number);
        let number = newest.unwrap_or(1);
        let now = self.now;
        let done = match act {
            Act::Nothing => return,
            Act::Restart => return self.restart(),
            Act::Switch => {
                if !self.rules.off.remove(&Category::Backends) {
                    self.rules.off.insert(Category::Backends);
                }
                return;
            }
            Act::Acknowledge => self.register.acknowledge(number, "somebody", now),
            Act::Silence(ms) => self.register.silence(number, Some(now.wall_ms + ms), now),
            Act::EndSilence => self.register.silence(number, None, now),
            Act::Delete => self.register.delete(number),
        };
        assert_eq!(done.is_ok(), newest.is_some() || done.is_ok());
    }
}

/// What receivers were told of one thing.
#[derive(Default)]
struct Heard {
    is_raised: bool,
    raised_at: Vec<Duration>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn receivers_hear_of_each_thing_in_order_and_never_too_often(steps in steps()) {
        let (mut bench, all) = (Bench::new(), all());
        let mut heard: BTreeMap<AlertId, Heard> = BTreeMap::new();
        let (mut notice, mut at) = (0, Duration::ZERO);
        for (there, seconds, act) in steps {
            bench.act(&act);
            at += Duration::from_secs(seconds);
            bench.now.monotonic += Duration::from_secs(seconds);
            bench.now.wall_ms += i64::try_from(seconds * 1_000).unwrap();
            let conditions = all.iter().zip(there).filter(|(_, there)| *there);
            let conditions: Vec<Condition> = conditions.map(|(one, _)| one.clone()).collect();
            let (now, rules) = (bench.now, bench.rules.clone());
            let silent: BTreeSet<AlertId> = bench.register.silences.iter()
                .filter(|(_, until)| **until > now.wall_ms)
                .map(|(id, _)| id.clone())
                .collect();
            for told in bench.register.step(now, conditions.into(), &rules) {
                // Numbers grow, whatever happens.
                prop_assert!(told.notice.number > notice);
                notice = told.notice.number;
                if !told.deliver {
                    continue;
                }
                let id = told.notice.alert.id.clone();
                let heard = heard.entry(id.clone()).or_default();
                match told.notice.happening {
                    Happening::Raised => {
                        prop_assert!(!heard.is_raised, "{id} raised twice");
                        prop_assert!(!silent.contains(&id), "{id} although it is silenced");
                        heard.is_raised = true;
                        heard.raised_at.push(at);
                    }
                    Happening::Reminded => prop_assert!(heard.is_raised && !silent.contains(&id)),
                    Happening::Resolved => {
                        prop_assert!(heard.is_raised, "{id} resolved, but never raised");
                        heard.is_raised = false;
                    }
                    Happening::Test => prop_assert!(false, "nobody tests"),
                }
            }
            let numbers: BTreeSet<u64> = bench.register.active().iter()
                .copied()
                .chain(bench.register.history())
                .map(|one| one.number)
                .collect();
            let count = bench.register.active().len() + bench.register.history().count();
            prop_assert_eq!(numbers.len(), count);
        }
        // 60 + 120 + 240 + 480 + 960 + 1920 s away are more than an hour.
        for (id, heard) in &heard {
            for raised in &heard.raised_at {
                let hour = *raised..*raised + Duration::from_secs(3_600);
                let times = heard.raised_at.iter().filter(|one| hour.contains(*one)).count();
                prop_assert!(times <= 7, "{id} was raised {times} times within an hour");
            }
        }
    }

    /// The register against what it means: a list of what was there at which second.
    #[test]
    fn an_alert_stands_as_its_condition_does(there in proptest::collection::vec(any::<bool>(), 1..60)) {
        let mut bench = Bench::new();
        let (mut standing, mut stood, mut away) = (false, None, 0_u64);
        let mut returns = 0;
        for is_there in there {
            let conditions = if is_there { vec![of(TUNNEL)] } else { vec![] };
            bench.look(20, &conditions);
            if is_there {
                // Seconds since it was seen first without a gap.
                stood = Some(stood.map_or(0, |seconds| seconds + 20));
                standing |= stood >= Some(30);
                away = 0;
            } else {
                stood = None;
                away += 20;
                // The first look at which it was away counts from then on.
                if standing && away - 20 >= 60 << returns {
                    standing = false;
                    returns += 1;
                }
            }
            prop_assert_eq!(bench.register.active().len(), usize::from(standing));
        }
    }
}
