//! An agent moves to another host while applications call, and comes back from its backup when its
//! host is dead.

mod hosts;
mod load;
mod names;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use underpass_runtime::clock;

use self::hosts::Host;
use self::load::{Caller, Load};
use crate::agent::Agent;
use crate::process::{Process, in_full, json as parse, prefixed, program, run, until};
use crate::world::{Tenant, World};

/// Tenants of the agent, and mappings of each: fifty together.
const TENANTS: usize = 5;
const MAPPINGS: usize = 10;
/// Each makes ten requests a second.
const CALLERS: usize = 30;
/// Applications wait for so long until an agent of a dead host is replaced.
const REPLACED: Duration = Duration::from_secs(60);

/// Everything that a migration needs: two hosts with an agent each, and a desk to run it from.
struct Stage {
    world: World,
    hosts: Vec<Host>,
    tenants: Vec<Tenant>,
    source: Agent,
    target: Agent,
    _backend: Process,
    profile: PathBuf,
}

impl Stage {
    fn set_up() -> Self {
        let hosts = vec![Host::create(), Host::create()];
        let world = World::start_on(&hosts[0].outside);
        let (backend, port) = backend(&world);
        let mut tenants = vec![];
        for number in 0..TENANTS {
            tenants.push(world.add_tenant(&format!("tenant {number}")));
        }
        let agent = |name: &str, host: &Host| Agent::new(world.path(name), "", &host.prefix());
        let source = agent("source", &hosts[0]);
        let target = agent("target", &hosts[1]);
        for tenant in &tenants {
            let of = ["--subaccount", &tenant.subaccount, "--location-id", ""];
            let create = [&["enrol-token", "create", "--json"], &of[..]].concat();
            let created = parse(&run(world.command(&create)));
            run(source.command(&["enrol", created["token"].as_str().unwrap()]));
        }
        let mut document = source.document();
        let address = format!("{}:{port}", hosts[0].outside);
        for subaccount in document["subaccounts"].as_array_mut().unwrap() {
            subaccount["mappings"] = mappings(&address);
        }
        run(source.command(&["document", "apply", &source.write(&document)]));
        let profile = world.path("profile");
        let mut stage = Self {
            hosts,
            tenants,
            source,
            target,
            _backend: backend,
            profile,
            world,
        };
        stage.know("source", 0);
        stage.know("target", 1);
        until("all tunnels of the source are up", || {
            (stage.source.up() == 2 * TENANTS).then_some(())
        });
        stage
    }

    /// Starts an agent and pairs the desk with it.
    fn know(&mut self, label: &str, host: usize) {
        let host = &self.hosts[host];
        let agent = if label == "source" {
            &mut self.source
        } else {
            &mut self.target
        };
        let listen = format!("{}:0", host.inside);
        agent.run_with(&["run", "--management-listen", &listen]);
        let addresses = agent.dir.join("addresses.json");
        until("the management API is reachable", || {
            std::fs::metadata(&addresses).ok()
        });
        let pair = agent.tell(&["pair", "--host", &host.inside, "--role", "Administrator"]);
        let pairing = pair["pairing"].as_str().unwrap();
        run(self.desk(&["fleet", "pair", pairing, "--yes", "--label", label]));
    }

    /// A command of the desk.
    fn desk(&self, arguments: &[&str]) -> Command {
        let passphrase = self.world.path("passphrase");
        underpass_runtime::file::replace(&passphrase, b"correct horse battery").unwrap();
        let mut command = Command::new(program("underpass"));
        command
            .args(arguments)
            .args(["--json", "--profile"])
            .arg(&self.profile)
            .arg("--passphrase-file")
            .arg(passphrase);
        command
    }

    /// Runs a migration, and gives its report.
    fn migrate(&self, arguments: &[&str]) -> Value {
        let words = [&["migrate"], arguments].concat();
        let output = self.desk(&words).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}\n{report}");
        println!("{told}");
        parse(&report)
    }

    fn callers(&self) -> Vec<Caller> {
        let caller = |number: usize| Caller {
            proxy: self.world.text("proxy"),
            authorization: self.tenants[number % TENANTS].authorization(),
            urls: (0..MAPPINGS)
                .map(|mapping| format!("http://system{mapping}.virtual/hello"))
                .collect(),
        };
        (0..CALLERS).map(caller).collect()
    }

    /// A request that takes eight seconds; its status comes into the log.
    fn slow(&self, number: usize) -> Process {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"])
            .args(["-H", &self.tenants[number % TENANTS].authorization()])
            .args(["-x", &format!("http://{}", self.world.text("proxy"))])
            .arg("http://system0.virtual/slow/8000");
        let log = self.world.path(&format!("slow-{number}.log"));
        Process::start(&mut command, log)
    }

    /// Whether every tenant is served now.
    fn is_served(&self) -> bool {
        self.tenants.iter().all(|tenant| {
            let header = tenant.authorization();
            let url = "http://system0.virtual/hello";
            self.world.curl(&["-H", &header, url]).status == 200
        })
    }
}

/// The systems of all tenants, on this host.
fn backend(world: &World) -> (Process, String) {
    let addresses = world.path("systems.json");
    let mut command = prefixed(&[], "underpass-sample-backend");
    command
        .args(["--listen", "0.0.0.0:0", "--addresses"])
        .arg(&addresses);
    let process = Process::start(&mut command, world.path("systems.log"));
    let told = until("the back end listens", || {
        std::fs::read_to_string(&addresses).ok()
    });
    let address = parse(&told)["address"].as_str().unwrap().to_owned();
    (process, address.rsplit_once(':').unwrap().1.to_owned())
}

fn mappings(address: &str) -> Value {
    let resources = json!([
        {"path": "/hello", "enabled": true, "exactMatchOnly": true, "websocketUpgradeAllowed": false},
        {"path": "/slow", "enabled": true, "exactMatchOnly": false, "websocketUpgradeAllowed": false},
    ]);
    let mapping = |number: usize| {
        json!({"virtualAddress": format!("system{number}.virtual:80"), "internalAddress": address,
               "protocol": "HTTP", "backendType": "nonSAPsys", "resources": resources})
    };
    (0..MAPPINGS).map(mapping).collect()
}

#[test]
fn serial_an_agent_moves_and_comes_back_without_a_failed_request() {
    let mut stage = Stage::set_up();
    let rule = format!("{}={}", stage.hosts[0].outside, stage.hosts[1].outside);
    let wanted = ["source", "--to", "target", "--replace-host", &rule];
    let planned = stage.migrate(&[&["plan"], &wanted[..]].concat());
    assert_eq!(
        planned["plan"]["targets"][0]["subaccounts"]
            .as_array()
            .unwrap()
            .len(),
        TENANTS
    );
    let before = stage.target.tell(&["status"])["revision"].clone();

    let load = Load::start(stage.callers());
    let began = clock::monotonic();
    // Requests that run while the tunnels change end where they began.
    let slow: Vec<Process> = (0..5).map(|number| stage.slow(number)).collect();
    let moved = stage.migrate(&[&["run", "--yes"], &wanted[..]].concat());
    assert_eq!(moved["outcome"], "done");
    println!("moved in {} ms", moved["tookMs"]);
    for mut one in slow {
        one.wait();
        assert!(one.output().trim().ends_with("200"), "{}", one.output());
    }
    until("the target tells of its tunnels", || {
        ((stage.source.up(), stage.target.up()) == (0, 2 * TENANTS)).then_some(())
    });
    if in_full() {
        std::thread::sleep(Duration::from_secs(50).saturating_sub(clock::monotonic() - began));
    }
    let back = stage.migrate(&["rollback", "--yes"]);
    assert_eq!(back["outcome"], "takenBack");
    if in_full() {
        std::thread::sleep(Duration::from_secs(105).saturating_sub(clock::monotonic() - began));
    }
    let tally = load.end();
    println!("{tally:?}: {:.0} requests a second", tally.rate());
    assert_eq!(tally.failed, 0, "{:?}", tally.failures);
    assert!(tally.rate() > 290.0);
    assert!(!in_full() || tally.answered >= 30_000);

    // It is the source that carries, and the target is as it was.
    until("the source tells of its tunnels", || {
        ((stage.source.up(), stage.target.up()) == (2 * TENANTS, 0)).then_some(())
    });
    let document = stage.target.document();
    assert_eq!(document["subaccounts"], json!([]), "{before}");
    stage.target.process().kill();
    assert!(stage.is_served());
    let report = run(stage.desk(&["migrate", "report"]));
    assert_eq!(parse(&report)["outcome"], "takenBack");
    // The count can fail.
    stage.source.process().kill();
    assert!(!stage.is_served());
}

#[test]
fn an_agent_of_a_dead_host_comes_back_from_its_backup() {
    let mut stage = Stage::set_up();
    let archive = stage.world.path("backup.zip");
    let passphrase = stage.world.path("backup-passphrase");
    underpass_runtime::file::replace(&passphrase, b"a passphrase for the backup").unwrap();
    let (file, secret) = (archive.to_str().unwrap(), passphrase.to_str().unwrap());
    run(stage
        .source
        .command(&["backup", "--out", file, "--passphrase-file", secret]));
    assert!(stage.is_served());

    stage.hosts[0].cut();
    let dead = clock::monotonic();
    stage.source.process().kill();
    let rule = format!("{}={}", stage.hosts[0].outside, stage.hosts[1].outside);
    let words = [
        "run",
        "--yes",
        "--backup",
        file,
        "--backup-passphrase-file",
        secret,
    ];
    let wanted = ["--to", "target", "--replace-host", &rule];
    let report = stage.migrate(&[&words[..], &wanted[..]].concat());
    assert_eq!(report["outcome"], "done");
    let tests = report["tests"].as_array().unwrap();
    assert_eq!(tests.len(), TENANTS * MAPPINGS);
    assert!(tests.iter().all(|one| one["went"] == "passed"), "{tests:?}");
    until("every tenant is served", || stage.is_served().then_some(()));
    let took = clock::monotonic() - dead;
    println!("served {took:?} after the host died");
    assert!(took < REPLACED, "{took:?}");
}
