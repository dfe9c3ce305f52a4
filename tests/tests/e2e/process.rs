//! Programs that a test runs; they end with the test.

use std::borrow::BorrowMut;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use underpass_runtime::clock;

/// How long anything may take to come true.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it is at least and at most until somebody looks again.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// A running program; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) log: PathBuf,
}

impl Process {
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, log }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, with SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own `kill` is always there.
        let kill = format!("kill -{name} {}", self.pid());
        run(Command::new("bash").args(["-c", &kill]));
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        until("the program ended", || self.ended())
    }

    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The number in the line of `/proc/PID/<file>` that starts with `name`: KiB, or a count.
    pub(crate) fn number(&self, file: &str, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.pid())).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program built by this workspace, beside the test's own executable.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(
        path.exists(),
        "{} is missing; run `cargo build --workspace --bins`",
        path.display()
    );
    path
}

/// A program of ours, run by the words of `prefix`.
pub(crate) fn prefixed(prefix: &[&str], name: &str) -> Command {
    match prefix.split_first() {
        None => Command::new(program(name)),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program(name));
            command
        }
    }
}

/// Runs a command that must succeed; answers its output.
pub(crate) fn run(mut command: impl BorrowMut<Command>) -> String {
    let command = command.borrow_mut();
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail; answers what it says.
pub(crate) fn refuse(mut command: impl BorrowMut<Command>) -> String {
    let command = command.borrow_mut();
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?} succeeded");
    String::from_utf8(output.stderr).unwrap()
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Whether each measurement is made in full, by `UNDERPASS_EVERY_STEP`. A short one is enough to
/// notice what goes wrong.
pub(crate) fn in_full() -> bool {
    std::env::var_os("UNDERPASS_EVERY_STEP").is_some()
}

/// Waits for something to come true.
pub(crate) fn until<T>(what: &str, poll: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, poll)
}

/// The same for what takes its time.
pub(crate) fn until_within<T>(
    patience: Duration,
    what: &str,
    mut poll: impl FnMut() -> Option<T>,
) -> T {
    let start = clock::monotonic();
    loop {
        if let Some(found) = poll() {
            return found;
        }
        let waited = clock::monotonic() - start;
        assert!(waited < patience, "not in {} s: {what}", patience.as_secs());
        // Looking takes the processor that others wait for, most of all where a program is started
        // for it: what takes long is looked at seldom.
        std::thread::sleep((waited / 16).clamp(PAUSE_MIN, PAUSE_MAX));
    }
}
