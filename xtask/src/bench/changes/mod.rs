//! `cargo xtask bench --changes`: what changes of a large configuration cost, and what forwarded
//! requests feel of them.

mod http;
mod open_loop;

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use self::http::Connection;
use self::open_loop::{Felt, OpenLoop};
use super::client::{Client, Way};
use super::{VIRTUAL_HOST, VIRTUAL_PORT};
use crate::clock::Stopwatch;
use crate::file;
use crate::output;
use crate::shell;
use crate::stack::{Agent, Stack};
use crate::stop::Stop;

/// Further system mappings, and the resources of each: the largest that is expected of an agent.
const MAPPINGS: usize = 5_000;
const RESOURCES: usize = 20;
/// Single changes before any is measured: the log of the state's file has its full size then.
const FIRST_CHANGES: usize = 1_000;
/// Single changes that are timed.
const CHANGES: usize = 1_000;
/// How often the list of all mappings is asked for.
const LISTS: usize = 20;
/// Pause between two changes while requests are forwarded: 20 changes a second.
const CHANGE_EVERY: Duration = Duration::from_millis(50);

/// Fills the agent and measures.
pub(super) fn run(
    stack: &mut Stack,
    client: &Client,
    nginx: SocketAddr,
    stop: &Stop,
) -> anyhow::Result<()> {
    let agent = stack.agents.first().context("no agent")?;
    output::progress(format_args!(
        "{MAPPINGS} further system mappings with {RESOURCES} resources each"
    ));
    let subaccount = fill(agent, nginx, client, stop)?;
    let mut admin = Connection::new(UnixStream::connect(agent.data.join("admin.sock"))?);

    let list = times(LISTS, stop, |_| {
        admin
            .ask("GET", &format!("{subaccount}/systemMappings"), "")
            .map(drop)
    })?;
    tell("list of all mappings", &list, 200.0)?;
    for n in 0..FIRST_CHANGES {
        change(&mut admin, &subaccount, n)?;
    }
    let before = state_bytes(&agent.data)?;
    let changes = times(CHANGES, stop, |n| {
        change(&mut admin, &subaccount, FIRST_CHANGES + n)
    })?;
    tell("one change, durable", &changes, 50.0)?;
    let grown = state_bytes(&agent.data)?.saturating_sub(before) / CHANGES as u64;
    output::result(format_args!(
        "state grows by {grown} bytes a change (<= 4096)"
    ))?;

    let requests = OpenLoop::new(client, Way::Underpass);
    let quiet = requests.run(stop)?;
    let busy = beside_changes(&mut admin, &subaccount, stop, || requests.run(stop))?;
    stack.check()?;
    for (name, felt) in [("no changes", quiet), ("20 changes/s", busy)] {
        output::result(format_args!(
            "500 requests/s, {name}: {} requests, {} errors, p50 {:.2} ms, p99 {:.2} ms",
            felt.requests, felt.errors, felt.p50, felt.p99
        ))?;
    }
    output::result(format_args!(
        "p99 is {:.2} ms higher beside changes (<= 10)",
        busy.p99 - quiet.p99
    ))?;
    Ok(())
}

/// Adds the mappings through the document, and returns the path of their subaccount.
fn fill(agent: &Agent, nginx: SocketAddr, client: &Client, stop: &Stop) -> anyhow::Result<String> {
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&agent.binary);
        command.args(arguments).arg("--data-dir").arg(&agent.data);
        command
    };
    let shown = shell::capture(&mut command(&["document", "show"]), stop)?;
    let mut document: Value = serde_json::from_str(&shown)?;
    let subaccount = document
        .pointer_mut("/subaccounts/0")
        .context("the agent has no subaccount")?;
    let mappings = subaccount["mappings"]
        .as_array_mut()
        .context("no mappings")?;
    mappings.extend((0..MAPPINGS).map(|n| mapping(n, nginx)));
    let part = |name: &str| subaccount[name].as_str().map(ToOwned::to_owned);
    let (host, id) = (part("regionHost"), part("subaccount"));
    let path = format!(
        "/api/v1/configuration/subaccounts/{}/{}",
        host.context("no region host")?,
        id.context("no subaccount id")?
    );
    let file = client.folder.join("large.json");
    file::replace_json(&file, &document)?;
    let file = file.to_str().context("the path is not UTF-8")?;
    shell::capture(&mut command(&["document", "apply", file]), stop)?;
    Ok(path)
}

fn mapping(n: usize, nginx: SocketAddr) -> Value {
    let resources: Vec<Value> = (0..RESOURCES)
        .map(|n| json!({"path": format!("/sap/opu/odata/sap/SERVICE_{n:04}"), "enabled": true, "exactMatchOnly": true}))
        .collect();
    json!({
        "virtualAddress": format!("erp{n:04}.systems.example.com:443"),
        "internalAddress": nginx,
        "protocol": "HTTP",
        "backendType": "nonSAPsys",
        "resources": resources,
    })
}

/// Replaces one resource: enabled or not in turns.
fn change(admin: &mut Connection<UnixStream>, subaccount: &str, n: usize) -> anyhow::Result<()> {
    let mapping = format!("erp{:04}.systems.example.com:443", n % MAPPINGS);
    let path =
        format!("{subaccount}/systemMappings/{mapping}/resources/-sap-opu-odata-sap-SERVICE_0000");
    let enabled = (n / MAPPINGS) % 2 == 1;
    let body = json!({"enabled": enabled, "description": format!("change {n}")});
    admin.ask("PUT", &path, &body.to_string()).map(drop)
}

/// Times of `count` acts in milliseconds, sorted.
fn times(
    count: usize,
    stop: &Stop,
    mut act: impl FnMut(usize) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::with_capacity(count);
    for n in 0..count {
        stop.check()?;
        let watch = Stopwatch::start();
        act(n)?;
        times.push(watch.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn tell(what: &str, times: &[f64], bar: f64) -> anyhow::Result<()> {
    let at = |share: usize| times.get(times.len() * share / 100).copied();
    let (median, p99) = (at(50).context("no times")?, at(99).context("no times")?);
    output::result(format_args!(
        "{what}: median {median:.1} ms (<= {bar}), p99 {p99:.1} ms"
    ))?;
    Ok(())
}

/// Bytes of the state's file and its log.
fn state_bytes(data: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for name in ["state.db", "state.db-wal"] {
        match std::fs::metadata(data.join(name)) {
            Ok(found) => sum += found.len(),
            Err(error) => ensure!(
                error.kind() == std::io::ErrorKind::NotFound,
                "{name}: {error}"
            ),
        }
    }
    Ok(sum)
}

/// Makes changes at a fixed pace until `act` is done.
fn beside_changes(
    admin: &mut Connection<UnixStream>,
    subaccount: &str,
    stop: &Stop,
    act: impl FnOnce() -> anyhow::Result<Felt>,
) -> anyhow::Result<Felt> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let changes = scope.spawn(|| {
            let mut n = 0;
            let watch = Stopwatch::start();
            while !done.load(Ordering::Relaxed) {
                change(admin, subaccount, FIRST_CHANGES + CHANGES + n)?;
                n += 1;
                let due = CHANGE_EVERY * u32::try_from(n)?;
                stop.sleep(due.saturating_sub(watch.elapsed()))?;
            }
            anyhow::Ok(())
        });
        let felt = act();
        done.store(true, Ordering::Relaxed);
        let changed = changes.join();
        changed.map_err(|_panic| anyhow::anyhow!("the changes panicked"))??;
        felt
    })
}

/// The target of a forwarded request.
fn target() -> String {
    format!("http://{VIRTUAL_HOST}:{VIRTUAL_PORT}/hello")
}
