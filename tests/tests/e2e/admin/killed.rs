//! A running agent that is killed while operators change it: nothing acknowledged is lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use underpass_runtime::random;

use super::socket::{Answer, answer, curl};
use crate::agent::Agent;
use crate::process::{in_full, until};
use crate::world::World;

/// How often the agent is killed, and how often in full; the variable sets another number.
const KILLS: u32 = 20;
const KILLS_IN_FULL: u32 = 100;
const KILLS_VARIABLE: &str = "UNDERPASS_TEST_KILLS";
/// Operators who change mappings at once, each those of its own.
const OPERATORS: usize = 3;
/// Mappings of one operator.
const MAPPINGS: u64 = 8;
/// The agent is killed after at most so many changes of one life ...
const CHANGES: u32 = 12;
/// ... and at most so much later, in microseconds, about as long as a change takes.
const LATER_US: u32 = 20_000;
/// An operator makes no more in one life, so that a failure ends the test.
const CHANGES_MAX: u32 = 200;

/// What one operator was told, by virtual host: the description, or nothing once it was removed.
type Told = BTreeMap<String, Option<String>>;

/// An operator who changes one mapping after another, and of whose last change nothing is known
/// when the agent is killed under it.
#[derive(Default)]
struct Operator {
    changes: u64,
    told: Told,
    unknown: Option<(String, Option<String>)>,
}

impl Operator {
    /// Changes until the agent is gone.
    fn work(&mut self, name: usize, dir: &Path, mappings: &str, acknowledged: &AtomicU32) {
        for _ in 0..CHANGES_MAX {
            self.changes += 1;
            let host = format!("host-{name}-{}.virtual", self.changes * 5 % MAPPINGS);
            let present = self.told.get(&host).is_some_and(Option::is_some);
            let wanted = (!present || !self.changes.is_multiple_of(3))
                .then(|| format!("change {}", self.changes));
            let (method, path) = match (present, &wanted) {
                (false, _) => ("POST", mappings.to_owned()),
                (true, Some(_)) => ("PUT", format!("{mappings}/{host}:80")),
                (true, None) => ("DELETE", format!("{mappings}/{host}:80")),
            };
            match ask(dir, method, &path, &body(&host, wanted.as_deref())) {
                Some(answer) => {
                    assert!((200..300).contains(&answer.status), "{method}: {answer:?}");
                    self.told.insert(host, wanted);
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                None => {
                    self.unknown = Some((host, wanted));
                    return;
                }
            }
        }
    }

    /// Compares with what an agent has after its start; of the unknown change it has all or nothing.
    fn check(&mut self, name: usize, found: &Told) {
        if let Some((host, wanted)) = self.unknown.take() {
            let present = found.get(&host).cloned().flatten();
            if present == wanted {
                self.told.insert(host, wanted);
            }
        }
        let prefix = format!("host-{name}-");
        let found = found.iter().filter(|(host, _)| host.starts_with(&prefix));
        let found: Vec<_> = found
            .filter_map(|(host, text)| Some((host, text.as_ref()?)))
            .collect();
        let told = self.told.iter();
        let told: Vec<_> = told
            .filter_map(|(host, text)| Some((host, text.as_ref()?)))
            .collect();
        assert_eq!(found, told, "operator {name}");
    }
}

fn body(host: &str, description: Option<&str>) -> Value {
    json!({
        "virtualHost": host, "virtualPort": 80, "localHost": "10.0.0.1", "localPort": 80,
        "protocol": "HTTP", "backendType": "nonSAPsys", "authenticationMode": "NONE",
        "description": description.unwrap_or_default(),
    })
}

/// A request whose answer may never come.
fn ask(dir: &Path, method: &str, path: &str, body: &Value) -> Option<Answer> {
    let body = body.to_string();
    let arguments = [
        "-X",
        method,
        "-H",
        "Content-Type: application/json",
        "--data",
        &body,
    ];
    let output = curl(&[], dir, path, &arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| answer(&text))
}

/// Starts the agent and waits until it answers.
fn start(agent: &mut Agent, mappings: &str) -> Told {
    agent.run();
    let listed = until("the agent can be administered", || {
        let output = curl(&[], &agent.dir, mappings, &[]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| answer(&text).json())
    });
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = listed.as_array().unwrap().iter();
    rows.map(|row| (text(row, "virtualHost"), Some(text(row, "description"))))
        .collect()
}

#[test]
fn a_killed_agent_has_every_change_that_an_operator_was_told_of() {
    let usual = if in_full() { KILLS_IN_FULL } else { KILLS };
    let kills = std::env::var(KILLS_VARIABLE).map_or(usual, |text| text.parse().unwrap());
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mappings = format!("{}/systemMappings", agent.subaccount_path());
    let mut operators: [Operator; OPERATORS] = Default::default();
    let mut total = 0;
    for _ in 0..kills {
        let found = start(&mut agent, &mappings);
        for (name, operator) in operators.iter_mut().enumerate() {
            operator.check(name, &found);
        }
        let (dir, acknowledged) = (agent.dir.clone(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for (name, operator) in operators.iter_mut().enumerate() {
                let (dir, mappings, acknowledged) = (&dir, &mappings, &acknowledged);
                scope.spawn(move || operator.work(name, dir, mappings, acknowledged));
            }
            let enough = 1 + random::number() % CHANGES;
            until("enough changes", || {
                (acknowledged.load(Ordering::Relaxed) >= enough).then_some(())
            });
            std::thread::sleep(Duration::from_micros((random::number() % LATER_US).into()));
            assert!(
                agent.process().ended().is_none(),
                "{}",
                agent.process().output()
            );
            agent.process().kill();
        });
        total += acknowledged.into_inner();
    }
    let found = start(&mut agent, &mappings);
    for (name, operator) in operators.iter_mut().enumerate() {
        operator.check(name, &found);
    }
    println!("{kills} kills, {total} changes acknowledged");
}
