//! What the gateway tells its operators by itself: agents that are away, copies of agents,
//! enrolments that are refused.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use underpass_runtime::clock;
use underpass_runtime::file::replace;
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};

use crate::agent::Agent;
use crate::posts::Posts;
use crate::process::{Process, json, program, refuse, run, until, until_within};
use crate::world::World;

/// A second gateway of a test, with settings of alerts; the first one lends its helpers.
fn serve(world: &World, settings: &str) -> (Process, Gateway) {
    serve_with(world, settings, &[])
}

/// The same with further options.
fn serve_with(world: &World, settings: &str, options: &[&str]) -> (Process, Gateway) {
    let dir = world.path("watching");
    std::fs::create_dir_all(&dir).unwrap();
    let file = world.path("alerts.toml");
    replace(&file, settings.as_bytes()).unwrap();
    let mut serve = Command::new(program("underpass-gateway"));
    serve.args(["serve", "--region-host", "localhost", "--data-dir"]);
    serve.arg(&dir).arg("--alerts").arg(&file).args(options);
    for name in ["tunnel", "proxy", "token", "admin"] {
        serve.args([&format!("--{name}-listen"), "127.0.0.1:0"]);
    }
    let process = Process::start(&mut serve, world.path("watching.log"));
    until("the gateway is ready", || {
        std::fs::read_to_string(dir.join("addresses.json")).ok()
    });
    let gateway = Gateway { dir };
    run(gateway.command(&["subaccount", "add", "acme"]));
    (process, gateway)
}

struct Gateway {
    dir: std::path::PathBuf,
}

impl Gateway {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("underpass-gateway"));
        command.args(arguments).arg("--data-dir").arg(&self.dir);
        command
    }

    fn token(&self, location: &str) -> String {
        let create = ["enrol-token", "create", "--json", "--subaccount", "acme"];
        let create = [&create[..], &["--location-id", location]].concat();
        let created = json(&run(self.command(&create)));
        created["token"].as_str().unwrap().to_owned()
    }

    /// What its metrics say of the alerts that stand, by their severity.
    fn standing(&self, severity: &str) -> u64 {
        let addresses = std::fs::read_to_string(self.dir.join("addresses.json")).unwrap();
        let url = format!(
            "http://{}/metrics",
            json(&addresses)["admin"].as_str().unwrap()
        );
        let metrics = run(Command::new("curl").args(["-s", &url]));
        let name = format!("underpass_gateway_alerts{{severity=\"{severity}\"}} ");
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix(&name)?.parse().ok());
        count.unwrap_or_else(|| panic!("no {name}in {metrics}"))
    }

    fn alerts(&self) -> Vec<Value> {
        let list = json(&run(self.command(&["alerts", "list", "--json"])));
        list.as_array().unwrap().clone()
    }
}

#[test]
fn an_agent_that_stays_away_is_told_of_and_its_return_too() {
    let (world, posts) = (World::start(), Posts::default());
    let url = world.path("url");
    replace(&url, posts.listen().as_bytes()).unwrap();
    let settings = format!(
        "absentAfter = \"2s\"\nendedAfter = \"1s\"\n[[webhooks]]\nname = \"ops\"\nurlFile = '{}'\n",
        url.display()
    );
    let (mut process, gateway) = serve(&world, &settings);
    let mut agent = Agent::new(world.path("away"), "site", &[]);
    run(agent.command(&["enrol", &gateway.token("site")]));
    agent.run();
    agent.until_up();
    run(gateway.command(&["alerts", "test", "webhook:ops"]));
    assert_eq!(posts.told("Delivery")[0].0, "test");
    let refused = refuse(gateway.command(&["alerts", "test", "webhook:none"]));
    assert!(
        refused.contains("there is no channel webhook:none"),
        "{refused}"
    );
    assert_eq!(gateway.alerts(), [] as [Value; 0]);

    agent.process().kill();
    let told = || posts.told("AgentAbsent");
    let text = until("the absence is told", || Some(told().first()?.1.clone()));
    assert!(text.contains("acme") && text.contains("\"site\""), "{text}");
    let alert = &gateway.alerts()[0];
    assert_eq!(alert["code"], "AgentAbsent");
    let number = alert["number"].to_string();
    run(gateway.command(&["alerts", "ack", &number]));
    assert!(gateway.alerts()[0]["acknowledged"]["by"].is_string());
    let refused = refuse(gateway.command(&["alerts", "ack", "999"]));
    assert!(refused.contains("there is no alert 999"), "{refused}");

    // It stands over a restart, and is not told of again.
    process.terminate();
    process.wait();
    let ports = json(&std::fs::read_to_string(gateway.dir.join("addresses.json")).unwrap());
    let mut again = gateway.command(&["serve", "--region-host", "localhost"]);
    again.arg("--alerts").arg(world.path("alerts.toml"));
    for name in ["tunnel", "proxy", "token", "admin"] {
        again.args([&format!("--{name}-listen"), ports[name].as_str().unwrap()]);
    }
    let _process = Process::start(&mut again, world.path("watching-again.log"));
    until("the alert stands after the restart", || {
        let list = run(gateway.command(&["alerts", "list"]));
        list.contains("acknowledged").then_some(())
    });
    agent.run();
    agent.until_up();
    until("the return is told", || (told().len() > 1).then_some(()));
    let happenings: Vec<String> = told().into_iter().map(|(happening, _)| happening).collect();
    assert_eq!(happenings, ["raised", "resolved"]);
    let history = run(gateway.command(&["alerts", "list", "--history"]));
    assert!(history.contains("Agent is absent"), "{history}");
    until("no alert stands", || {
        gateway.alerts().is_empty().then_some(())
    });
}

#[test]
fn copies_and_strangers_are_told_of() {
    let world = World::start();
    let (_process, gateway) = serve(&world, "enrolmentRefusals = 3\n");
    let mut first = Agent::new(world.path("first"), "site", &[]);
    run(first.command(&["enrol", &gateway.token("site")]));
    first.run();
    first.until_up();
    let mut copy = Agent::new(world.path("copy"), "site", &[]);
    run(Command::new("cp").arg("-r").args([&first.dir, &copy.dir]));
    copy.run();
    let of = |code: &str| {
        let alerts = gateway.alerts();
        let found = alerts.iter().find(|one| one["code"] == code);
        found.map(|one| one["text"].as_str().unwrap().to_owned())
    };
    let text = until("the copy is told of", || of("LocationTaken"));
    assert!(
        text.contains("Another process") && text.contains("\"site\""),
        "{text}"
    );

    // Each try burns nothing, for the location is taken.
    let token = gateway.token("site");
    for number in 0..3 {
        let stranger = Agent::new(world.path(&format!("stranger-{number}")), "site", &[]);
        refuse(stranger.command(&["enrol", &token]));
    }
    let text = until("refused enrolments are told of", || of("EnrolmentRefused"));
    assert!(
        text.starts_with("3 requests") && text.contains("127.0.0.1"),
        "{text}"
    );
    assert_eq!(gateway.standing("error"), 1);
}

#[test]
fn what_the_gateway_itself_is_short_of_is_told_until_it_is_not() {
    let world = World::start();
    let [certificate, key, settings] =
        ["token.pem", "token.key", "alerts.toml"].map(|name| world.path(name));
    // A given certificate that ends soon.
    let give = |days: u64| {
        let lifetime = Lifetime {
            now_ms: clock::wall_ms(),
            valid: Duration::from_secs(days * 86_400 + 3_600),
        };
        let (ca, own) = (Authority::create("Given", lifetime), PrivateKey::generate());
        let own = own.unwrap();
        let chain = ca
            .unwrap()
            .0
            .server(&["localhost"], &own, lifetime)
            .unwrap();
        replace(&key, own.to_pem().as_bytes()).unwrap();
        replace(&certificate, chain.as_bytes()).unwrap();
    };
    give(7);
    let short = "freeDiskMiB = 1000000000\nendedAfter = \"1s\"\n";
    let paths = [&certificate, &key].map(|path| path.to_str().unwrap());
    let options = ["--token-cert", paths[0], "--token-key", paths[1]];
    let (_process, gateway) = serve_with(&world, short, &options);
    let of = |code: &str| {
        let mut all = gateway.alerts().into_iter();
        all.rfind(|one| one["code"] == code)
    };
    let disk = until("the disk is told of", || of("Disk"));
    let text = disk["text"].as_str().unwrap();
    assert!(text.contains("1000000000 MiB should be"), "{text}");
    let ends = until("the certificate is told of", || of("GatewayCertificate"));
    assert_eq!(
        (&ends["entity"], &ends["text"]),
        (
            &Value::from("token"),
            &Value::from("The certificate \"token\" ends in 7 days.")
        )
    );
    give(90);
    replace(&settings, b"freeDiskMiB = 1\nendedAfter = \"1s\"\n").unwrap();
    until("both are over", || {
        gateway.alerts().is_empty().then_some(())
    });
    let history = run(gateway.command(&["alerts", "list", "--history"]));
    assert!(history.contains("Disk is nearly full"), "{history}");
    assert!(
        history.contains("Certificate of the gateway ends"),
        "{history}"
    );
}

/// It writes to its store once a minute to see whether that works, and waits half a minute more.
#[cfg(target_os = "linux")]
#[test]
fn a_store_that_takes_nothing_is_told_until_it_does() {
    let world = World::start();
    let dir = world.path("watching");
    std::fs::create_dir(&dir).unwrap();
    let disk = crate::disk::SmallDisk::mount(&dir);
    let settings = "freeDiskMiB = 0\nendedAfter = \"1s\"\n";
    let (_process, gateway) = serve(&world, settings);
    until("nothing is wrong", || {
        (gateway.standing("error") == 0).then_some(())
    });
    disk.fill();
    until_within(Duration::from_secs(120), "the store is told of", || {
        (gateway.standing("error") == 1).then_some(())
    });
    disk.free();
    until("it is over", || {
        (gateway.standing("error") == 0).then_some(())
    });
    let history = run(gateway.command(&["alerts", "list", "--history"]));
    assert!(
        history.contains("State of the gateway cannot be used"),
        "{history}"
    );
}

#[test]
fn settings_of_alerts_are_checked_at_the_start() {
    let world = World::start();
    let file = world.path("wrong.toml");
    replace(&file, b"absentAfter = \"soon\"\n").unwrap();
    let mut serve = Command::new(program("underpass-gateway"));
    serve.args(["serve", "--data-dir"]).arg(world.path("other"));
    let refused = refuse(serve.arg("--alerts").arg(&file));
    assert!(
        refused.contains("wrong.toml: absentAfter: must be a number"),
        "{refused}"
    );
}
