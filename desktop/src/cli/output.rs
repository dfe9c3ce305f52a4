//! What commands print: tables for people, JSON for scripts.

use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;
pub(super) use underpass_runtime::print::table;
use underpass_shared::config::Change;

use crate::text;

/// Where a command prints, and how.
pub(super) struct Output<'a> {
    json: bool,
    out: &'a mut dyn Write,
}

impl<'a> Output<'a> {
    pub(super) fn new(json: bool, out: &'a mut dyn Write) -> Self {
        Self { json, out }
    }

    /// Prints the one or the other.
    pub(super) fn show(
        &mut self,
        value: &impl Serialize,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string_pretty(value)?)?;
        } else {
            human(self.out)?;
        }
        Ok(self.out.flush()?)
    }

    /// Prints bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }
}

/// Whether somebody is there who can be asked.
pub(super) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question that only "y" and "yes" answer with yes.
pub(super) fn ask(question: &str) -> anyhow::Result<bool> {
    let mut error = io::stderr();
    write!(error, "{question} [y/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Says how far something is, to people.
pub(super) fn progress(done: usize, all: usize) -> io::Result<()> {
    let end = if done == all { "\n" } else { "" };
    let mut error = io::stderr();
    write!(error, "\r{done} of {all}{end}")?;
    error.flush()
}

/// One line for each changed part.
pub(super) fn changes(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    changes.iter().try_for_each(|one| {
        let sign = one.change.sign();
        writeln!(out, "  {sign} {}", text::clean(&one.part))
    })
}
