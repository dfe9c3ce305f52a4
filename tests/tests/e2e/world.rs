//! A gateway with its agents and their back ends, on free ports in a folder of their own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::Agent;
use crate::process::{Process, json as parse, program, run, until};

/// Tests share the machine, but for those that measure.
static MACHINE: RwLock<()> = RwLock::new(());

/// What a world holds of the machine; the guards are only kept, never read.
enum Turn {
    Shared {
        _guard: RwLockReadGuard<'static, ()>,
    },
    Alone {
        _guard: RwLockWriteGuard<'static, ()>,
    },
    Beside,
}

impl Turn {
    /// Waits for it. Test threads have the names of their tests, and the name says how much it
    /// needs, as it does to nextest, where each test is a process.
    fn take() -> Self {
        let thread = std::thread::current();
        if thread.name().unwrap_or_default().contains("serial_") {
            let guard = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
            Self::Alone { _guard: guard }
        } else {
            let guard = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
            Self::Shared { _guard: guard }
        }
    }
}

/// A gateway with one subaccount and one binding.
pub(crate) struct World {
    pub(crate) gateway: Process,
    pub(crate) tenant: Tenant,
    host: String,
    folder: TempDir,
    _turn: Turn,
}

/// A subaccount and what an application needs to call into it.
#[derive(Default)]
pub(crate) struct Tenant {
    pub(crate) subaccount: String,
    pub(crate) binding: Value,
    pub(crate) token: String,
}

impl Tenant {
    pub(crate) fn credential(&self, name: &str) -> String {
        self.binding[name].as_str().unwrap().to_owned()
    }

    pub(crate) fn authorization(&self) -> String {
        format!("Proxy-Authorization: Bearer {}", self.token)
    }
}

impl World {
    pub(crate) fn start() -> Self {
        Self::start_on("127.0.0.1")
    }

    /// With its public ports on another address.
    pub(crate) fn start_on(host: &str) -> Self {
        Self::build(host, Turn::take())
    }

    /// Another world for the same test.
    pub(crate) fn beside(&self) -> Self {
        Self::build(&self.host, Turn::Beside)
    }

    fn build(host: &str, turn: Turn) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = json!({"tunnel": format!("{host}:0"), "proxy": "127.0.0.1:0", "token": format!("{host}:0"), "admin": "127.0.0.1:0"});
        let mut world = Self {
            gateway: serve(&folder, host, &ports),
            tenant: Tenant::default(),
            host: host.to_owned(),
            folder,
            _turn: turn,
        };
        world.tenant = world.add_tenant("test");
        world
    }

    /// Adds a subaccount with a binding and fetches a token.
    pub(crate) fn add_tenant(&self, name: &str) -> Tenant {
        let added = parse(&run(self.command(&["subaccount", "add", name, "--json"])));
        let subaccount = added["subaccount"].as_str().unwrap().to_owned();
        let create = ["binding", "create", "--json", "--subaccount", &subaccount];
        let mut tenant = Tenant {
            binding: parse(&run(self.command(&create))),
            subaccount,
            token: String::new(),
        };
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            tenant.credential("clientid"),
            tenant.credential("clientsecret")
        );
        // A running gateway sees what the offline commands did within a second.
        tenant.token = until("the binding is known", || {
            let answer = self.token_endpoint("/oauth/token", &["-d", &form]);
            answer["access_token"].as_str().map(str::to_owned)
        });
        tenant
    }

    /// Starts the gateway again on the ports that it had.
    pub(crate) fn restart_gateway(&mut self) {
        let ports = self.addresses();
        std::fs::remove_file(self.path("gateway/addresses.json")).unwrap();
        self.gateway = serve(&self.folder, &self.host, &ports);
    }

    /// Ends the gateway and starts another on the same data and ports, without waiting for it.
    pub(crate) fn spawn_gateway(&mut self) -> Process {
        // Its end comes first: it holds the ports.
        self.gateway.kill();
        let (mut command, log) = serve_command(&self.folder, &self.host, &self.addresses());
        Process::start(&mut command, log)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn addresses(&self) -> Value {
        parse(&std::fs::read_to_string(self.path("gateway/addresses.json")).unwrap())
    }

    /// One of the addresses that the gateway got.
    pub(crate) fn text(&self, name: &str) -> String {
        self.addresses()[name].as_str().unwrap().to_owned()
    }

    /// A command of the gateway beside `serve`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("underpass-gateway"));
        let data_dir = self.path("gateway");
        command.args(arguments).arg("--data-dir").arg(data_dir);
        command
    }

    /// How many lines of the gateway's log hold a text.
    pub(crate) fn logged(&self, text: &str) -> usize {
        let log = std::fs::read_to_string(&self.gateway.log).unwrap();
        log.lines().filter(|line| line.contains(text)).count()
    }

    pub(crate) fn enrol_token(&self, more: &[&str]) -> String {
        let mut arguments = vec!["enrol-token", "create", "--json", "--subaccount"];
        arguments.push(&self.tenant.subaccount);
        arguments.extend(more);
        let created = parse(&run(self.command(&arguments)));
        created["token"].as_str().unwrap().to_owned()
    }

    /// Enrols an agent; it does not run yet.
    pub(crate) fn enrol(&self, location: &str, prefix: &[&str]) -> Agent {
        let agent = Agent::new(self.path(&format!("agent-{location}")), location, prefix);
        let token = self.enrol_token(&["--location-id", location]);
        run(agent.command(&["enrol", &token]));
        agent
    }

    /// Enrols and starts an agent that exposes `backend` as `backend.virtual:80`.
    pub(crate) fn agent(&self, location: &str, backend: &str) -> Agent {
        let mut agent = self.enrol(location, &[]);
        agent.expose(&[("backend.virtual:80", backend)]);
        agent.run();
        agent.until_up();
        agent
    }
}

fn serve_command(folder: &TempDir, host: &str, ports: &Value) -> (Command, PathBuf) {
    let dir = folder.path().join("gateway");
    let name = match host {
        "127.0.0.1" => "localhost",
        other => other,
    };
    let mut command = Command::new(program("underpass-gateway"));
    command.args(["serve", "--region-host", name]);
    for name in ["tunnel", "proxy", "token", "admin"] {
        command
            .arg(format!("--{name}-listen"))
            .arg(ports[name].as_str().unwrap());
    }
    command.arg("--data-dir").arg(&dir);
    (command, folder.path().join("gateway.log"))
}

fn serve(folder: &TempDir, host: &str, ports: &Value) -> Process {
    let (mut command, log) = serve_command(folder, host, ports);
    let process = Process::start(&mut command, log);
    let dir = folder.path().join("gateway");
    until("the gateway is ready", || {
        std::fs::metadata(dir.join("addresses.json")).ok()
    });
    process
}
