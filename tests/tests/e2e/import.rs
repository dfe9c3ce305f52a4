//! The configuration of an SAP Cloud Connector comes to an agent: a stand-in of its documented API,
//! the shipped commands, an agent, a gateway.

mod connector;
mod faults;
mod whole;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use underpass_shared::config::Document;

use self::connector::Connector;
use crate::agent::Agent;
use crate::process::{json as parse, program, run, until};

/// What the neo subaccount of the stand-in, whose id is no GUID, becomes.
const NEO: &str = "0190a5a2-6d0e-7cc0-8000-0000000000b4";

/// A running agent, and the profile of an operator who is paired with it.
struct Desk {
    agent: Agent,
    folder: TempDir,
}

impl Desk {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = Agent::new(folder.path().join("agent"), "", &[]);
        agent.run();
        let addresses = agent.dir.join("addresses.json");
        until("the management API is reachable", || {
            std::fs::metadata(&addresses).ok()
        });
        let desk = Self { agent, folder };
        let passphrase = desk.path("passphrase");
        underpass_runtime::file::replace(&passphrase, b"correct horse").unwrap();
        let told = [
            "pair",
            "--host",
            "127.0.0.1",
            "--role",
            "Administrator",
            "--name",
            "anna",
        ];
        let told = parse(&run(desk.agent.command(&[&told[..], &["--json"]].concat())));
        let string = told["pairing"].as_str().unwrap();
        run(desk.underpass(&["fleet", "pair", string, "--label", "plant", "--yes"]));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn underpass(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("underpass"));
        command.args(arguments);
        command.arg("--profile").arg(self.path("profile"));
        command
            .arg("--passphrase-file")
            .arg(self.path("passphrase"));
        command
    }

    /// `import scc` from a connector, by its user.
    fn import(&self, from: &Connector, more: &[&str]) -> Command {
        let mut command = self.underpass(&["import", "scc", "--json"]);
        command.args(["--url", &from.url(), "--fingerprint", &from.fingerprint]);
        command.args(["--user", connector::USER, "--password-file"]);
        command.arg(from.file("password"));
        command.args(more);
        command
    }

    /// The agent's document and the number of its revision.
    fn document(&self) -> (Document, u64) {
        let document = Document::from_json(&self.agent.document().to_string()).unwrap();
        let revisions = parse(&run(self.agent.command(&["revision", "list", "--json"])));
        let newest = revisions.as_array().unwrap().iter();
        let newest = newest.map(|one| one["number"].as_u64().unwrap()).max();
        (document, newest.unwrap())
    }
}

/// The gateways in place of the regions, and what else has to be decided.
fn decided(gateway: &str) -> Vec<String> {
    let mut words = vec![];
    for region in ["cf.eu10", "cf.us10"] {
        words.push("--region".to_owned());
        words.push(format!("{region}.hana.ondemand.com={gateway}"));
    }
    words.push("--region".to_owned());
    words.push(format!("hana.ondemand.com={gateway}"));
    words.push("--subaccount".to_owned());
    words.push(format!("p1234567trial={NEO}"));
    words
}

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

/// How many of one kind were found, and how many are in the plan.
fn tally(told: &Value, name: &str) -> (u64, u64) {
    let tally = &told["report"]["counts"][name];
    (
        tally["found"].as_u64().unwrap(),
        tally["carried"].as_u64().unwrap(),
    )
}
