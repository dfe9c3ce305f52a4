//! The `underpass-gateway` program.
#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use underpass_gateway::cli::{Cli, Command, Serve};
use underpass_gateway::commands;
use underpass_gateway::serve::Gateway;
use underpass_runtime::{descriptors, stop, telemetry, threads};

#[cfg(not(windows))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a standard error there is nobody to tell.
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match &cli.command {
        Command::Serve(options) => {
            let ended = runtime.block_on(serve(cli, options));
            threads::end(runtime);
            ended
        }
        Command::Offline(command) => runtime.block_on(commands::run(
            &cli.global,
            command,
            &mut io::stdout().lock(),
        )),
    }
}

async fn serve(cli: &Cli, options: &Serve) -> anyhow::Result<()> {
    let format = if options.log_json {
        telemetry::Format::Json
    } else {
        telemetry::Format::Human
    };
    let levels = telemetry::start(&options.log, format, None)
        .map_err(|error| anyhow::anyhow!("--log: {error}"))?;
    descriptors::raise_or_warn();
    let stop = stop::requested()?;
    let gateway = Gateway::build(&cli.global, options).await?;
    gateway.with_levels(levels).run(stop).await
}
