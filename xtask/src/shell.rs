//! Commands that run to their end, and end early when somebody asks to stop.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::children::Child;
use crate::stop::Stop;

/// The longest a whole step, such as a build from nothing, may take.
const STEP_LIMIT: Duration = Duration::from_secs(3600);
/// The longest a command that should answer at once may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// A cargo command in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(arguments);
    command
}

/// Runs a step whose output a human should see.
pub(crate) fn run(command: &mut Command, stop: &Stop) -> anyhow::Result<()> {
    let told = describe(command);
    command.stdin(Stdio::null());
    let mut child = Child::start(&told, command)?;
    let status = stop.wait_for(&told, STEP_LIMIT, || child.ended())?;
    ensure!(status.success(), "{told}: {status}");
    Ok(())
}

/// Runs a step with its messages shown, and returns what it printed on stdout.
pub(crate) fn run_and_read(command: &mut Command, stop: &Stop) -> anyhow::Result<String> {
    let mut stdout = tempfile::tempfile().context("cannot make a temporary file")?;
    command.stdout(stdout.try_clone()?);
    run(command, stop)?;
    read_back(&mut stdout)
}

/// Returns what a short command printed; its messages are shown only if it fails.
pub(crate) fn capture(command: &mut Command, stop: &Stop) -> anyhow::Result<String> {
    capture_watched(command, stop, || Ok(()))
}

/// Like [`capture`], and calls `watch` again and again while the command runs.
pub(crate) fn capture_watched(
    command: &mut Command,
    stop: &Stop,
    mut watch: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let told = describe(command);
    let mut stdout = tempfile::tempfile().context("cannot make a temporary file")?;
    let mut stderr = tempfile::tempfile().context("cannot make a temporary file")?;
    command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?);
    let mut child = Child::start(&told, command)?;
    let status = stop.wait_for(&told, ANSWER_LIMIT, || {
        watch()?;
        child.ended()
    })?;
    if !status.success() {
        bail!("{told}: {status}\n{}", read_back(&mut stderr)?.trim_end());
    }
    read_back(&mut stdout)
}

/// Whether `program` can be found, also where only root looks by default.
pub(crate) fn has_program(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .any(|folder| folder.join(program).is_file())
}

/// Whether the library `name` is where Debian has libraries, for whatever processor.
pub(crate) fn has_library(name: &str) -> bool {
    let folder = Path::new("/usr/lib");
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let below = below.map(|entry| entry.path());
    std::iter::once(folder.to_owned())
        .chain(below)
        .any(|folder| folder.join(name).is_file())
}

/// The program and its sub-command; never all arguments, they may hold secrets.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = command
        .get_args()
        .take(2)
        .map(|word| word.to_string_lossy());
    let words = words.take_while(|word| word.len() < 30);
    std::iter::once(name.to_string_lossy())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn read_back(file: &mut File) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    io::copy(file, &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
