//! The two ways to the back end, and the token that the second one needs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use super::{VIRTUAL_HOST, VIRTUAL_PORT};
use crate::shell;
use crate::stack::Stack;
use crate::stop::Stop;

/// How a request gets to nginx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    Underpass,
}

/// What a load generator has to know.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) folder: PathBuf,
    nginx: String,
    proxy: String,
    token: String,
}

impl Client {
    pub(super) fn new(
        stack: &Stack,
        nginx: SocketAddr,
        folder: &Path,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            nginx: nginx.to_string(),
            proxy: stack.gateway.proxy.clone(),
            token: token(stack, stop)?,
        })
    }

    /// `host:port` to connect to.
    pub(super) fn peer(&self, way: Way) -> &str {
        match way {
            Way::Direct => &self.nginx,
            Way::Underpass => &self.proxy,
        }
    }

    /// The value of `Host`.
    pub(super) fn host(&self, way: Way) -> String {
        match way {
            Way::Direct => self.nginx.clone(),
            Way::Underpass => format!("{VIRTUAL_HOST}:{VIRTUAL_PORT}"),
        }
    }

    /// The value of `Proxy-Authorization`.
    pub(super) fn authorization(&self, way: Way) -> Option<String> {
        match way {
            Way::Direct => None,
            Way::Underpass => Some(format!("Bearer {}", self.token)),
        }
    }

    /// curl on its way to `path`.
    pub(super) fn curl(&self, way: Way, path: &str) -> Command {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--noproxy"]);
        match self.authorization(way) {
            None => command.arg("*"),
            Some(value) => command
                .args(["", "--proxy", &format!("http://{}", self.proxy)])
                .args(["--proxy-header", &format!("Proxy-Authorization: {value}")]),
        };
        command.arg(format!("http://{}{path}", self.host(way)));
        command
    }
}

/// Asks the token endpoint as an application does it.
pub(super) fn token(stack: &Stack, stop: &Stop) -> anyhow::Result<String> {
    let member = |name: &str| {
        let value = stack.binding.get(name).and_then(Value::as_str);
        value.with_context(|| format!("the binding has no {name}"))
    };
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--fail", "--noproxy", "*"])
        .args(["--cacert", &stack.gateway.ca_cert])
        .args(["--data", "grant_type=client_credentials"])
        .args([
            "--data-urlencode",
            &format!("client_id={}", member("clientid")?),
        ])
        .args([
            "--data-urlencode",
            &format!("client_secret={}", member("clientsecret")?),
        ])
        .arg(format!("{}/oauth/token", stack.gateway.token_url));
    let answer: Value = serde_json::from_str(&shell::capture(&mut command, stop)?)?;
    let token = answer.get("access_token").and_then(Value::as_str);
    Ok(token
        .context("the token endpoint gave no access_token")?
        .to_owned())
}
