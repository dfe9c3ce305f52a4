//! `cargo xtask bench`: the data path against direct access to the same nginx.

mod bulk;
mod callgrind;
mod changes;
mod client;
mod layout;
mod load;
mod nginx;
mod process;
mod rathole;
mod report;
mod rounds;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::TempDir;

use crate::build::Binaries;
use crate::debian::{self, CC, CURL, NGINX, VALGRIND, WRK};
use crate::output;
use crate::shell;
use crate::stack::{Launcher, Mapping, Plan, Resource, Stack};
use crate::stop::Stop;
use client::Client;
use nginx::Nginx;
use rathole::Rathole;
use rounds::Rounds;

/// Where nginx is.
const VIRTUAL_HOST: &str = "bench.virtual";
const VIRTUAL_PORT: u16 = 80;
const AGENT: &str = "bench";
/// A folder that is memory.
const MEMORY: &str = "/dev/shm";

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Two short rounds instead of five.
    #[arg(long)]
    quick: bool,
    /// Number of rounds.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Counts instructions per request instead of measuring time.
    #[arg(long)]
    callgrind: bool,
    /// Measures changes of a large configuration, and what forwarded requests feel of them.
    #[arg(long, conflicts_with = "callgrind")]
    changes: bool,
    /// Leaves the comparison with rathole out; it is also left out of quick runs.
    #[arg(long)]
    no_rathole: bool,
    /// Leaves the benchmark of the configuration document out.
    #[arg(long)]
    no_document: bool,
}

impl Options {
    const fn wants_rathole(&self) -> bool {
        !(self.quick || self.callgrind || self.changes || self.no_rathole)
    }
}

pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<()> {
    if options.callgrind {
        return under_callgrind(callgrind::run, stop);
    }
    debian::ensure(&[CC, CURL, NGINX, WRK], stop)?;
    let binaries = Binaries::build(stop)?;
    // Memory-backed, so that no disk is measured; but what makes a change durable is the disk.
    let folder = folder_in(&if options.changes {
        shell::root().join("target")
    } else {
        PathBuf::from(MEMORY)
    })?;
    let nginx = Nginx::start(folder.path(), stop)?;
    let launcher = Launcher::Plain;
    let mut stack = start(folder.path(), &binaries, nginx.address, launcher, stop)?;
    let rathole = if options.wants_rathole() {
        rathole(folder.path(), nginx.address, stop)
    } else {
        None
    };
    let compared = rathole.as_ref().map(|rathole| rathole.address);
    let client = Client::new(&stack, nginx.address, compared, folder.path(), stop)?;
    if options.changes {
        return changes::run(&mut stack, &client, nginx.address, stop);
    }
    let rounds = options.rounds.unwrap_or(if options.quick { 2 } else { 5 });
    let plan = Rounds {
        rounds,
        quick: options.quick,
        rathole: rathole.as_ref().map(Rathole::pids),
    };
    let results = rounds::run(plan, &client, &mut stack, stop)?;
    report::print_and_save(&results, stop)?;
    drop((stack, nginx, rathole));
    if !options.no_document {
        output::progress("benchmark of the configuration document");
        shell::run(
            &mut shell::cargo(&[
                "bench",
                "-q",
                "-p",
                "underpass-agent",
                "--bench",
                "document",
            ]),
            stop,
        )?;
    }
    Ok(())
}

/// `cargo xtask layout`.
pub(crate) fn layout(stop: &Stop) -> anyhow::Result<()> {
    under_callgrind(layout::run, stop)
}

/// Starts everything under callgrind and looks at it.
fn under_callgrind(
    look: impl FnOnce(&mut Stack, &Client, &Stop) -> anyhow::Result<()>,
    stop: &Stop,
) -> anyhow::Result<()> {
    debian::ensure(&[CC, CURL, NGINX, VALGRIND], stop)?;
    let binaries = Binaries::build(stop)?;
    let folder = folder_in(Path::new(MEMORY))?;
    let nginx = Nginx::start(folder.path(), stop)?;
    let launcher = Launcher::Callgrind;
    let mut stack = start(folder.path(), &binaries, nginx.address, launcher, stop)?;
    let client = Client::new(&stack, nginx.address, None, folder.path(), stop)?;
    look(&mut stack, &client, stop)
}

fn folder_in(parent: &Path) -> anyhow::Result<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("underpass-bench-")
        .tempdir_in(parent)?)
}

/// The comparison is no reason to fail.
fn rathole(folder: &Path, nginx: SocketAddr, stop: &Stop) -> Option<Rathole> {
    Rathole::start(folder, nginx, stop)
        .inspect_err(|error| {
            output::progress(format_args!(
                "rathole cannot be had, so not compared: {error:#}"
            ));
        })
        .ok()
}

fn start(
    folder: &Path,
    binaries: &Binaries,
    nginx: SocketAddr,
    launcher: Launcher,
    stop: &Stop,
) -> anyhow::Result<Stack> {
    let plan = Plan {
        folder,
        binaries,
        agents: &[(AGENT, "")],
        mappings: &[mapping(VIRTUAL_HOST, nginx)],
        launcher,
    };
    Stack::start(&plan, stop)
}

fn mapping(virtual_host: &'static str, internal: SocketAddr) -> Mapping<'static> {
    const ALL: &[Resource] = &[Resource::with_sub_paths("/")];
    Mapping {
        virtual_host,
        virtual_port: VIRTUAL_PORT,
        internal,
        resources: ALL,
    }
}
