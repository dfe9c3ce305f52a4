//! Release builds of the product's binaries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use crate::output;
use crate::shell;
use crate::stop::Stop;

/// The release binaries by name.
#[derive(Debug)]
pub(crate) struct Binaries(BTreeMap<String, PathBuf>);

pub(crate) const AGENT: &str = "underpass-agent";
pub(crate) const GATEWAY: &str = "underpass-gateway";
pub(crate) const SAMPLE_BACKEND: &str = "underpass-sample-backend";
pub(crate) const DESKTOP: &str = "underpass";

impl Binaries {
    /// Builds all of them but the desktop app, and learns from cargo where they are.
    pub(crate) fn build(stop: &Stop) -> anyhow::Result<Self> {
        Self::build_with(&[], stop)
    }

    /// The same with the desktop app, whose window needs much more to be built.
    pub(crate) fn build_with_desktop(stop: &Stop) -> anyhow::Result<Self> {
        Self::build_with(&["--package=underpass-desktop", "--bin=underpass"], stop)
    }

    fn build_with(more: &[&str], stop: &Stop) -> anyhow::Result<Self> {
        output::progress("building release binaries");
        let mut command = shell::cargo(&[
            "build",
            "--release",
            "--message-format=json-render-diagnostics",
        ]);
        for package in [AGENT, GATEWAY, "underpass-tests"] {
            command.args(["--package", package]);
        }
        for binary in [AGENT, GATEWAY, SAMPLE_BACKEND] {
            command.args(["--bin", binary]);
        }
        command.args(more);
        let messages = shell::run_and_read(&mut command, stop)?;
        Ok(Self(messages.lines().filter_map(executable).collect()))
    }

    pub(crate) fn path(&self, name: &str) -> anyhow::Result<&Path> {
        let path = self
            .0
            .get(name)
            .with_context(|| format!("cargo built no {name}"))?;
        Ok(path)
    }
}

fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let path = message.get("executable")?.as_str()?;
    let name = message.pointer("/target/name")?.as_str()?;
    Some((name.to_owned(), PathBuf::from(path)))
}
