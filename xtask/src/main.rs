//! Development commands of Underpass: `cargo xtask demo|test|fuzz-api|screenshots|bench|layout`.

#![forbid(unsafe_code)]

mod api;
mod bench;
mod build;
mod children;
mod clock;
mod debian;
mod demo;
mod desktop;
mod file;
mod output;
mod screenshots;
mod shell;
mod stack;
mod stop;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::stop::Stop;

/// Development commands of Underpass.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts a gateway, two agents and a sample back end on loopback, until Ctrl-C.
    Demo(demo::Options),
    /// Runs format, lint, documentation and purity checks and all tests.
    Test,
    /// Tests the API of an agent by many requests made from its description.
    FuzzApi(api::Options),
    /// Takes pictures of every screen of the desktop app, into docs/screenshots.
    Screenshots,
    /// Measures the data path against direct access.
    Bench(bench::Options),
    /// Lists anew the functions that agent and gateway run, which their linker brings together.
    Layout,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = Stop::install().and_then(|stop| match arguments.command {
        Command::Demo(options) => demo::run(&options, &stop),
        Command::Test => test::run(&stop),
        Command::FuzzApi(options) => api::run(&options, &stop),
        Command::Screenshots => screenshots::run(&stop),
        Command::Bench(options) => bench::run(&options, &stop),
        Command::Layout => bench::layout(&stop),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::progress(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
