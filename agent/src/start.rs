//! From a command line to its work.
//!
//! It is not in the program itself: asynchronous functions are compiled anew for each crate that
//! awaits them, and the program would carry, and keep in memory, most of the agent twice.

use std::io;

use underpass_runtime::{descriptors, stop, telemetry};

use crate::cli::{Cli, Command};
use crate::{doctor, run};

/// Does what a command line says.
///
/// # Errors
/// What went wrong, for a human.
pub fn start(cli: Cli) -> anyhow::Result<()> {
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
            let levels = telemetry::start(&log, format)
                .map_err(|error| anyhow::anyhow!("--log: {error}"))?;
            descriptors::raise_or_warn();
            runtime.block_on(async {
                let stop = stop::requested()?;
                let administration = run::Administration {
                    operators_group,
                    first_administrator: management.first_administrator.clone(),
                    management: management.into(),
                    levels,
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
