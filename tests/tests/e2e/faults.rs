//! Every single write and sync of agent and gateway fails once, and then for good.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;
use underpass_agent::store::Store;
use underpass_shared::config::Document;
use underpass_tests::churn;

use crate::process::{Process, in_full, json, program, run, until};

/// What the disk says, and what the programs then say.
const BROKEN: Fault = Fault {
    errno: 5,
    calls: "all",
    agent_says: "could not be written",
};
const UNSYNCED: Fault = Fault {
    errno: 5,
    calls: "sync",
    agent_says: "could not be written",
};
pub(crate) const FULL: Fault = Fault {
    errno: 28,
    calls: "all",
    agent_says: "disk is full",
};
/// The process is killed.
pub(crate) const KILLED: Fault = Fault {
    errno: 0,
    calls: "all",
    agent_says: "",
};
/// Revisions before the faults; the next one is large and written in several steps.
const BEFORE: u64 = 24;
/// Changes under each fault.
const CHANGES: u64 = 2;
/// More steps than any of these programs takes.
const STEPS_MAX: u32 = 500;
/// Steps that all are tried; later ones write page after page, and of those one in five is tried,
/// or every one where `UNDERPASS_EVERY_STEP` is set.
const STEPS_ALL: u32 = 40;

pub(crate) struct Fault {
    errno: i32,
    calls: &'static str,
    agent_says: &'static str,
}

/// The shim that makes calls fail, compiled once.
static SHIM: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("faults.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults.c");
    run(Command::new("cc")
        .args([
            "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o",
        ])
        .arg(&library)
        .arg(source));
    (folder, library)
});

impl Fault {
    /// Whether it ends the process.
    pub(crate) const fn kills(&self) -> bool {
        self.errno == 0
    }

    /// Lets the calls from `first` on fail, one or all.
    pub(crate) fn inject(&self, command: &mut Command, dir: &Path, first: u32, count: u32) {
        command
            .env("LD_PRELOAD", &SHIM.1)
            .env("UNDERPASS_FAULT_DIR", dir.join(""))
            .env("UNDERPASS_FAULT_ERRNO", self.errno.to_string())
            .env("UNDERPASS_FAULT_CALLS", self.calls)
            .env("UNDERPASS_FAULT_FIRST", first.to_string())
            .env("UNDERPASS_FAULT_COUNT", count.to_string())
            .env("UNDERPASS_FAULT_LOG", log(dir));
    }
}

fn log(dir: &Path) -> PathBuf {
    dir.with_extension("faults")
}

/// What failed since the last call, first of all.
pub(crate) fn injected(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(log(dir)).ok()?;
    std::fs::remove_file(log(dir)).unwrap();
    text.lines().next().map(str::to_owned)
}

/// A fresh copy of a data directory.
pub(crate) fn copy(from: &Path, to: &Path) {
    drop(std::fs::remove_dir_all(to));
    run(Command::new("cp").arg("-a").args([from, to]));
}

fn writer(dir: &Path) -> Command {
    let mut command = Command::new(program("underpass-store-writer"));
    command.arg(dir);
    command
}

/// The contents of the revisions that a test can come to.
fn course() -> Vec<Document> {
    let mut course = vec![Document::empty()];
    for number in 1..=BEFORE + CHANGES + 1 {
        let next = churn::step(course.last().unwrap(), number).unwrap();
        course.push(next);
    }
    course
}

/// Opens the store without faults: it holds what was acknowledged, or one change more, and works.
fn check_store(dir: &Path, acknowledged: u64, attempted: u64, course: &[Document], what: &str) {
    let store = Store::open(dir, || 0).unwrap();
    assert!(store.problem().is_none(), "{what}: {:?}", store.problem());
    let head = store.current().revision().number;
    let range = acknowledged..=attempted;
    assert!(range.contains(&head), "{what}: {head} is not in {range:?}");
    let at = |number: u64| &course[usize::try_from(number).unwrap()];
    assert_eq!(store.current().document().as_ref(), at(head), "{what}");
    if head < BEFORE + CHANGES {
        store
            .change_blocking("test", "", None, move |old| churn::step(old, head + 1))
            .unwrap();
        assert_eq!(store.current().document().as_ref(), at(head + 1), "{what}");
    }
}

/// One run of the writer under a fault. False where there was no such step.
fn store_step(folder: &Path, fault: &Fault, first: u32, once: bool, course: &[Document]) -> bool {
    let dir = folder.join("store");
    copy(&folder.join("base"), &dir);
    let mut command = writer(&dir);
    command.args(["--changes", &CHANGES.to_string(), "--retries"]);
    // What fails once must work when it is tried again, in the same process.
    command.arg(if once { "2" } else { "0" });
    fault.inject(&mut command, &dir, first, if once { 1 } else { u32::MAX });
    let output = command.output().unwrap();
    let Some(step) = injected(&dir) else {
        assert!(output.status.success());
        return false;
    };
    let told = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let what = format!("errno {}, {step}: {told} {error}", fault.errno);
    let numbers = |kind: &str| {
        let lines = told.lines().filter(|line| line.starts_with(kind));
        lines
            .map(|line| line.split(' ').nth(1).unwrap().parse().unwrap())
            .max()
    };
    let (done, failed): (Option<u64>, Option<u64>) = (numbers("done"), numbers("failed"));
    assert!(told.starts_with("open 24 "), "{what}");
    for line in told.lines().filter(|line| line.starts_with("failed")) {
        // Of files that cannot be created or synced the database does not say why.
        let silent = line.contains("unable to open") || step.contains("sync ");
        let general = silent && line.contains("could not be written");
        assert!(general || line.contains(fault.agent_says), "{what}");
    }
    if once {
        assert_eq!(done, Some(BEFORE + CHANGES), "{what}");
    }
    let done = done.unwrap_or(BEFORE);
    check_store(&dir, done, failed.unwrap_or(done).max(done), course, &what);
    true
}

fn every_store_step(fault: &Fault) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(writer(&folder.join("base")).args(["--changes", &BEFORE.to_string()]));
    let course = course();
    for once in [true, false] {
        let last = each_step(|first| store_step(folder, fault, first, once, &course));
        println!("errno {} {}: {last} steps", fault.errno, fault.calls);
    }
}

/// Tries steps until there is no such step; answers the last.
pub(crate) fn each_step(mut attempt: impl FnMut(u32) -> bool) -> u32 {
    let every = in_full();
    let last = (1..STEPS_MAX)
        .filter(|step| every || *step <= STEPS_ALL || step.is_multiple_of(5))
        .take_while(|&step| attempt(step))
        .last();
    let last = last.unwrap_or(0);
    assert!((2..STEPS_MAX - 5).contains(&last), "{last} steps");
    last
}

#[test]
fn the_store_keeps_old_or_new_when_a_write_fails() {
    every_store_step(&BROKEN);
}

#[test]
fn the_store_keeps_old_or_new_when_a_sync_fails() {
    every_store_step(&UNSYNCED);
}

#[test]
fn the_store_keeps_old_or_new_when_the_disk_is_full() {
    every_store_step(&FULL);
}

/// A gateway's data directory, made by a gateway.
fn gateway_base(dir: &Path) {
    let mut gateway = Process::start(&mut serve(dir), dir.with_extension("log"));
    ready(dir, &mut gateway);
    gateway.terminate();
    assert!(gateway.wait().success());
    run(gateway_command(dir, &["subaccount", "add", "before"]));
}

fn serve(dir: &Path) -> Command {
    let mut command = gateway_command(dir, &["serve"]);
    for port in ["tunnel", "proxy", "token"] {
        command.arg(format!("--{port}-listen")).arg("127.0.0.1:0");
    }
    command
}

/// Whether the gateway came to be ready; else it ended.
fn ready(dir: &Path, gateway: &mut Process) -> bool {
    let pid = gateway.pid();
    until("the gateway is ready or ended", || {
        let text = std::fs::read_to_string(dir.join("addresses.json")).unwrap_or_default();
        // One of an earlier process may still lie there.
        let own = text.contains(&format!("\"pid\": {pid},"));
        own.then_some(true)
            .or_else(|| gateway.ended().map(|_| false))
    })
}

fn gateway_command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("underpass-gateway"));
    command.args(arguments).arg("--data-dir").arg(dir);
    command
}

fn subaccounts(dir: &Path) -> Vec<String> {
    let listed = json(&run(gateway_command(
        dir,
        &["subaccount", "list", "--json"],
    )));
    let rows = listed["subaccounts"].as_array().unwrap().iter();
    let mut names: Vec<_> = rows
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// One command under a fault. False where there was no such step.
fn gateway_step(folder: &Path, fault: &Fault, first: u32, once: bool) -> bool {
    let dir = folder.join("gateway");
    copy(&folder.join("base"), &dir);
    let mut command = gateway_command(&dir, &["subaccount", "add", "new"]);
    fault.inject(&mut command, &dir, first, if once { 1 } else { u32::MAX });
    let output = command.output().unwrap();
    let Some(step) = injected(&dir) else {
        assert!(output.status.success());
        return false;
    };
    let error = String::from_utf8(output.stderr).unwrap();
    let what = format!("errno {}, {step}: {error}", fault.errno);
    let after = subaccounts(&dir);
    if output.status.success() {
        assert_eq!(after, ["before", "new"], "{what}");
    } else {
        assert!(after == ["before"] || after == ["before", "new"], "{what}");
        assert!(error.contains("state"), "{what}");
    }
    if after == ["before"] {
        run(gateway_command(&dir, &["subaccount", "add", "new"]));
        assert_eq!(subaccounts(&dir), ["before", "new"], "{what}");
    }
    true
}

/// One start under a fault. False where there was no such step.
fn gateway_start(folder: &Path, fault: &Fault, first: u32, once: bool) -> bool {
    let dir = folder.join("gateway");
    copy(&folder.join("base"), &dir);
    let mut command = serve(&dir);
    fault.inject(&mut command, &dir, first, if once { 1 } else { u32::MAX });
    let mut gateway = Process::start(&mut command, dir.with_extension("log"));
    let started = ready(&dir, &mut gateway);
    let told = gateway.output();
    drop(gateway);
    let Some(step) = injected(&dir) else {
        assert!(started, "{told}");
        return false;
    };
    let what = format!("errno {}, {step}: {told}", fault.errno);
    assert!(started || told.contains("error: cannot"), "{what}");
    assert_eq!(subaccounts(&dir), ["before"], "{what}");
    let mut again = Process::start(&mut serve(&dir), dir.with_extension("log"));
    assert!(ready(&dir, &mut again), "{what} {}", again.output());
    true
}

#[test]
fn the_gateway_keeps_old_or_new_when_a_write_fails() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    gateway_base(&folder.join("base"));
    for (fault, once) in [(BROKEN, true), (BROKEN, false), (FULL, false)] {
        for (kind, step) in [
            ("change", gateway_step as fn(&_, &_, _, _) -> _),
            ("start", gateway_start),
        ] {
            let last = each_step(|first| step(folder, &fault, first, once));
            println!("errno {}, {kind}: {last} steps", fault.errno);
        }
    }
}
