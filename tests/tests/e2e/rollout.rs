//! A change of fifty agents by the shipped program, with everything that goes wrong on the way.

mod relay;

use std::process::{Command, Output};
use std::sync::Mutex;

use serde_json::{Value, json};
use tempfile::TempDir;
use underpass_fleet::client::Known;
use underpass_fleet::command::Described;
use underpass_fleet::keys::{self, KeyChoice};
use underpass_fleet::profile::Profile;
use underpass_runtime::file;
use underpass_runtime::pki::PrivateKey;
use underpass_shared::secret::Secret;

use self::relay::Relay;
use crate::agent::Agent;
use crate::process::{Process, json as parse, program, refuse, run, until};

/// The fleet of the test.
const AGENTS: usize = 50;
/// How many are set up at the same time.
const HANDS: usize = 4;
/// The agents that do not take the change: nobody is there, this user may not, a rule would be
/// broken, changes of somebody else are on trial.
const AWAY: usize = 40;
const FORBIDDEN: usize = 41;
const INVALID: usize = 42;
const ON_TRIAL: usize = 43;
/// The agents that the change goes wrong with: somebody else was faster, killed meanwhile.
const RACED: usize = 44;
const KILLED: usize = 45;
/// The exit code where not all agents are as they shall be.
const NOT_WELL: i32 = 3;
/// The resources that make a document larger than any question.
const RESOURCES: usize = 600;

struct One {
    agent: Agent,
    address: String,
}

impl One {
    /// Starts it where it was.
    fn start(&mut self) {
        let path = self.agent.dir.join("addresses.json");
        // A killed one left it behind.
        drop(std::fs::remove_file(&path));
        let arguments = ["run", "--management-listen", &self.address];
        self.agent.run_with(&arguments);
        self.address = until("the management API is reachable", || {
            let told = parse(&std::fs::read_to_string(&path).ok()?);
            told["management"][0].as_str().map(str::to_owned)
        });
    }

    fn revision(&self) -> u64 {
        self.agent.tell(&["status"])["revision"].as_u64().unwrap()
    }

    /// Somebody else changes something else.
    fn meddle(&self, more: &[&str]) {
        let mut document = self.agent.document();
        let tunnels = document["connector"]["tunnelConnections"].as_u64().unwrap();
        document["connector"]["tunnelConnections"] = (tunnels + 1).into();
        let path = self.agent.write(&document);
        run(self
            .agent
            .command(&[&["document", "apply", &path], more].concat()));
    }
}

struct Fleet {
    all: Vec<One>,
    relay: Relay,
    folder: TempDir,
}

fn mapping(address: &str, resources: usize) -> Value {
    let resource =
        |n| json!({ "path": format!("/some/path/{n}"), "enabled": true, "exactMatchOnly": false });
    json!({
        "virtualAddress": address, "internalAddress": "old.corp.example:80",
        "protocol": "TCP", "backendType": "nonSAPsys",
        "resources": (0..resources).map(resource).collect::<Vec<_>>(),
    })
}

fn document(number: usize) -> Value {
    let id = |kind: u8| format!("{kind:08x}-0000-4000-8000-{number:012x}");
    let mut mappings = vec![];
    match number {
        INVALID => mappings.push(mapping("erp.virtual:3305", 0)),
        KILLED => {
            let mut large = mapping("large.virtual:80", RESOURCES);
            large["protocol"] = "HTTP".into();
            mappings.push(large);
        }
        _ => {}
    }
    json!({
        "schema": 1,
        "subaccounts": [{
            "regionHost": "gateway.invalid", "subaccount": "00000007-0000-4000-8000-000000000000",
            "locationId": format!("plant-{number:02}"), "instance": id(1), "credential": id(2),
            "connected": false, "mappings": mappings,
        }],
    })
}

/// Sets an agent up that knows an operator, and starts it.
fn set_up(folder: &TempDir, number: usize, request: &str) -> (One, String, String) {
    let agent = Agent::new(folder.path().join(format!("agent-{number:02}")), "", &[]);
    let path = folder.path().join(format!("{number}.json"));
    file::replace(&path, document(number).to_string().as_bytes()).unwrap();
    run(agent.command(&["document", "apply", path.to_str().unwrap()]));
    let issue = [
        "operator", "issue", "--csr", request, "--name", "desk", "--role",
    ];
    let issued = agent.tell(&[&issue[..], &["Administrator"]].concat());
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    let mut one = One {
        agent,
        address: "127.0.0.1:0".to_owned(),
    };
    one.start();
    (one, text("caCert"), text("certificate"))
}

impl Fleet {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = PrivateKey::generate().unwrap();
        let request = folder.path().join("request.pem");
        file::replace(&request, key.request().unwrap().as_bytes()).unwrap();
        file::replace(&folder.path().join("passphrase"), b"correct horse\n").unwrap();
        let request = request.to_str().unwrap();
        let numbers = Mutex::new(0..AGENTS);
        let done = Mutex::new(vec![]);
        std::thread::scope(|scope| {
            for _ in 0..HANDS {
                scope.spawn(|| {
                    loop {
                        let Some(number) = numbers.lock().unwrap().next() else {
                            return;
                        };
                        let one = set_up(&folder, number, request);
                        done.lock().unwrap().push((number, one));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap();
        done.sort_by_key(|(number, _)| *number);
        let relay = Relay::to(&done[KILLED].1.0.address);
        let path = folder.path().join("profile");
        let passphrase = KeyChoice::Passphrase(Secret::new("correct horse".to_owned()));
        let profile = Profile::open(&path).unwrap();
        let keys = keys::open(&path, &passphrase).unwrap();
        let mut all = vec![];
        for (number, (one, ca_cert, certificate)) in done {
            let key = Secret::new(key.to_pem());
            let known = Known::given(ca_cert, certificate, key).unwrap();
            let address = match number {
                KILLED => &relay.address,
                _ => &one.address,
            };
            let described = Described {
                label: format!("plant-{number:02}"),
                group: Some("plants".to_owned()),
                tags: vec![],
            };
            let address = address.parse().unwrap();
            profile.add(&*keys, address, &known, described).unwrap();
            all.push(one);
        }
        Self { all, relay, folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("underpass"));
        command.arg("fleet").args(arguments);
        command.arg("--json").arg("--profile");
        command.arg(self.folder.path().join("profile"));
        command.arg("--passphrase-file");
        command.arg(self.folder.path().join("passphrase"));
        command
    }

    /// What a command says that ends so.
    fn tell(&self, arguments: &[&str], code: i32) -> Value {
        told(&self.command(arguments).output().unwrap(), code)
    }

    fn bulk(&self, arguments: &[&str], code: i32) -> Value {
        self.tell(&[&["bulk"], arguments].concat(), code)
    }

    /// Plans a change, with nobody else at work.
    fn plan(&self, description: &str, more: &[&str], code: i32) -> Value {
        let template = json!({
            "format": 1, "name": "ERP",
            "variables": { "erp": { "default": "erp.corp.example" } },
            "settings": { "description": description },
            "subaccounts": [{ "match": { "regionHost": "gateway.invalid" }, "mappings": [{
                "virtualAddress": "erp.virtual:3300", "internalAddress": "${erp}:3300",
                "furtherPorts": 10, "protocol": "TCP", "backendType": "abapSys",
            }] }],
        });
        let path = self.folder.path().join("template.json");
        file::replace(&path, template.to_string().as_bytes()).unwrap();
        let plan = ["plan", path.to_str().unwrap()];
        self.bulk(&[&plan[..], more].concat(), code)
    }

    /// Makes those agents take no change, or have it go wrong, that are to.
    fn trouble(&mut self) {
        self.all[AWAY].agent.process().kill();
        self.all[ON_TRIAL].meddle(&["--confirm-within", "3600"]);
        let role = ["operator", "role", "desk", "Display"];
        // The last Administrator stays one, so somebody else is before.
        let request = self.folder.path().join("other.pem");
        let key = PrivateKey::generate().unwrap();
        file::replace(&request, key.request().unwrap().as_bytes()).unwrap();
        let agent = &self.all[FORBIDDEN].agent;
        let issue = [
            "operator",
            "issue",
            "--name",
            "boss",
            "--role",
            "Administrator",
            "--csr",
        ];
        agent.tell(&[&issue[..], &[request.to_str().unwrap()]].concat());
        agent.tell(&role);
    }

    /// Ends what keeps agents from the change.
    fn mend(&mut self) {
        self.all[AWAY].start();
        run(self.all[ON_TRIAL].agent.command(&["revert"]));
        let role = ["operator", "role", "desk", "Administrator"];
        self.all[FORBIDDEN].agent.tell(&role);
        let agent = &self.all[INVALID].agent;
        run(agent.command(&["mapping", "remove", "erp.virtual:3305"]));
        self.all[KILLED].start();
    }

    /// Runs a change while one agent is killed just when it has made it, before it says so.
    fn run_and_kill(&mut self, arguments: &[&str]) -> Value {
        self.relay.hold_the_answer();
        let mut command = self.command(arguments);
        let output = std::thread::scope(|scope| {
            let running = scope.spawn(move || command.output().unwrap());
            let before = document(KILLED)["subaccounts"][0]["mappings"]
                .as_array()
                .unwrap()
                .len();
            until("the change is made", || {
                let made = self.relay.holds() && {
                    let document = self.all[KILLED].agent.document();
                    let mappings = document["subaccounts"][0]["mappings"].as_array().unwrap();
                    mappings.len() > before
                };
                made.then_some(())
            });
            self.all[KILLED].agent.process().kill();
            self.relay.lose_it();
            running.join().unwrap()
        });
        told(&output, NOT_WELL)
    }
}

fn told(output: &Output, code: i32) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    parse(std::str::from_utf8(&output.stdout).unwrap())
}

fn number(told: &Value) -> String {
    told["number"].to_string()
}

/// Which state an agent is in, and which kind of thing went wrong with it.
fn state(told: &Value, agent: usize) -> (&str, Option<&str>) {
    let label = format!("plant-{agent:02}");
    let all = told["agents"].as_array().unwrap();
    let one = all.iter().find(|one| one["label"] == *label).unwrap();
    (
        one["state"].as_str().unwrap(),
        one.pointer("/fault/kind").and_then(Value::as_str),
    )
}

fn counts(told: &Value, wanted: &[(&str, u64)]) {
    for (name, count) in wanted {
        assert_eq!(told["counts"][name], *count, "{name}: {}", told["counts"]);
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one story, since fifty agents take a while to start"
)]
#[test]
fn serial_fifty_agents_get_a_change_and_six_fail_each_in_its_own_way() {
    let mut fleet = Fleet::start();
    let before: Vec<Value> = fleet.all.iter().map(|one| one.agent.document()).collect();
    fleet.trouble();

    // The plan changes nothing and says who does not take it.
    let revision = fleet.all[0].revision();
    let options = [
        "--group", "plants", "--first", "plant-07", "--first", "plant-03",
    ];
    let more = ["--failures", "9"];
    let planned = fleet.plan("of the test", &[&options[..], &more].concat(), NOT_WELL);
    counts(&planned, &[("ready", 46), ("refused", 4)]);
    assert_eq!(state(&planned, AWAY), ("refused", Some("unreachable")));
    assert_eq!(state(&planned, FORBIDDEN), ("refused", Some("forbidden")));
    assert_eq!(state(&planned, INVALID), ("refused", Some("invalid")));
    assert_eq!(state(&planned, ON_TRIAL), ("refused", Some("onTrial")));
    assert_eq!(planned["agents"][0]["label"], "plant-07");
    let changes = planned["agents"][0]["plan"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(fleet.all[0].revision(), revision);
    let number = number(&planned);
    let refused = refuse(fleet.command(&["bulk", "run", &number, "--yes"]));
    assert!(
        refused.contains("4 of 50 agents do not take the change"),
        "{refused}"
    );

    // The run: somebody is faster with one, and one dies with the change and before its answer.
    fleet.all[RACED].meddle(&[]);
    let ran = fleet.run_and_kill(&["bulk", "run", &number, "--yes", "--leave-out"]);
    counts(
        &ran,
        &[("done", 44), ("failed", 1), ("unknown", 1), ("refused", 4)],
    );
    assert_eq!(state(&ran, RACED), ("failed", Some("raced")));
    assert_eq!(state(&ran, KILLED), ("unknown", Some("lost")));
    assert_eq!(ran["stopped"], Value::Null);
    assert_eq!(fleet.all[0].revision(), revision + 1);
    let shown = fleet.all[0].agent.document();
    let address = &shown["subaccounts"][0]["mappings"][0]["internalAddress"];
    assert_eq!(address, "erp.corp.example:3300");

    // Mended, it is gone on with: what was lost is found out and not done twice.
    fleet.mend();
    let revision = fleet.all[KILLED].revision();
    let ran = fleet.bulk(&["resume", &number, "--yes", "--retry"], 0);
    counts(&ran, &[("done", 50)]);
    assert_eq!(fleet.all[KILLED].revision(), revision);

    // Back on all of them; one is away, and gets it later. What others did stays.
    fleet.all[AWAY].agent.process().kill();
    let undone = fleet.bulk(&["undo", &number, "--yes"], NOT_WELL);
    counts(&undone, &[("undone", 49), ("notUndone", 1)]);
    assert_eq!(state(&undone, AWAY), ("notUndone", Some("unreachable")));
    fleet.all[AWAY].start();
    counts(
        &fleet.bulk(&["undo", &number, "--yes"], 0),
        &[("undone", 50)],
    );
    for (agent, (one, before)) in fleet.all.iter().zip(&before).enumerate() {
        let mut after = one.agent.document();
        match agent {
            RACED => {
                assert_eq!(after["connector"]["tunnelConnections"], 3);
                after["connector"]["tunnelConnections"] = 2.into();
            }
            // What somebody did to mend it stays too.
            INVALID => after["subaccounts"] = before["subaccounts"].clone(),
            FORBIDDEN => after["connector"] = before["connector"].clone(),
            _ => {}
        }
        assert_eq!(after, *before, "plant-{agent:02}");
    }

    // One of the first that fails keeps all others from it.
    let planned = fleet.plan("again", &[&options[..], &["--at-once", "1"]].concat(), 0);
    counts(&planned, &[("ready", 50)]);
    let again = self::number(&planned);
    fleet.all[7].meddle(&[]);
    let stopped = fleet.bulk(&["run", &again, "--yes"], NOT_WELL);
    counts(&stopped, &[("failed", 1), ("ready", 49)]);
    assert_eq!(stopped["stopped"], "canary");

    // The program is killed on the way, and goes on where it was.
    let log = fleet.folder.path().join("run.log");
    let retry = ["bulk", "run", &again, "--yes", "--retry"];
    let mut running = Process::start(&mut fleet.command(&retry), log);
    until("some have it", || {
        let told = fleet.bulk(&["show", &again], 0);
        (told["counts"]["done"].as_u64()? >= 5).then_some(())
    });
    running.kill();
    let left = fleet.bulk(&["show", &again], 0);
    assert!(left["counts"]["ready"].as_u64().unwrap() > 0, "{left}");
    counts(&fleet.bulk(&["run", &again, "--yes"], 0), &[("done", 50)]);

    // All have it, and who differs otherwise is told.
    let found = fleet.tell(
        &["search", "setting:connector.description", "value:again"],
        0,
    );
    assert_eq!(found["agents"].as_array().unwrap().len(), AGENTS);
    let drift = [
        "drift",
        "--baseline",
        "plant-03",
        "--group",
        "plants",
        "--any-location",
    ];
    let drift = fleet.tell(&drift, NOT_WELL);
    let drift = drift.as_array().unwrap();
    assert_eq!(drift.len(), AGENTS - 1);
    let differs = |one: &&Value| one["report"]["differences"] != json!([]);
    let differing = drift.iter().filter(differs).map(|one| &one["label"]);
    let differing: Vec<&Value> = differing.collect();
    assert_eq!(differing, ["plant-07", "plant-44", "plant-45"]);
}
