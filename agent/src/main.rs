//! The `underpass-agent` program.
#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use underpass_agent::cli::{Cli, Command};
use underpass_agent::{doctor, run};
use underpass_runtime::{descriptors, stop, telemetry};

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match start(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a standard error there is nobody to tell.
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    // One thread serves all: it carries about 100,000 requests a second and wakes nobody else.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let out = &mut io::stdout().lock();
    match cli.command {
        Command::Run {
            common,
            log,
            log_json,
            operators_group,
            management,
        } => {
            let format = if log_json {
                telemetry::Format::Json
            } else {
                telemetry::Format::Human
            };
            telemetry::start(&log, format).map_err(|error| anyhow::anyhow!("--log: {error}"))?;
            descriptors::raise_or_warn();
            runtime.block_on(async {
                let stop = stop::requested()?;
                let administration = run::Administration {
                    operators_group,
                    management: management.into(),
                };
                run::run(&common.data_dir, administration, stop).await
            })
        }
        Command::Doctor { common, host } => runtime.block_on(doctor::run(
            &common.data_dir,
            host.as_ref(),
            common.json,
            out,
        )),
        Command::Administer(command) => runtime.block_on(command.run(out)),
    }
}
