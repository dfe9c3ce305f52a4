//! Many small requests, sent by wrk.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;

use super::client::{Client, Way};
use crate::file;
use crate::shell;
use crate::stop::Stop;

/// Marks the line that the script prints for us among what wrk prints for humans.
const MARK: &str = "UNDERPASS ";

/// What wrk is told to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) path: &'static str,
    pub(super) connections: u32,
    /// Whether each request takes a new connection.
    pub(super) close: bool,
    pub(super) time: Duration,
}

/// What wrk saw.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Seen {
    pub(super) requests: f64,
    pub(super) micros: f64,
    pub(super) errors: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Runs wrk, asking `watch` for its opinion now and then.
pub(super) fn run(
    load: Load,
    way: Way,
    client: &Client,
    stop: &Stop,
    watch: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Seen> {
    let path = client.folder.join("wrk.lua");
    file::replace(&path, script(load, way, client).as_bytes())?;
    let threads = load.connections.min(2);
    let mut command = Command::new("wrk");
    command
        .args([format!("-t{threads}"), format!("-c{}", load.connections)])
        .arg(format!("-d{}s", load.time.as_secs()))
        .args(["--timeout", "10s", "-s"])
        .arg(&path)
        .arg(format!("http://{}{}", client.peer(way), load.path));
    let printed = shell::capture_watched(&mut command, stop, watch)?;
    let line = printed.lines().find_map(|line| line.strip_prefix(MARK));
    Ok(serde_json::from_str(line.context("wrk said nothing")?)?)
}

/// A proxy wants the whole URL in the request line, which only a script can give it.
///
/// The script sets no `request` function: wrk then formats the request once and not each time.
fn script(load: Load, way: Way, client: &Client) -> String {
    let host = client.host(way);
    let target = match way {
        Way::Direct | Way::Rathole => load.path.to_owned(),
        Way::Underpass => format!("http://{host}{}", load.path),
    };
    let mut settings = format!("wrk.path = \"{target}\"\nwrk.headers[\"Host\"] = \"{host}\"\n");
    if let Some(value) = client.authorization(way) {
        settings.push_str(&format!(
            "wrk.headers[\"Proxy-Authorization\"] = \"{value}\"\n"
        ));
    }
    if load.close {
        settings.push_str("wrk.headers[\"Connection\"] = \"close\"\n");
    }
    format!(
        "{settings}function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n{MARK}{{\"requests\":%d,\"micros\":%d,\"errors\":%d,\"p50\":%d,\"p99\":%d}}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"
    )
}
