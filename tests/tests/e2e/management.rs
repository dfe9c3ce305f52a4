//! The management API as programs on other hosts see it: over TLS, with certificates.

mod certificates;
mod crowd;
mod killed;
mod lockout;
mod monitoring;
mod organisation;
mod pairing;
mod pinned;
mod port;
mod tls;

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use underpass_fleet::FleetError;
use underpass_fleet::client::{AgentClient, Known};
use underpass_fleet::pairing::{Pairing, pair};
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{OperatorTarget, Own, Target};
use underpass_shared::host::InternalAddress;
use underpass_shared::pairing::PairingLink;
use underpass_shared::rights::Role;

use crate::agent::Agent;
use crate::process::{json as parse, run, until};

/// A running agent without a gateway, and programs that manage it.
struct Managed {
    agent: Agent,
    runtime: Runtime,
    tasks: Tasks,
    _folder: TempDir,
}

impl Managed {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = Agent::new(folder.path().join("agent"), "", &[]);
        agent.run_with(&[&["run"], more].concat());
        let managed = Self {
            agent,
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            tasks: Tasks::new(),
            _folder: folder,
        };
        managed.address();
        managed
    }

    /// What the agent tells of its addresses.
    fn addresses(&self) -> Value {
        let path = self.agent.dir.join("addresses.json");
        let text = until("the management API is reachable", || {
            std::fs::read_to_string(&path).ok()
        });
        parse(&text)
    }

    fn address(&self) -> InternalAddress {
        let addresses = self.addresses();
        addresses["management"][0]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    fn url(&self, path: &str) -> String {
        let url = self.addresses()["managementUrls"][0]
            .as_str()
            .unwrap()
            .to_owned();
        format!("{url}{path}")
    }

    /// A pairing string, as an administrator of the host gets it.
    fn invite(&self, role: Role, more: &[&str]) -> PairingLink {
        let role = role.to_string();
        let fixed = ["pair", "--host", "127.0.0.1", "--role", &role];
        let told = self.agent.tell(&[fixed.as_slice(), more].concat());
        told["pairing"].as_str().unwrap().parse().unwrap()
    }

    fn try_pair(&self, link: &PairingLink) -> Result<Pairing, FleetError> {
        self.runtime.block_on(pair(link, None, &self.tasks))
    }

    /// A new operator.
    fn operator(&self, name: &str, role: Role) -> Known {
        let link = self.invite(role, &["--name", name]);
        self.try_pair(&link).unwrap().known
    }

    fn client(&self, known: &Known) -> AgentClient {
        AgentClient::new(self.address(), known, &self.tasks).unwrap()
    }

    /// Who the agent says that somebody is.
    fn own(&self, known: &Known) -> Result<Own, FleetError> {
        let client = self.client(known);
        self.runtime
            .block_on(client.get(&Target::Operators(OperatorTarget::Own)))
    }

    /// curl, which knows the agent's identity.
    fn curl(&self, arguments: &[&str], path: &str) -> Command {
        let mut command = Command::new("curl");
        command
            .args([
                "-sS",
                "--max-time",
                "20",
                "-w",
                "\n%{http_code}",
                "--cacert",
            ])
            .arg(self.addresses()["caCert"].as_str().unwrap())
            .args(arguments)
            .arg(self.url(path));
        command
    }

    /// What curl without a certificate gets.
    fn ask(&self, arguments: &[&str], path: &str) -> (u16, String) {
        let output = run(self.curl(arguments, path));
        let (body, status) = output.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    /// Whether the log has a line with a text.
    fn logged(&mut self, text: &str) -> bool {
        self.agent.process().output().contains(text)
    }
}

/// The status of a refusal.
fn refused<T>(called: Result<T, FleetError>) -> u16 {
    match called {
        Err(FleetError::Refused { status, .. }) => status.as_u16(),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// Whether TLS came to nothing, or the other end hung up after it.
fn hung_up<T>(called: Result<T, FleetError>) -> bool {
    match called {
        Err(FleetError::Broken(_) | FleetError::Handshake { .. }) => true,
        Err(error) => panic!("{error:?}"),
        Ok(_) => false,
    }
}

#[test]
fn without_a_certificate_nothing_answers_but_the_probes() {
    let managed = Managed::start();
    for (action, body) in [
        ("ping", ""),
        ("hasMasterRole", "true"),
        ("ensureMasterRole", "true"),
    ] {
        let answer = managed.ask(&[], &format!("/exposed?action={action}"));
        assert_eq!(answer, (200, body.to_owned()));
    }
    assert_eq!(managed.ask(&[], "/exposed?action=other").0, 400);
    let json = ["-H", "Content-Type: application/json", "-d", "{}"];
    for (arguments, path) in [
        (&[][..], "/"),
        (&[], "/api/v1/status"),
        (&[], "/api/v1/connector/version"),
        (&[], "/api/v1/operator"),
        (&[], "/api/v1/openapi.json"),
        (&[], "/api/v1/events"),
        (&["-X", "PUT"], "/api/v1/configuration/document"),
        (&json, "/api/v1/pairing"),
        (&json, "/api/v1/operator/certificate"),
    ] {
        let (status, body) = managed.ask(arguments, path);
        assert_eq!(status, 401, "{path}: {body}");
        let body: Value = parse(&body);
        assert_eq!(body["type"], json!("FORBIDDEN_REQUEST"), "{path}");
        assert!(
            body["message"].as_str().unwrap().contains("certificate"),
            "{path}"
        );
    }
}
