//! `cargo xtask test`: everything that must be green, cheapest first.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::clock::Stopwatch;
use crate::debian::{
    self, AGE, AIOSMTPD, APACHE, CC, CURL, FAKETIME, IP, NFT, NGINX, OPENSSL, PROMTOOL, RSYSLOG,
    RSYSLOG_TLS, SYSTEMD,
};
use crate::output;
use crate::shell;
use crate::stop::Stop;

/// What an ordinary test takes of the test threads, as `.config/nextest.toml` says.
const THREADS_OF_TEST: usize = 4;
/// How many tests that mostly wait run at once, each in one thread, as `.config/nextest.toml` says.
const WAITING_TESTS: usize = 3;

/// A named check.
struct Step {
    name: &'static str,
    run: fn(&Stop) -> anyhow::Result<()>,
}

const STEPS: &[Step] = &[
    Step {
        name: "packages",
        run: packages,
    },
    Step {
        name: "format",
        run: format,
    },
    Step {
        name: "purity",
        run: purity,
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "documentation",
        run: documentation,
    },
    Step {
        name: "build",
        run: build,
    },
    Step {
        name: "tests",
        run: tests,
    },
    Step {
        name: "API",
        run: crate::api::step,
    },
    Step {
        name: "documentation tests",
        run: documentation_tests,
    },
];

/// Runs all steps and ends at the first that fails.
pub(crate) fn run(stop: &Stop) -> anyhow::Result<()> {
    let whole = Stopwatch::start();
    for step in STEPS {
        let watch = Stopwatch::start();
        (step.run)(stop).with_context(|| format!("step {:?} failed", step.name))?;
        say(step.name, watch.elapsed());
    }
    say("all", whole.elapsed());
    Ok(())
}

fn say(name: &str, time: Duration) {
    output::progress(format_args!("== {name}: {:.1} s", time.as_secs_f64()));
}

fn packages(stop: &Stop) -> anyhow::Result<()> {
    let tools = [
        AGE,
        AIOSMTPD,
        FAKETIME,
        APACHE,
        CC,
        CURL,
        IP,
        NFT,
        NGINX,
        OPENSSL,
        PROMTOOL,
        RSYSLOG,
        RSYSLOG_TLS,
        SYSTEMD,
    ];
    debian::ensure(&[&tools, debian::WINDOW, debian::DISPLAY].concat(), stop)
}

fn format(stop: &Stop) -> anyhow::Result<()> {
    shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]), stop)
}

/// The shared crate must stay free of IO, so nothing below it may bring tokio.
fn purity(stop: &Stop) -> anyhow::Result<()> {
    let arguments = [
        "tree",
        "-q",
        "-p",
        "underpass-shared",
        "-e",
        "normal",
        "-i",
        "tokio",
    ];
    let tree = tree_without(&mut shell::cargo(&arguments), stop)?;
    ensure!(
        tree.is_empty(),
        "underpass-shared depends on tokio:\n{tree}"
    );
    Ok(())
}

/// `cargo tree` fails when the named package is not even known to the graph: that is fine here.
fn tree_without(command: &mut Command, stop: &Stop) -> anyhow::Result<String> {
    match shell::capture(command, stop) {
        Ok(tree) => Ok(tree.trim().to_owned()),
        Err(error) if format!("{error:#}").contains("did not match any packages") => {
            Ok(String::new())
        }
        Err(error) => Err(error),
    }
}

fn clippy(stop: &Stop) -> anyhow::Result<()> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    shell::run(&mut shell::cargo(&arguments), stop)
}

fn documentation(stop: &Stop) -> anyhow::Result<()> {
    let arguments = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    shell::run(
        shell::cargo(&arguments).env("RUSTDOCFLAGS", "-Dwarnings"),
        stop,
    )
}

/// Tests that run the shipped programs find them built. The tests are built with them: alone the
/// programs' dependencies would have fewer features, and all would be compiled twice.
fn build(stop: &Stop) -> anyhow::Result<()> {
    let arguments = ["build", "--workspace", "--bins", "--tests"];
    shell::run(&mut shell::cargo(&arguments), stop)
}

fn tests(stop: &Stop) -> anyhow::Result<()> {
    let mut command = if shell::has_program("cargo-nextest") {
        let mut command = shell::cargo(&["nextest", "run", "--workspace", "--profile", "whole"]);
        let cores = std::thread::available_parallelism()?.get();
        command.args(["--test-threads", &test_threads(cores).to_string()]);
        command
    } else {
        output::progress("cargo-nextest is not installed: using cargo test");
        shell::cargo(&["test", "--workspace", "--lib", "--bins", "--tests"])
    };
    shell::run(&mut command, stop)
}

/// As many ordinary tests as there are cores, and a few beside them that wait.
const fn test_threads(cores: usize) -> usize {
    cores * THREADS_OF_TEST + WAITING_TESTS
}

fn documentation_tests(stop: &Stop) -> anyhow::Result<()> {
    shell::run(&mut shell::cargo(&["test", "--workspace", "--doc"]), stop)
}
