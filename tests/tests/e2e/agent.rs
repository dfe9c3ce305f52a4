//! Agents as an operator has them: enrolled, configured and run by commands.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use underpass_shared::id::InstanceId;

use crate::process::{Process, json as parse, prefixed, run, until};

/// An enrolled agent.
pub(crate) struct Agent {
    process: Option<Process>,
    pub(crate) dir: PathBuf,
    pub(crate) location: String,
    prefix: Vec<String>,
}

impl Agent {
    pub(crate) fn new(dir: PathBuf, location: &str, prefix: &[&str]) -> Self {
        Self {
            process: None,
            dir,
            location: location.to_owned(),
            prefix: prefix.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let prefix: Vec<&str> = self.prefix.iter().map(String::as_str).collect();
        let mut command = prefixed(&prefix, "underpass-agent");
        command.args(arguments).arg("--data-dir").arg(&self.dir);
        // Tests run side by side.
        command.env("UNDERPASS_MANAGEMENT_LISTEN", "127.0.0.1:0");
        command
    }

    pub(crate) fn document(&self) -> Value {
        parse(&run(self.command(&["document", "show"])))
    }

    /// Writes a document to a file, to be applied.
    pub(crate) fn write(&self, document: &Value) -> String {
        let path = self.dir.join("document.json");
        underpass_runtime::file::replace(&path, document.to_string().as_bytes()).unwrap();
        path.display().to_string()
    }

    /// Exposes a back end with TLS, by its internal host and port.
    pub(crate) fn expose_tls(&self, virtual_address: &str, internal: &str) {
        self.expose(&[(virtual_address, internal)]);
        let mut document = self.document();
        document["subaccounts"][0]["mappings"][0]["protocol"] = json!("HTTPS");
        run(self.command(&["document", "apply", &self.write(&document)]));
    }

    /// Exposes the usual paths of back ends on loopback.
    pub(crate) fn expose(&self, mappings: &[(&str, &str)]) {
        let resource = |path: &str| json!({"path": path, "enabled": true, "exactMatchOnly": false, "websocketUpgradeAllowed": false});
        let open = [
            "/hello", "/bytes", "/echo", "/early", "/slow", "/headers", "/sink", "/open",
        ];
        let resources: Vec<Value> = open.into_iter().map(resource).collect();
        let mappings: Vec<Value> = mappings
            .iter()
            .map(|(virtual_address, internal)| {
                json!({"virtualAddress": virtual_address, "internalAddress": internal,
                       "protocol": "HTTP", "backendType": "nonSAPsys", "resources": resources})
            })
            .collect();
        let mut document = self.document();
        document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
        document["subaccounts"][0]["mappings"] = json!(mappings);
        run(self.command(&["document", "apply", &self.write(&document)]));
    }

    pub(crate) fn run(&mut self) {
        self.run_with(&["run"]);
    }

    /// Starts it with other options.
    pub(crate) fn run_with(&mut self, arguments: &[&str]) {
        // A killed one left it behind.
        drop(std::fs::remove_file(self.dir.join("status.json")));
        let log = self.dir.with_extension("log");
        self.process = Some(Process::start(&mut self.command(arguments), log));
    }

    pub(crate) fn process(&mut self) -> &mut Process {
        self.process.as_mut().unwrap()
    }

    /// How many tunnel connections are up, as the agent tells.
    pub(crate) fn up(&self) -> usize {
        let text = std::fs::read_to_string(self.dir.join("status.json")).unwrap_or_default();
        text.matches("\"up\"").count()
    }

    /// Its instance id, as the document tells; only while it does not run.
    pub(crate) fn instance(&self) -> InstanceId {
        let document = self.document();
        let id = document["subaccounts"][0]["instance"].as_str();
        id.unwrap().parse().unwrap()
    }

    pub(crate) fn until_up(&self) {
        until("the tunnels are up", || (self.up() == 2).then_some(()));
    }
}

/// Tunnel connections that are up, of all agents together.
pub(crate) fn total_up(agents: &[Agent]) -> usize {
    agents.iter().map(Agent::up).sum()
}
