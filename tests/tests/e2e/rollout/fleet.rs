//! Fifty agents, and a user who has them in his profile.

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

use super::relay::Relay;
use crate::agent::Agent;
use crate::process::{json as parse, program, run, until};

/// The fleet of the test.
pub(super) const AGENTS: usize = 50;
/// How many are set up, or asked, at the same time.
const HANDS: usize = 4;
/// The agents that do not take the change: nobody is there, this user may not, a rule would be
/// broken, changes of somebody else are on trial.
pub(super) const AWAY: usize = 40;
pub(super) const FORBIDDEN: usize = 41;
pub(super) const INVALID: usize = 42;
pub(super) const ON_TRIAL: usize = 43;
/// The agents that the change goes wrong with: somebody else was faster, killed meanwhile.
pub(super) const RACED: usize = 44;
pub(super) const KILLED: usize = 45;
/// The exit code where not all agents are as they shall be.
pub(super) const NOT_WELL: i32 = 3;
/// The resources that make a document larger than any question.
const RESOURCES: usize = 600;

pub(super) struct One {
    pub(super) agent: Agent,
    address: String,
}

impl One {
    /// Starts it where it was.
    pub(super) fn start(&mut self) {
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

    pub(super) fn revision(&self) -> u64 {
        self.agent.tell(&["status"])["revision"].as_u64().unwrap()
    }

    /// Somebody else changes something else.
    pub(super) fn meddle(&self, more: &[&str]) {
        let mut document = self.agent.document();
        let tunnels = document["connector"]["tunnelConnections"].as_u64().unwrap();
        document["connector"]["tunnelConnections"] = (tunnels + 1).into();
        let path = self.agent.write(&document);
        run(self
            .agent
            .command(&[&["document", "apply", &path], more].concat()));
    }
}

/// Agents, and a user who has them in his profile.
pub(super) struct Fleet {
    pub(super) all: Vec<One>,
    relay: Relay,
    pub(super) folder: TempDir,
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

/// Has something done with each agent, with some at the same time.
fn by_hands<T: Send>(act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let numbers = Mutex::new(0..AGENTS);
    let done = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                loop {
                    let Some(number) = numbers.lock().unwrap().next() else {
                        return;
                    };
                    let one = act(number);
                    done.lock().unwrap().push((number, one));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, one)| one).collect()
}

impl Fleet {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = PrivateKey::generate().unwrap();
        let request = folder.path().join("request.pem");
        file::replace(&request, key.request().unwrap().as_bytes()).unwrap();
        file::replace(&folder.path().join("passphrase"), b"correct horse\n").unwrap();
        let request = request.to_str().unwrap();
        let done = by_hands(|number| set_up(&folder, number, request));
        let relay = Relay::to(&done[KILLED].0.address);
        let path = folder.path().join("profile");
        let passphrase = KeyChoice::Passphrase(Secret::new("correct horse".to_owned()));
        let profile = Profile::open(&path).unwrap();
        let keys = keys::open(&path, &passphrase).unwrap();
        let mut all = vec![];
        for (number, (one, ca_cert, certificate)) in done.into_iter().enumerate() {
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

    /// The documents of all agents.
    pub(super) fn documents(&self) -> Vec<Value> {
        by_hands(|number| self.all[number].agent.document())
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("underpass"));
        command.arg("fleet").args(arguments);
        command.arg("--json").arg("--profile");
        command.arg(self.folder.path().join("profile"));
        command.arg("--passphrase-file");
        command.arg(self.folder.path().join("passphrase"));
        command
    }

    /// What a command says that ends so.
    pub(super) fn tell(&self, arguments: &[&str], code: i32) -> Value {
        told(&self.command(arguments).output().unwrap(), code)
    }

    pub(super) fn bulk(&self, arguments: &[&str], code: i32) -> Value {
        self.tell(&[&["bulk"], arguments].concat(), code)
    }

    /// Plans a change, with nobody else at work.
    pub(super) fn plan(&self, description: &str, more: &[&str], code: i32) -> Value {
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
    pub(super) fn trouble(&mut self) {
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
    pub(super) fn mend(&mut self) {
        self.all[AWAY].start();
        run(self.all[ON_TRIAL].agent.command(&["revert"]));
        let role = ["operator", "role", "desk", "Administrator"];
        self.all[FORBIDDEN].agent.tell(&role);
        let agent = &self.all[INVALID].agent;
        run(agent.command(&["mapping", "remove", "erp.virtual:3305"]));
        self.all[KILLED].start();
    }

    /// Runs a change while one agent is killed just when it has made it, before it says so.
    pub(super) fn run_and_kill(&mut self, arguments: &[&str]) -> Value {
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
