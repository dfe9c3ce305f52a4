//! Instructions per request, which do not depend on how busy the machine is.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::AGENT;
use super::client::{self, Client, Way};
use crate::output;
use crate::shell;
use crate::stack::Stack;
use crate::stop::Stop;

/// Fills pools and caches before anything is counted.
const WARM_UP: usize = 200;
pub(super) const REQUESTS: usize = 2_000;
/// Requests that each bring a token of their own, whose signature must be checked.
pub(super) const NEW_TOKENS: usize = 100;

pub(super) fn run(stack: &mut Stack, client: &Client, stop: &Stop) -> anyhow::Result<()> {
    let tokens = client::tokens(stack, NEW_TOKENS, stop)?;
    let agent = stack.agents.first().context("no agent")?.pid;
    let counted = Counted {
        processes: [("gateway", stack.gateway.pid), (AGENT, agent)],
        folder: &client.folder,
        stop,
    };
    output::progress("warming up");
    send(client, WARM_UP, stop)?;
    counted.count("with a token seen before", 1, REQUESTS, || {
        send(client, REQUESTS, stop)
    })?;
    counted.count("with a new token each", 2, NEW_TOKENS, || {
        good(&mut client.curl_each("/hello", &tokens)?, NEW_TOKENS, stop)
    })?;
    stack.check()
}

/// The processes whose instructions are counted.
struct Counted<'a> {
    processes: [(&'static str, u32); 2],
    folder: &'a Path,
    stop: &'a Stop,
}

impl Counted<'_> {
    /// Counts what `requests` requests take; `dump` is the number of the count.
    fn count(
        &self,
        what: &str,
        dump: u32,
        requests: usize,
        send: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        output::progress(format_args!("counting, {what}"));
        for (_, pid) in self.processes {
            control("--zero", pid, self.stop)?;
        }
        send()?;
        for (_, pid) in self.processes {
            control("--dump", pid, self.stop)?;
        }
        output::result(format_args!("instructions per request, {what}:"))?;
        let mut sum = 0;
        for (name, _) in self.processes {
            let each = total(self.folder, name, dump)? / u64::try_from(requests)?;
            sum += each;
            let who = if name == AGENT { "agent" } else { name };
            output::result(format_args!("  {who}: {each}"))?;
        }
        Ok(output::result(format_args!("  both: {sum}"))?)
    }
}

/// Sends requests one after the other on one connection.
pub(super) fn send(client: &Client, count: usize, stop: &Stop) -> anyhow::Result<()> {
    let mut command = client.curl(Way::Underpass, &format!("/hello?[1-{count}]"));
    command.args([
        "--fail",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}\n",
    ]);
    good(&mut command, count, stop)
}

/// Runs curl, which prints a status for each of `count` requests.
pub(super) fn good(curl: &mut Command, count: usize, stop: &Stop) -> anyhow::Result<()> {
    let codes = shell::capture(curl, stop)?;
    let good = codes.lines().filter(|code| *code == "200").count();
    ensure!(good == count, "only {good} of {count} requests went well");
    Ok(())
}

pub(super) fn control(action: &str, pid: u32, stop: &Stop) -> anyhow::Result<()> {
    let mut command = Command::new("callgrind_control");
    shell::capture(command.arg(action).arg(pid.to_string()), stop).map(drop)
}

/// The instructions in a dump of a process.
fn total(folder: &Path, name: &str, dump: u32) -> anyhow::Result<u64> {
    let path = folder.join(format!("callgrind.{name}.{dump}"));
    let told = || format!("no count in {}", path.display());
    let dump = fs::read_to_string(&path).with_context(told)?;
    let line = dump.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(line.with_context(told)?.trim().parse()?)
}
