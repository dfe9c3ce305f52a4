//! The two ways to the back end, and the token that the second one needs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{VIRTUAL_HOST, VIRTUAL_PORT};
use crate::file;
use crate::shell;
use crate::stack::Stack;
use crate::stop::Stop;

/// How a request gets to nginx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    Underpass,
    /// Through the peer that is compared.
    Rathole,
}

/// What a load generator has to know.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) folder: PathBuf,
    nginx: String,
    /// Empty where rathole does not run.
    rathole: String,
    proxy: String,
    token: String,
}

impl Client {
    pub(super) fn new(
        stack: &Stack,
        nginx: SocketAddr,
        rathole: Option<SocketAddr>,
        folder: &Path,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            nginx: nginx.to_string(),
            rathole: rathole.map_or_else(String::new, |address| address.to_string()),
            proxy: stack.gateway.proxy.clone(),
            token: tokens(stack, 1, stop)?.remove(0),
        })
    }

    /// `host:port` to connect to.
    pub(super) fn peer(&self, way: Way) -> &str {
        match way {
            Way::Direct => &self.nginx,
            Way::Rathole => &self.rathole,
            Way::Underpass => &self.proxy,
        }
    }

    /// The value of `Host`.
    pub(super) fn host(&self, way: Way) -> String {
        match way {
            Way::Direct | Way::Rathole => self.nginx.clone(),
            Way::Underpass => format!("{VIRTUAL_HOST}:{VIRTUAL_PORT}"),
        }
    }

    /// The value of `Proxy-Authorization`.
    pub(super) fn authorization(&self, way: Way) -> Option<String> {
        match way {
            Way::Direct | Way::Rathole => None,
            Way::Underpass => Some(format!("Bearer {}", self.token)),
        }
    }

    /// curl that asks for `path` once with each token, on one connection.
    pub(super) fn curl_each(&self, path: &str, tokens: &[String]) -> anyhow::Result<Command> {
        let host = self.host(Way::Underpass);
        let requests: Vec<String> = tokens
            .iter()
            .map(|token| {
                format!(
                    "url = \"http://{host}{path}\"\nproxy = \"http://{}\"\n\
                     proxy-header = \"Proxy-Authorization: Bearer {token}\"\n\
                     output = \"/dev/null\"\nwrite-out = \"%{{http_code}}\\n\"\nnoproxy = \"\"\nsilent\n",
                    self.proxy
                )
            })
            .collect();
        let config = self.folder.join("curl.conf");
        file::replace(&config, requests.join("next\n").as_bytes())?;
        let mut command = Command::new("curl");
        command.arg("--config").arg(config);
        Ok(command)
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

/// Asks the token endpoint for tokens, as an application does it.
pub(super) fn tokens(stack: &Stack, count: usize, stop: &Stop) -> anyhow::Result<Vec<String>> {
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
        ]);
    command.args(vec![
        format!("{}/oauth/token", stack.gateway.token_url);
        count
    ]);
    let answers = shell::capture(&mut command, stop)?;
    let tokens: Vec<String> = serde_json::Deserializer::from_str(&answers)
        .into_iter::<Value>()
        .map(|answer| {
            let answer = answer?;
            let token = answer.get("access_token").and_then(Value::as_str);
            Ok(token
                .context("the token endpoint gave no access_token")?
                .to_owned())
        })
        .collect::<anyhow::Result<_>>()?;
    ensure!(tokens.len() == count, "the token endpoint gave too little");
    Ok(tokens)
}
