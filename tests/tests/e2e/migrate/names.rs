//! Moves to gateways by other names or through a proxy, with test requests after the cut-over.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::connect_proxy::{ConnectProxy, PASSWORD};
use crate::http::HELLO;
use crate::process::{Process, program, run, until};
use crate::world::World;

/// An agent that serves, one that could, and a desk that knows both.
struct Pair {
    world: World,
    _backend: Process,
    source: Agent,
    target: Agent,
    profile: PathBuf,
}

/// What a run of the command came to.
struct Ran {
    well: bool,
    said: String,
    report: Value,
}

impl Pair {
    fn new() -> Self {
        let world = World::start();
        let (backend, internal) = world.sample_backend(&[]);
        let source = world.enrol("", &[]);
        source.expose(&[("backend.virtual:80", &internal)]);
        let target = Agent::new(world.path("target"), "", &[]);
        let profile = world.path("profile");
        let mut pair = Self {
            world,
            _backend: backend,
            source,
            target,
            profile,
        };
        for label in ["source", "target"] {
            pair.know(label);
        }
        // Back ends at loopback addresses must be allowed at a target too.
        let mut document = pair.target.document();
        document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
        let file = pair.target.write(&document);
        run(pair.target.command(&["document", "apply", &file]));
        pair.source.until_up();
        pair
    }

    fn know(&mut self, label: &str) {
        let agent = match label {
            "source" => &mut self.source,
            _ => &mut self.target,
        };
        agent.run_with(&["run", "--management-listen", "127.0.0.1:0"]);
        let addresses = agent.dir.join("addresses.json");
        until("the management API is reachable", || {
            std::fs::metadata(&addresses).ok()
        });
        let pair = agent.tell(&["pair", "--host", "127.0.0.1", "--role", "Administrator"]);
        let pairing = pair["pairing"].as_str().unwrap();
        run(self.desk(&["fleet", "pair", pairing, "--yes", "--label", label]));
    }

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

    /// Runs a migration from the source to the target; its report is the newest of the profile.
    fn migrate(&self, verb: &str, more: &[&str]) -> Ran {
        let wanted: &[&str] = match verb {
            "run" => &["migrate", "run", "--yes", "source", "--to", "target"],
            "plan" => &["migrate", "plan", "source", "--to", "target"],
            _ => &["migrate", "rollback", "--yes"],
        };
        let output = self.desk(&[wanted, more].concat()).output().unwrap();
        let report = self.desk(&["migrate", "report"]).output().unwrap();
        Ran {
            well: output.status.success(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
            report: serde_json::from_slice(&report.stdout).unwrap_or_default(),
        }
    }

    /// The gateway by a name.
    fn region(&self, host: &str) -> String {
        let document = self.source.document();
        let region = document["subaccounts"][0]["regionHost"].as_str().unwrap();
        let (_, port) = region.rsplit_once(':').unwrap();
        format!("{host}:{port}")
    }

    fn answers(&self) {
        until("the application is answered", || {
            (self.world.get(HELLO).status == 200).then_some(())
        });
    }
}

#[test]
fn a_gateway_has_another_name_at_the_target_and_the_mapping_is_tried() {
    let pair = Pair::new();
    let rule = format!("{}={}", pair.region("localhost"), pair.region("127.0.0.1"));
    let wanted = [
        "--replace-region",
        &rule,
        "--test",
        "backend.virtual:80/hello",
    ];
    let moved = pair.migrate("run", &wanted);
    assert!(moved.well, "{}", moved.said);
    let tests = moved.report["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 1);
    assert_eq!(tests[0]["went"], "passed", "{tests:?}");
    assert!(tests[0]["millis"].is_u64() && tests[0]["seen"].is_string());
    let document = pair.target.document();
    let region = &document["subaccounts"][0]["regionHost"];
    assert_eq!(region, &json!(pair.region("127.0.0.1")));
    until("the target tells of its tunnels", || {
        (pair.source.up() == 0 && pair.target.up() == 2).then_some(())
    });
    pair.answers();
    let back = pair.migrate("rollback", &[]);
    assert!(back.well, "{}", back.said);
    until("the source has its tunnels again", || {
        (pair.source.up() == 2 && pair.target.up() == 0).then_some(())
    });
    pair.answers();
}

#[test]
fn another_gateway_is_refused_before_anything_is_changed() {
    let pair = Pair::new();
    let other = pair.world.beside();
    let stranger = other.enrol("", &[]).document();
    let stranger = stranger["subaccounts"][0]["regionHost"].as_str().unwrap();
    let rule = format!("{}={stranger}", pair.region("localhost"));
    let before = pair.target.document();
    let refused = pair.migrate("plan", &["--replace-region", &rule]);
    assert!(!refused.well);
    assert!(
        refused.said.contains("it is not the gateway"),
        "{}",
        refused.said
    );
    assert!(
        refused.said.contains("needs a new enrolment"),
        "{}",
        refused.said
    );
    // So is a rule for a gateway that nothing is of.
    let rule = "gateway.example=other.example";
    let refused = pair.migrate("plan", &["--replace-region", rule]);
    assert!(!refused.well);
    assert!(
        refused.said.contains(&pair.region("localhost")),
        "{}",
        refused.said
    );
    assert_eq!(pair.target.document(), before);
}

#[test]
fn a_test_request_that_fails_takes_the_move_back() {
    let pair = Pair::new();
    let moved = pair.migrate("run", &["--test", "backend.virtual:80/closed"]);
    assert!(!moved.well);
    assert_eq!(moved.report["outcome"], "takenBack", "{}", moved.said);
    let tried = &moved.report["tests"][0];
    assert_eq!(tried["went"], "failed");
    assert!(tried["hint"].is_string(), "{tried}");
    let cause = moved.report["reason"].as_str().unwrap();
    assert!(cause.contains("backend.virtual:80/closed"), "{cause}");
    pair.answers();
    assert_eq!((pair.source.up(), pair.target.up()), (2, 0));
    let unknown = pair.migrate("plan", &["--test", "other.virtual:80"]);
    assert!(
        unknown
            .said
            .contains("no subaccount that goes to the target"),
        "{}",
        unknown.said
    );
}

/// What the target cannot do alone it finds out before the move, and then does.
#[test]
fn a_target_goes_through_its_own_proxy_from_the_first_look_on() {
    let pair = Pair::new();
    let proxy = ConnectProxy::start();
    let set = |password: &str| {
        let mut command = pair.target.command(&["proxy", "set", &proxy.url()]);
        run(command.env("UNDERPASS_PROXY_PASSWORD", password));
    };
    set("wrong");
    let before = pair.target.document();
    let refused = pair.migrate("run", &[]);
    assert!(!refused.well);
    assert!(refused.said.contains("407"), "{}", refused.said);
    assert_eq!(pair.target.document(), before);
    assert_eq!((pair.source.up(), proxy.open()), (2, 0));

    set(PASSWORD);
    let moved = pair.migrate("run", &["--test", "backend.virtual:80/hello"]);
    assert!(moved.well, "{}", moved.said);
    assert_eq!((pair.source.up(), pair.target.up()), (0, 2));
    assert!(proxy.open() >= 2, "{:?}", proxy.heads());
    pair.answers();
}
