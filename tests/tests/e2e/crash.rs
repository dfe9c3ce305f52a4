//! Programs that are killed at random moments while they are changed: nothing acknowledged is lost.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use underpass_runtime::random;
use underpass_shared::config::Document;
use underpass_tests::churn;

use crate::agent::Agent;
use crate::process::{Process, json, program, run, until};
use crate::world::World;

/// How often the agent's store is killed, and the gateway.
const AGENT_KILLS: u32 = 100;
const GATEWAY_KILLS: u32 = 50;
/// Kills of a gateway that starts for the very first time.
const FIRST_STARTS: u32 = 10;
/// The longest that a program lives, in milliseconds.
const LIFE_MS: u32 = 150;

fn random_moment() -> Duration {
    let range = LIFE_MS * 1_000;
    Duration::from_micros((random::number() % range).into())
}

/// What revision the course of changes has come to, and its content.
struct Course {
    number: u64,
    document: Document,
}

impl Course {
    fn advance_to(&mut self, number: u64) {
        while self.number < number {
            self.number += 1;
            self.document = churn::step(&self.document, self.number).unwrap();
        }
    }
}

/// The last complete line of a kind in a writer's output: its revision and the rest.
fn last(output: &str, kind: &str) -> Option<(u64, String)> {
    let complete = output.rsplit_once('\n')?.0;
    let line = complete.lines().rfind(|line| line.starts_with(kind))?;
    let mut words = line.splitn(3, ' ').skip(1);
    let number = words.next()?.parse().unwrap();
    Some((number, words.next()?.to_owned()))
}

/// One writer in flight at a time, so the state is that of the last acknowledged change or of the
/// one after it, in every byte.
#[test]
fn a_killed_agent_keeps_every_acknowledged_change() {
    let folder = tempfile::tempdir().unwrap();
    let mut agent = Agent::new(folder.path().join("agent"), "", &[]);
    let mut course = Course {
        number: 0,
        document: Document::empty(),
    };
    let (mut acknowledged, mut opened) = (0, 0);
    for round in 0..AGENT_KILLS {
        let mut command = Command::new(program("underpass-store-writer"));
        let log = folder.path().join("writer.log");
        let mut writer = Process::start(command.arg(&agent.dir), log);
        if round % 5 > 0 {
            // However slow the machine is, most are killed at work and not at their start.
            until("the store is open", || {
                (writer.ended().is_some() || last(&writer.output(), "open").is_some()).then_some(())
            });
        }
        std::thread::sleep(random_moment());
        let ended = writer.ended();
        writer.kill();
        let output = writer.output();
        assert!(ended.is_none(), "round {round}: {output}");
        assert!(!output.contains("failed"), "round {round}: {output}");
        // Killed before it opened: what was acknowledged before still counts.
        if let Some((number, hash)) = last(&output, "open") {
            opened += 1;
            assert!(
                number == acknowledged || number == acknowledged + 1,
                "round {round}: {number} after {acknowledged}"
            );
            course.advance_to(number);
            assert_eq!(
                hash,
                course.document.hash().to_string(),
                "revision {number}"
            );
            acknowledged = number;
        }
        if let Some((number, _)) = last(&output, "done") {
            acknowledged = number;
        }
        if round % 10 == 0 {
            // The real program always starts on what is left, and says the same.
            agent.run();
            let status = until("the agent runs", || {
                std::fs::read_to_string(agent.dir.join("status.json")).ok()
            });
            agent.process().kill();
            let head = json(&status)["revision"].as_u64().unwrap();
            assert!(head == acknowledged || head == acknowledged + 1);
            acknowledged = head;
            let shown = agent.document().to_string();
            course.advance_to(head);
            assert_eq!(Document::from_json(&shown).unwrap(), course.document);
        }
    }
    println!("{AGENT_KILLS} kills, {opened} after opening, {acknowledged} revisions");
    assert!(opened > AGENT_KILLS / 2, "killed too early: {opened}");
    assert!(acknowledged > 100, "killed too early: {acknowledged}");
}

/// What was acknowledged while gateways were killed.
#[derive(Default)]
struct Acknowledged {
    subaccounts: Vec<String>,
    bindings: Vec<serde_json::Value>,
    tokens: Vec<String>,
}

/// Runs commands, one after another, until told to end; one that is told to fail counts not.
fn keep_changing<T: Send>(stop: &AtomicBool, change: impl Fn(u32) -> Option<T> + Sync) -> Vec<T> {
    let mut done = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        done.extend(change(number));
    }
    done
}

/// What a command printed if it succeeded. One in five is killed itself.
fn try_run(mut command: Command) -> Option<String> {
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    if random::number().is_multiple_of(5) {
        std::thread::sleep(random_moment() / 5);
        // It may have ended already.
        drop(child.kill());
    }
    let output = child.wait_with_output().unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

impl Acknowledged {
    /// Changes of all kinds at once, until the gateway was killed.
    fn gather(&mut self, world: &World, round: u32, killed: impl FnOnce()) {
        let stop = AtomicBool::new(false);
        let test = world.tenant.subaccount.as_str();
        std::thread::scope(|scope| {
            let subaccounts = scope.spawn(|| {
                keep_changing(&stop, |number| {
                    let name = format!("s-{round}-{number}");
                    let add = ["subaccount", "add", &name];
                    try_run(world.command(&add)).map(|_| name)
                })
            });
            let bindings = scope.spawn(|| {
                keep_changing(&stop, |_| {
                    let create = ["binding", "create", "--json", "--subaccount", test];
                    try_run(world.command(&create)).map(|text| json(&text))
                })
            });
            let tokens = scope.spawn(|| {
                keep_changing(&stop, |_| {
                    let create = ["enrol-token", "create", "--json", "--subaccount", test];
                    let created = json(&try_run(world.command(&create))?);
                    created["token"].as_str().map(str::to_owned)
                })
            });
            killed();
            stop.store(true, Ordering::Relaxed);
            self.subaccounts.extend(subaccounts.join().unwrap());
            self.bindings.extend(bindings.join().unwrap());
            self.tokens.extend(tokens.join().unwrap());
        });
    }
}

#[test]
fn a_killed_gateway_keeps_every_acknowledged_change() {
    let mut world = World::start();
    let mut acknowledged = Acknowledged::default();
    for round in 0..GATEWAY_KILLS {
        let mut gateway = world.spawn_gateway();
        acknowledged.gather(&world, round, || {
            std::thread::sleep(random_moment());
            assert!(gateway.ended().is_none(), "{}", gateway.output());
            gateway.kill();
        });
    }
    world.restart_gateway();

    let listed = json(&run(world.command(&["subaccount", "list", "--json"])));
    let listed: BTreeSet<&str> = listed["subaccounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["name"].as_str())
        .collect();
    for name in &acknowledged.subaccounts {
        assert!(listed.contains(name.as_str()), "{name} is lost");
    }
    for binding in &acknowledged.bindings {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            binding["clientid"].as_str().unwrap(),
            binding["clientsecret"].as_str().unwrap()
        );
        let answer = world.token_endpoint("/oauth/token", &["-d", &form]);
        assert!(answer["access_token"].is_string(), "{answer}");
    }
    for (number, token) in acknowledged.tokens.iter().enumerate() {
        let location = format!("l{number}");
        let agent = Agent::new(world.path(&location), &location, &[]);
        run(agent.command(&["enrol", token, "--location-id", &location]));
    }
    let counts = [
        acknowledged.subaccounts.len(),
        acknowledged.bindings.len(),
        acknowledged.tokens.len(),
    ];
    println!("{GATEWAY_KILLS} kills; subaccounts, bindings and tokens: {counts:?}");
    assert!(counts.iter().all(|&count| count > 20), "{counts:?}");
}

/// Keys and certificates are made then; half of them must not keep it from starting.
#[test]
fn a_gateway_that_is_killed_at_its_first_start_starts() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..FIRST_STARTS {
        let dir = folder.path().join(number.to_string());
        let mut command = Command::new(program("underpass-gateway"));
        command.args(["serve", "--data-dir"]).arg(&dir);
        for port in ["tunnel", "proxy", "token"] {
            command.arg(format!("--{port}-listen")).arg("127.0.0.1:0");
        }
        let mut gateway = Process::start(&mut command, dir.with_extension("log"));
        // Reading a file as soon as it is there tells nothing of the next one.
        std::thread::sleep(random_moment() / 5);
        gateway.kill();
        drop(std::fs::remove_file(dir.join("addresses.json")));
        let mut again = Process::start(&mut command, dir.with_extension("log"));
        until("the gateway is ready", || {
            assert!(again.ended().is_none(), "{}", again.output());
            std::fs::metadata(dir.join("addresses.json")).ok()
        });
    }
}
