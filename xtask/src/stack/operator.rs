//! An operator of an agent, with a key of his own, as scripts have one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Agent, START_LIMIT, text};
use crate::file;
use crate::shell;
use crate::stop::Stop;

/// What the operator may do.
const ROLE: &str = "Administrator";

/// What a program needs to manage an agent.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) url: String,
    pub(crate) ca_cert: String,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) role: &'static str,
}

impl Agent {
    /// Adds an operator and waits until the management API is reachable.
    pub(crate) fn add_operator(&self, folder: &Path, stop: &Stop) -> anyhow::Result<Operator> {
        let path = |ending: &str| folder.join(format!("{}-operator.{ending}", self.name));
        let (key, request, certificate) = (path("key"), path("csr"), path("pem"));
        let mut openssl = Command::new("openssl");
        openssl
            .args(["req", "-new", "-nodes", "-subj", "/CN=demo"])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&request);
        shell::capture(&mut openssl, stop)?;
        let mut issue = Command::new(&self.binary);
        issue
            .args([
                "operator", "issue", "--name", "demo", "--role", ROLE, "--csr",
            ])
            .arg(&request)
            .arg("--out")
            .arg(&certificate)
            .arg("--data-dir")
            .arg(&self.data);
        shell::capture(&mut issue, stop)?;
        let told = self.data.join("addresses.json");
        let addresses = stop.wait_for("management API", START_LIMIT, || file::read_json(&told))?;
        Ok(Operator {
            url: text(&addresses, "/managementUrls/0")?,
            ca_cert: text(&addresses, "/caCert")?,
            certificate,
            key,
            role: ROLE,
        })
    }
}
