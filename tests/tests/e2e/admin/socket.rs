//! curl on an agent's socket.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::agent::Agent;
use crate::process::run;

/// What stands before the paths of the configuration.
pub(super) const CONFIGURATION: &str = "/api/v1/configuration";

/// An answer over the socket.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> String {
        let line = self
            .head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name));
        line.unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .1
            .to_owned()
    }
}

/// curl on the socket of a data directory, started by the words of `prefix`.
pub(super) fn curl(prefix: &[&str], dir: &Path, path: &str, arguments: &[&str]) -> Command {
    let words = [prefix, &["curl"]].concat();
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .args(["-sS", "-i", "--max-time", "30", "--path-as-is"])
        .arg("--unix-socket")
        .arg(dir.join("admin.sock"))
        .args(arguments)
        .arg(format!("http://localhost{path}"));
    command
}

/// Takes curl's output apart.
pub(super) fn answer(output: &str) -> Answer {
    // A large body is asked for with 100 Continue first.
    let last = output.rfind("HTTP/1.1 ").unwrap();
    let (head, body) = output[last..].split_once("\r\n\r\n").unwrap();
    Answer {
        status: head[9..12].parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

impl Agent {
    /// A request without a body.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let headers = headers.iter().flat_map(|header| ["-H", header]);
        let arguments: Vec<&str> = ["-X", method].into_iter().chain(headers).collect();
        answer(&run(curl(&[], &self.dir, path, &arguments)))
    }

    /// A request with a JSON body.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let headers = headers.iter().flat_map(|header| ["-H", header]);
        let kind = "Content-Type: application/json";
        let fixed = ["-X", method, "-H", kind, "--data-binary", body];
        let arguments: Vec<&str> = fixed.into_iter().chain(headers).collect();
        answer(&run(curl(&[], &self.dir, path, &arguments)))
    }

    /// The path of its only subaccount.
    pub(super) fn subaccount_path(&self) -> String {
        let all = self.tell(&["subaccount", "list"]);
        let one = &all[0];
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        format!(
            "{CONFIGURATION}/subaccounts/{}/{}",
            text("regionHost"),
            text("subaccount")
        )
    }
}
