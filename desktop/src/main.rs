//! The `underpass` program.
#![forbid(unsafe_code)]
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use underpass_desktop::cli::Cli;
use underpass_desktop::start::start;

fn main() -> ExitCode {
    match start(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Without a standard error there is nobody to tell.
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
