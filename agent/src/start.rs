//! From a command line to its work.
//!
//! It is not in the program itself: asynchronous functions are compiled anew for each crate that
//! awaits them, and the program would carry, and keep in memory, most of the agent twice.

use std::io;
use std::process::ExitCode;

use underpass_runtime::telemetry::Recent;
use underpass_runtime::{descriptors, stop, telemetry, threads};

use crate::cli::{Cli, Command};
use crate::control::End;
use crate::{doctor, run};

/// How an agent ends that is to be started again (`EX_TEMPFAIL`), also where only failures are.
const RESTART_CODE: u8 = 75;

/// Does what a command line says.
///
/// # Errors
/// What went wrong, for a human.
pub fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    // One thread serves all: it carries about 100,000 requests a second and wakes nobody else.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let out = &mut io::stdout().lock();
    let Cli { common, command } = cli;
    match command {
        Command::Run {
            log,
            log_json,
            operators_group,
            restarted,
            management,
        } => {
            let format = if log_json {
                telemetry::Format::Json
            } else {
                telemetry::Format::Human
            };
            let recent = Recent::new();
            let levels = telemetry::start(&log, format, Some(recent.clone()))
                .map_err(|error| anyhow::anyhow!("--log: {error}"))?;
            descriptors::raise_or_warn();
            let ended = runtime.block_on(async {
                let stop = stop::requested()?;
                let administration = run::Administration {
                    operators_group,
                    first_administrator: management.first_administrator.clone(),
                    management: management.into(),
                    levels,
                    recent,
                    is_restarted: restarted,
                };
                let end = run::run(&common.data_dir, administration, stop).await?;
                Ok(match end {
                    End::Stopped => ExitCode::SUCCESS,
                    End::Restart => ExitCode::from(RESTART_CODE),
                })
            });
            threads::end(runtime);
            ended
        }
        Command::Doctor { host } => {
            let (data_dir, host) = (&common.data_dir, host.as_ref());
            runtime.block_on(doctor::run(data_dir, host, common.json, out))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Administer(command) => {
            runtime.block_on(command.run(common, out))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
