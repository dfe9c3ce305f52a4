//! `cargo xtask layout`: which functions a program runs, so that its linker brings them together.
//!
//! A program of many megabytes runs a small part of itself, scattered over all of it, and the
//! kernel maps the neighbourhood of every page that runs. The list is made from what valgrind
//! sees, kept as a linker script beside the program's build script, and needs no care: a function
//! that is gone is passed over, a new one stays where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::callgrind::{NEW_TOKENS, REQUESTS, control, good, send};
use super::client::{self, Client};
use crate::file;
use crate::output;
use crate::shell;
use crate::stack::Stack;
use crate::stop::Stop;

/// Long enough for everything that is done every so often; the slowest is done every 15 s.
const IDLE: Duration = Duration::from_secs(50);
/// How the end of a mangled name begins: a hash, which another compiler makes anew.
const HASH: &str = "17h";
const HASH_DIGITS: usize = 16;

/// A program, its process, and the folder that its linker script is in.
struct Program<'a> {
    binary: &'a Path,
    process: (&'static str, u32),
    folder: &'static str,
}

pub(super) fn run(stack: &mut Stack, client: &Client, stop: &Stop) -> anyhow::Result<()> {
    let agent = stack.agents.first().context("no agent")?;
    let programs = [
        Program {
            binary: &agent.binary,
            process: (super::AGENT, agent.pid),
            folder: "agent",
        },
        Program {
            binary: &stack.gateway.binary,
            process: ("gateway", stack.gateway.pid),
            folder: "gateway",
        },
    ];
    output::progress(format_args!("idle for {IDLE:?}"));
    stop.sleep(IDLE)?;
    dump(&programs, stop)?;
    output::progress("sending requests");
    let tokens = client::tokens(stack, NEW_TOKENS, stop)?;
    send(client, REQUESTS, stop)?;
    good(&mut client.curl_each("/hello", &tokens)?, NEW_TOKENS, stop)?;
    dump(&programs, stop)?;
    programs
        .iter()
        .try_for_each(|program| program.write(&client.folder, stop))
}

fn dump(programs: &[Program<'_>], stop: &Stop) -> anyhow::Result<()> {
    programs
        .iter()
        .try_for_each(|program| control("--dump", program.process.1, stop))
}

impl Program<'_> {
    /// Writes the linker script.
    fn write(&self, profiles: &Path, stop: &Stop) -> anyhow::Result<()> {
        let read = |number: u32| {
            let path = profiles.join(format!("callgrind.{}.{number}", self.process.0));
            let profile = fs::read_to_string(&path)
                .with_context(|| format!("no profile in {}", path.display()))?;
            anyhow::Ok(functions(&profile, self.binary))
        };
        let idle = read(1)?;
        let requests = read(2)?;
        ensure!(
            !idle.is_empty(),
            "valgrind saw no function of {}",
            self.binary.display()
        );
        let mut nm = Command::new("nm");
        let symbols = shell::capture(nm.arg("--defined-only").arg(self.binary), stop)?;
        let path = shell::root().join(self.folder).join("layout.ld");
        file::replace(&path, script(&idle, &requests, &count(&symbols)).as_bytes())?;
        Ok(output::result(format_args!("written: {}", path.display()))?)
    }
}

/// The functions of `program` that have cost something.
fn functions(profile: &str, program: &Path) -> BTreeSet<String> {
    let mut ours = false;
    let mut found = BTreeSet::new();
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            ours = Path::new(object) == program;
        } else if let Some(name) = line.strip_prefix("fn=").filter(|_| ours) {
            // A function that calls itself is shown with the depth: `name'2`.
            let name = name.split('\'').next().unwrap_or(name).trim();
            if is_symbol(name) {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

/// Whether it is a name and not an address or a description, such as `(below main)`.
fn is_symbol(name: &str) -> bool {
    !name.starts_with("0x")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte))
}

/// The name with its hash left open, and the number that optimising across crates adds.
fn pattern(name: &str) -> String {
    let open = || {
        let start = name.rfind(HASH)?;
        let rest = name.get(start + HASH.len()..)?;
        let (hash, end) = rest.split_at_checked(HASH_DIGITS)?;
        let is_hash = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let before = name.get(..start)?;
        if !is_hash {
            None
        } else if end == "E" {
            Some(format!("{before}{HASH}*E"))
        } else {
            end.starts_with("E.llvm.")
                .then(|| format!("{before}{HASH}*E.llvm.*"))
        }
    };
    open().unwrap_or_else(|| name.to_owned())
}

/// How many functions of the program each pattern stands for. Of a generic function there may be
/// hundreds, of which few run.
fn count(symbols: &str) -> BTreeMap<String, usize> {
    let names = symbols
        .lines()
        .filter_map(|line| line.split(' ').next_back());
    names.fold(BTreeMap::new(), |mut counts, name| {
        *counts.entry(pattern(name)).or_default() += 1;
        counts
    })
}

/// First what runs always, then what runs for requests only. The hash stays where the name alone
/// means others too.
fn script(
    idle: &BTreeSet<String>,
    requests: &BTreeSet<String>,
    counts: &BTreeMap<String, usize>,
) -> String {
    let mut script = String::from(
        "/* The functions that this program runs, brought together.\n   \
         Made by `cargo xtask layout`; not to be edited. */\n\
         SECTIONS {\n  .text : {\n",
    );
    for name in idle.iter().chain(requests.difference(idle)) {
        let open = pattern(name);
        let means_others = counts.get(&open).is_some_and(|count| *count > 1);
        let listed = if means_others { name } else { &open };
        script.extend(["    *(.text.", listed, ")\n"]);
    }
    script.push_str("  }\n} INSERT AFTER .eh_frame;\n");
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hash_is_left_open() {
        for (name, wanted) in [
            ("_ZN1a17h0123456789abcdefE", "_ZN1a17h*E"),
            ("_ZN1a17h0123456789abcdefE.llvm.42", "_ZN1a17h*E.llvm.*"),
            ("_ZN1a17h0123456789abcdefX", "_ZN1a17h0123456789abcdefX"),
            ("_ZN17history4rowsE", "_ZN17history4rowsE"),
            ("sqlite3_step", "sqlite3_step"),
        ] {
            assert_eq!(pattern(name), wanted);
        }
    }

    #[test]
    fn functions_of_the_program_are_listed_with_the_hash_that_tells_them_apart() {
        let profile = "ob=/x/libc.so.6\nfn=malloc\n0 3\nob=/x/prog\nfn=sqlite3_step\n\
                       cob=/x/libc.so.6\ncfn=free\nfn=_ZN1a1b17h0123456789abcdefE'2\n\
                       fn=0x0001\nfn=(below main)\nfn=_RNvCs1_3std4main\n\
                       fn=_ZN1c17h0123456789abcdefE\n";
        let found = functions(profile, Path::new("/x/prog"));
        let wanted = [
            "_RNvCs1_3std4main",
            "_ZN1a1b17h0123456789abcdefE",
            "_ZN1c17h0123456789abcdefE",
            "sqlite3_step",
        ];
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
        let counts = count(
            "00 t _ZN1a1b17h0123456789abcdefE\n01 t _ZN1c17h0123456789abcdefE\n\
             02 t _ZN1c17hfedcba9876543210E\n03 T sqlite3_step\n",
        );
        let requests = BTreeSet::from(["sqlite3_step".to_owned(), "late".to_owned()]);
        let script = script(&found, &requests, &counts);
        let lines: Vec<_> = script
            .lines()
            .filter_map(|line| line.trim().strip_prefix("*(.text.")?.strip_suffix(')'))
            .collect();
        let wanted = [
            "_RNvCs1_3std4main",
            "_ZN1a1b17h*E",
            "_ZN1c17h0123456789abcdefE",
            "sqlite3_step",
            "late",
        ];
        assert_eq!(lines, wanted);
    }
}
