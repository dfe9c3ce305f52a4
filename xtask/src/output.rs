//! The only place that prints: progress on stderr, results on stdout.

use std::fmt::Display;
use std::io::{self, Write};

/// Tells a human what happens; a closed stderr is no reason to fail.
pub(crate) fn progress(line: impl Display) {
    writeln!(io::stderr(), "{line}").unwrap_or_default();
}

/// Prints what a caller may rely on.
pub(crate) fn result(line: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
