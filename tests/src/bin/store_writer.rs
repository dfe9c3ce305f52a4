//! Changes an agent's store as fast as it can and tells of each change only once it is made.

#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use underpass_agent::store::Store;
use underpass_runtime::clock;
use underpass_tests::churn;

/// Pause before a change that failed is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// A store under change. One line for each event: `open`, `done` or `failed`, the revision, and the
/// content's hash or the error.
#[derive(Debug, Parser)]
struct Arguments {
    /// The agent's data directory.
    dir: PathBuf,
    /// Changes to make; for ever without it.
    #[arg(long)]
    changes: Option<u64>,
    /// How often a failed change is tried again.
    #[arg(long, default_value_t = u32::MAX)]
    retries: u32,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let store = Store::open(&arguments.dir, clock::wall_ms)?;
    if let Some(problem) = store.problem() {
        anyhow::bail!("{problem}");
    }
    let (first, hash) = head(&store);
    tell(format_args!("open {first} {hash}"))?;
    let last = arguments.changes.map_or(u64::MAX, |count| first + count);
    let (mut number, mut retries) = (first + 1, 0);
    while number <= last {
        let edit = move |old: &_| churn::step(old, number);
        match store.change_blocking("churn", "crash test", Some(number - 1), edit) {
            Ok(_) => {
                let (number, hash) = head(&store);
                tell(format_args!("done {number} {hash}"))?;
            }
            Err(error) => {
                tell(format_args!(
                    "failed {number} {:#}",
                    anyhow::Error::from(error)
                ))?;
                if retries == arguments.retries {
                    break;
                }
                retries += 1;
                std::thread::sleep(PAUSE);
                continue;
            }
        }
        number += 1;
    }
    Ok(())
}

fn head(store: &Store) -> (u64, String) {
    let snapshot = store.current();
    let hash = snapshot.document().hash().to_string();
    (snapshot.revision().number, hash)
}

fn tell(line: std::fmt::Arguments<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
