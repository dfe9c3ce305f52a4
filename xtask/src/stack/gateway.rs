//! The gateway process and its offline commands.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Plan, log_path, text, wait_for_json};
use crate::build::GATEWAY;
use crate::children::{Child, Children};
use crate::shell;
use crate::stop::Stop;

/// A running gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) pid: u32,
    pub(crate) binary: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) region_host: String,
    /// `host:port` of the HTTP proxy.
    pub(crate) proxy: String,
    pub(crate) token_url: String,
    pub(crate) ca_cert: String,
}

impl Gateway {
    pub(super) fn start(
        plan: &Plan<'_>,
        children: &mut Children,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let binary = plan.binaries.path(GATEWAY)?;
        let data = plan.folder.join("gateway");
        let mut command = plan.launcher.command(binary, plan.folder, "gateway");
        command.arg("serve").arg("--data-dir").arg(&data);
        command.args(["--region-host", "localhost"]);
        for listener in [
            "--tunnel-listen",
            "--proxy-listen",
            "--token-listen",
            "--admin-listen",
        ] {
            command.args([listener, "127.0.0.1:0"]);
        }
        let log = log_path(plan.folder, "gateway");
        let mut child = Child::start_logged("gateway", &mut command, &log)?;
        let pid = child.pid();
        let addresses = wait_for_json(&data.join("addresses.json"), &mut child, stop)?;
        children.push(child);
        Ok(Self {
            pid,
            binary: binary.to_owned(),
            region_host: text(&addresses, "/regionHost")?,
            proxy: text(&addresses, "/proxy")?,
            token_url: text(&addresses, "/tokenUrl")?,
            ca_cert: text(&addresses, "/caCert")?,
            data,
        })
    }

    pub(super) fn add_subaccount(&self, stop: &Stop) -> anyhow::Result<String> {
        let added = self.ask(&["subaccount", "add", "demo"], stop)?;
        text(&added, "/subaccount")
    }

    pub(super) fn create_binding(&self, subaccount: &str, stop: &Stop) -> anyhow::Result<Value> {
        self.ask(&["binding", "create", "--subaccount", subaccount], stop)
    }

    pub(super) fn create_token(
        &self,
        subaccount: &str,
        location: &str,
        stop: &Stop,
    ) -> anyhow::Result<String> {
        let mut arguments = vec!["enrol-token", "create", "--subaccount", subaccount];
        if !location.is_empty() {
            arguments.extend(["--location-id", location]);
        }
        text(&self.ask(&arguments, stop)?, "/token")
    }

    /// The location IDs that have at least one tunnel connection.
    pub(super) fn locations_with_tunnel(&self, stop: &Stop) -> anyhow::Result<Vec<String>> {
        let status = self.ask(&["status"], stop)?;
        let tunnels = status.get("tunnels").and_then(Value::as_array);
        let up = tunnels.into_iter().flatten().filter(|tunnel| {
            tunnel
                .get("connections")
                .and_then(Value::as_u64)
                .is_some_and(|count| count > 0)
        });
        up.map(|tunnel| text(tunnel, "/locationId")).collect()
    }

    fn ask(&self, arguments: &[&str], stop: &Stop) -> anyhow::Result<Value> {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(&self.data)
            .arg("--json");
        Ok(serde_json::from_str(&shell::capture(&mut command, stop)?)?)
    }
}
