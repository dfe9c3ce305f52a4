//! `cargo xtask fuzz-api`: the API of an agent against its own description, by schemathesis.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use clap::Args;

use crate::file;
use crate::output;
use crate::shell;
use crate::stop::Stop;

/// Requests of each kind for a call, where everything is tested.
const EXAMPLES_FEW: u32 = 5;
/// Seconds that everything's test may take for it; most go to the boundaries of all values.
const SECONDS_FEW: u32 = 80;
/// The test program, and the test in it.
const TEST: [&str; 7] = [
    "test",
    "--workspace",
    "--test",
    "e2e",
    "--",
    "--ignored",
    "--exact",
];
const NAME: &str = "generated::serial_generated_requests_get_documented_answers";

/// How much to generate.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Requests of each kind for each call.
    #[arg(long, default_value_t = 200)]
    examples: u32,
    /// Seconds after which it ends.
    #[arg(long)]
    seconds: Option<u32>,
    /// The number that a former run began with, to do the same again.
    #[arg(long)]
    seed: Option<u64>,
}

/// The step of `cargo xtask test`.
pub(crate) fn step(stop: &Stop) -> anyhow::Result<()> {
    let options = Options {
        examples: EXAMPLES_FEW,
        seconds: Some(SECONDS_FEW),
        seed: None,
    };
    let program = match install(stop) {
        Ok(program) => program,
        Err(error) => {
            output::progress(format_args!(
                "== API: NOT TESTED, schemathesis could not be installed: {error:#}"
            ));
            return Ok(());
        }
    };
    generate(&program, &options, stop)
}

/// Runs it alone.
pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<()> {
    let program = install(stop)?;
    shell::run(
        &mut shell::cargo(&["build", "--workspace", "--bins", "--tests"]),
        stop,
    )?;
    generate(&program, options, stop)
}

fn generate(program: &PathBuf, options: &Options, stop: &Stop) -> anyhow::Result<()> {
    let mut arguments = format!("--max-examples {}", options.examples);
    if let Some(seconds) = options.seconds {
        arguments += &format!(" --max-time {seconds}");
    }
    if let Some(seed) = options.seed {
        arguments += &format!(" --seed {seed}");
    }
    let mut command = shell::cargo(&TEST);
    command
        .args([NAME, "--nocapture"])
        .env("UNDERPASS_SCHEMATHESIS", program)
        .env("UNDERPASS_SCHEMATHESIS_ARGUMENTS", arguments);
    shell::run(&mut command, stop)
}

/// Installs what `tests/schemathesis/requirements.txt` pins, unless it is there; the program.
fn install(stop: &Stop) -> anyhow::Result<PathBuf> {
    let pinned = shell::root().join("tests/schemathesis/requirements.txt");
    let wanted = std::fs::read_to_string(&pinned)?;
    let folder = shell::root().join("target/tools/schemathesis");
    let program = folder.join("bin/st");
    // Written last, so that what it stands beside is complete.
    let installed = folder.join("requirements.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(program);
    }
    output::progress("installing schemathesis into target/tools");
    let mut python = Command::new("python3");
    python.args(["-m", "venv", "--clear"]).arg(&folder);
    shell::run_and_read(&mut python, stop)
        .context("python3 -m venv; on Debian: apt-get install python3-venv")?;
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(&pinned);
    shell::run_and_read(&mut pip, stop)?;
    file::replace(&installed, wanted.as_bytes())?;
    Ok(program)
}
