//! Long-running child processes that never outlive this process's work.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::clock::Stopwatch;
use crate::output;

/// How long a child may take to end by itself before it is killed: nothing here is worth a drain
/// that lasts.
const PATIENCE: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(10);
/// How much of a dead child's log is worth showing.
const LOG_TAIL: usize = 20;

/// One child in its own process group, so that its own children end with it.
///
/// Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Child {
    name: String,
    process: std::process::Child,
    ended: Option<ExitStatus>,
    log: Option<PathBuf>,
}

impl Child {
    /// Starts `command` with the standard streams it already has.
    pub(crate) fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let process = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self {
            name: name.to_owned(),
            process,
            ended: None,
            log: None,
        })
    }

    /// Starts `command` with all its output in the file `log`.
    pub(crate) fn start_logged(
        name: &str,
        command: &mut Command,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let told = || format!("cannot write {}", log.display());
        let file = File::create(log).with_context(told)?;
        let copy = file.try_clone().with_context(told)?;
        command.stdin(Stdio::null()).stdout(file).stderr(copy);
        let mut child = Self::start(name, command)?;
        child.log = Some(log.to_owned());
        Ok(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The exit status, once it has ended.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.process.try_wait().context("cannot wait for a child")?;
        }
        Ok(self.ended)
    }

    /// Fails when it has ended, with the end of its log.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.ended()? else {
            return Ok(());
        };
        let log = self.log.as_deref().map(tail).unwrap_or_default();
        bail!("{} ended by itself ({status}){log}", self.name);
    }

    /// Asks it to end, waits for that, then ends what is left of its group.
    fn stop(&mut self) {
        if let Ok(None) = self.ended() {
            self.signal(Signal::SIGTERM);
        }
        let watch = Stopwatch::start();
        while let Ok(None) = self.ended() {
            if watch.elapsed() > PATIENCE {
                output::progress(format_args!("{} does not end: killing it", self.name));
                self.signal(Signal::SIGKILL);
                self.ended = self.process.wait().ok();
                break;
            }
            thread::sleep(POLL);
        }
        self.signal(Signal::SIGKILL);
    }

    fn signal(&self, signal: Signal) {
        // A group that is already gone is what is wanted.
        if let Ok(id) = i32::try_from(self.process.id()) {
            killpg(Pid::from_raw(id), signal).unwrap_or_default();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Several children; dropping it ends them one after the other, last started first, so that none
/// loses another on which its own end depends.
#[derive(Debug, Default)]
pub(crate) struct Children(Vec<Child>);

impl Children {
    pub(crate) fn push(&mut self, child: Child) {
        self.0.push(child);
    }

    /// Fails when any of them has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        self.0.iter_mut().try_for_each(Child::check)
    }

    /// Tells of each that has ended, once, and goes on without it.
    pub(crate) fn tell_ended(&mut self) {
        self.0.retain_mut(|child| match child.check() {
            Ok(()) => true,
            Err(error) => {
                output::progress(format_args!("{error:#}"));
                false
            }
        });
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        while self.0.pop().is_some() {}
    }
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_TAIL);
    let shown = lines.get(from..).unwrap_or_default();
    shown.iter().map(|line| format!("\n  {line}")).collect()
}
