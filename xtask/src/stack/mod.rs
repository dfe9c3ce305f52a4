//! A gateway and its agents on loopback, started as an operator would start them.

mod agent;
mod document;
mod gateway;
mod operator;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::build::Binaries;
use crate::children::{Child, Children};
use crate::output;
use crate::stop::Stop;

pub(crate) use agent::Agent;
pub(crate) use document::{Mapping, Resource};
pub(crate) use gateway::Gateway;
pub(crate) use operator::Operator;

/// Generous, for a loaded machine or a run under valgrind.
const START_LIMIT: Duration = Duration::from_secs(120);

/// What to start.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The folder for data directories and logs.
    pub(crate) folder: &'a Path,
    pub(crate) binaries: &'a Binaries,
    /// Name and location ID of each agent.
    pub(crate) agents: &'a [(&'a str, &'a str)],
    pub(crate) mappings: &'a [Mapping<'a>],
    pub(crate) launcher: Launcher,
}

/// How the gateway and the agents are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Launcher {
    Plain,
    /// Under valgrind's callgrind, which counts instructions.
    Callgrind,
}

impl Launcher {
    fn command(self, binary: &Path, folder: &Path, name: &str) -> Command {
        match self {
            Self::Plain => Command::new(binary),
            Self::Callgrind => {
                let mut command = Command::new("valgrind");
                let profile = folder.join(format!("callgrind.{name}"));
                command
                    .args(["--tool=callgrind", "--demangle=no", "--compress-strings=no"])
                    .arg(format!("--callgrind-out-file={}", profile.display()))
                    .arg(binary);
                command
            }
        }
    }
}

/// A running gateway with running agents; dropping it ends them all.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) gateway: Gateway,
    pub(crate) subaccount: String,
    pub(crate) binding: Value,
    pub(crate) agents: Vec<Agent>,
    children: Children,
}

impl Stack {
    /// Starts everything and waits until all tunnels are up.
    pub(crate) fn start(plan: &Plan<'_>, stop: &Stop) -> anyhow::Result<Self> {
        let mut children = Children::default();
        output::progress("starting the gateway");
        let gateway = Gateway::start(plan, &mut children, stop)?;
        let subaccount = gateway.add_subaccount(stop)?;
        let binding = gateway.create_binding(&subaccount, stop)?;
        let mut agents = Vec::new();
        for &(name, location) in plan.agents {
            output::progress(format_args!(
                "starting agent {name} (location ID {location:?})"
            ));
            let token = gateway.create_token(&subaccount, location, stop)?;
            agents.push(Agent::start(
                plan,
                (name, location),
                &token,
                &subaccount,
                &mut children,
                stop,
            )?);
        }
        output::progress("waiting for the tunnels");
        stop.wait_for("tunnels", START_LIMIT, || {
            children.check()?;
            let up = gateway.locations_with_tunnel(stop)?;
            let all = plan
                .agents
                .iter()
                .all(|(_, location)| up.iter().any(|one| one == location));
            Ok(all.then_some(()))
        })?;
        Ok(Self {
            gateway,
            subaccount,
            binding,
            agents,
            children,
        })
    }

    /// Tells of each process that has ended, once.
    pub(crate) fn tell_ended(&mut self) {
        self.children.tell_ended();
    }

    /// Fails when any process of the stack has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        self.children.check()
    }
}

/// The sample back end, a process of its own.
#[derive(Debug)]
pub(crate) struct Backend {
    children: Children,
    pub(crate) address: SocketAddr,
}

impl Backend {
    pub(crate) fn start(binary: &Path, folder: &Path, stop: &Stop) -> anyhow::Result<Self> {
        output::progress("starting the sample back end");
        let addresses = folder.join("backend-addresses.json");
        let mut command = Command::new(binary);
        command
            .args(["--listen", "127.0.0.1:0", "--addresses"])
            .arg(&addresses);
        let log = log_path(folder, "backend");
        let mut child = Child::start_logged("sample back end", &mut command, &log)?;
        let found = wait_for_json(&addresses, &mut child, stop)?;
        let mut children = Children::default();
        children.push(child);
        Ok(Self {
            children,
            address: text(&found, "/address")?.parse()?,
        })
    }

    /// Tells that it has ended, once.
    pub(crate) fn tell_ended(&mut self) {
        self.children.tell_ended();
    }
}

/// Waits for a file that `child` writes once it is ready.
fn wait_for_json(path: &Path, child: &mut Child, stop: &Stop) -> anyhow::Result<Value> {
    stop.wait_for(&path.display().to_string(), START_LIMIT, || {
        child.check()?;
        crate::file::read_json(path)
    })
}

fn log_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

/// The string at `pointer`, or an error that names it.
pub(crate) fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    match value.pointer(pointer).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => anyhow::bail!("no text at {pointer} in {value}"),
    }
}
