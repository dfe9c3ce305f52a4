//! `cargo xtask bench`: the data path against direct access to the same nginx.

mod bulk;
mod callgrind;
mod client;
mod load;
mod nginx;
mod process;
mod report;
mod rounds;

use std::net::SocketAddr;
use std::path::Path;

use clap::Args;

use crate::build::Binaries;
use crate::debian::{self, CC, CURL, NGINX, VALGRIND, WRK};
use crate::output;
use crate::shell;
use crate::stack::{Launcher, Mapping, Plan, Resource, Stack};
use crate::stop::Stop;
use client::Client;
use nginx::Nginx;

/// Where nginx is.
const VIRTUAL_HOST: &str = "bench.virtual";
const VIRTUAL_PORT: u16 = 80;
const AGENT: &str = "bench";

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
    /// Leaves the benchmark of the configuration document out.
    #[arg(long)]
    no_document: bool,
}

pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<()> {
    let needed: &[_] = if options.callgrind {
        &[CC, CURL, NGINX, VALGRIND]
    } else {
        &[CC, CURL, NGINX, WRK]
    };
    debian::ensure(needed, stop)?;
    let binaries = Binaries::build(stop)?;
    // Memory-backed, so that no disk is measured.
    let folder = tempfile::Builder::new()
        .prefix("underpass-bench-")
        .tempdir_in("/dev/shm")?;
    let nginx = Nginx::start(folder.path(), stop)?;
    let launcher = if options.callgrind {
        Launcher::Callgrind
    } else {
        Launcher::Plain
    };
    let mut stack = start(folder.path(), &binaries, nginx.address, launcher, stop)?;
    let client = Client::new(&stack, nginx.address, folder.path(), stop)?;
    if options.callgrind {
        return callgrind::run(&mut stack, &client, stop);
    }
    let rounds = options.rounds.unwrap_or(if options.quick { 2 } else { 5 });
    let results = rounds::run(rounds, options.quick, &client, &mut stack, stop)?;
    report::print_and_save(&results, stop)?;
    drop((stack, nginx));
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
