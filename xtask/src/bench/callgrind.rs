//! Instructions per request, which do not depend on how busy the machine is.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::AGENT;
use super::client::{Client, Way};
use crate::output;
use crate::shell;
use crate::stack::Stack;
use crate::stop::Stop;

/// Fills pools and caches before anything is counted.
const WARM_UP: u32 = 200;
const REQUESTS: u32 = 2_000;

pub(super) fn run(stack: &mut Stack, client: &Client, stop: &Stop) -> anyhow::Result<()> {
    let agent = stack.agents.first().context("no agent")?.pid;
    let processes = [("gateway", stack.gateway.pid), (AGENT, agent)];
    output::progress("warming up");
    send(client, WARM_UP, stop)?;
    for (_, pid) in processes {
        control("--zero", pid, stop)?;
    }
    output::progress("counting");
    send(client, REQUESTS, stop)?;
    for (_, pid) in processes {
        control("--dump", pid, stop)?;
    }
    stack.check()?;
    let mut sum = 0;
    for (name, _) in processes {
        let each = total(&client.folder, name)? / u64::from(REQUESTS);
        sum += each;
        let who = if name == AGENT { "agent" } else { name };
        output::result(format_args!("{who}: {each} instructions per request"))?;
    }
    output::result(format_args!("both: {sum} instructions per request"))?;
    Ok(())
}

/// Sends requests one after the other on one connection.
fn send(client: &Client, count: u32, stop: &Stop) -> anyhow::Result<()> {
    let mut command = client.curl(Way::Underpass, &format!("/hello?[1-{count}]"));
    command.args([
        "--fail",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}\n",
    ]);
    let codes = shell::capture(&mut command, stop)?;
    let good = codes.lines().filter(|code| *code == "200").count();
    ensure!(
        u32::try_from(good) == Ok(count),
        "only {good} of {count} requests went well"
    );
    Ok(())
}

fn control(action: &str, pid: u32, stop: &Stop) -> anyhow::Result<()> {
    let mut command = Command::new("callgrind_control");
    shell::capture(command.arg(action).arg(pid.to_string()), stop).map(drop)
}

/// The instructions in the first dump of a process.
fn total(folder: &Path, name: &str) -> anyhow::Result<u64> {
    let path = folder.join(format!("callgrind.{name}.1"));
    let told = || format!("no count in {}", path.display());
    let dump = fs::read_to_string(&path).with_context(told)?;
    let line = dump.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(line.with_context(told)?.trim().parse()?)
}
