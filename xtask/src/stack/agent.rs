//! One agent process: enrolled, configured, running.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Plan, document, log_path};
use crate::build::AGENT;
use crate::children::{Child, Children};
use crate::file;
use crate::shell;
use crate::stop::Stop;

/// A running agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) name: String,
    pub(crate) pid: u32,
    pub(crate) binary: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) location: String,
}

impl Agent {
    pub(super) fn start(
        plan: &Plan<'_>,
        (name, location): (&str, &str),
        token: &str,
        subaccount: &str,
        children: &mut Children,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let binary = plan.binaries.path(AGENT)?;
        let data = plan.folder.join(name);
        enrol(binary, &data, token, location, stop)?;
        configure(plan, binary, &data, name, subaccount, stop)?;

        let mut command = plan.launcher.command(binary, plan.folder, name);
        command
            .args(["run", "--management-listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data);
        let log = log_path(plan.folder, name);
        let child = Child::start_logged(&format!("agent {name}"), &mut command, &log)?;
        let pid = child.pid();
        children.push(child);
        Ok(Self {
            name: name.to_owned(),
            pid,
            binary: binary.to_owned(),
            data,
            location: location.to_owned(),
        })
    }
}

fn enrol(
    binary: &Path,
    data: &Path,
    token: &str,
    location: &str,
    stop: &Stop,
) -> anyhow::Result<()> {
    let mut command = Command::new(binary);
    command.arg("enrol").arg(token);
    if !location.is_empty() {
        command.args(["--location-id", location]);
    }
    shell::capture(command.arg("--data-dir").arg(data), stop).map(drop)
}

/// Lets the agent show its document, sets the mappings, and lets it take it back.
fn configure(
    plan: &Plan<'_>,
    binary: &Path,
    data: &Path,
    name: &str,
    subaccount: &str,
    stop: &Stop,
) -> anyhow::Result<()> {
    let mut show = Command::new(binary);
    show.args(["document", "show", "--data-dir"]).arg(data);
    let mut content = serde_json::from_str(&shell::capture(&mut show, stop)?)?;
    document::allow_loopback(&mut content)?;
    document::set_mappings(&mut content, subaccount, plan.mappings)?;
    let path = plan.folder.join(format!("{name}-document.json"));
    file::replace_json(&path, &content)?;

    let mut apply = Command::new(binary);
    apply
        .args(["document", "apply"])
        .arg(&path)
        .arg("--data-dir")
        .arg(data);
    shell::capture(&mut apply, stop).map(drop)
}
