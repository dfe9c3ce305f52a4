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
/// How the hash of a crate begins in a mangled name (RFC 2603): another build makes it anew.
const HASH: &str = "Cs";
/// A hash is a number of 64 bits to the base of 62, which is seldom shorter.
const HASH_LEN_MIN: usize = 8;
/// How a reference to an earlier place of the same name begins. It ends with [`BACK_END`], and the
/// place between them is a number of few digits that moves with the lengths of the hashes.
const BACK: char = 'B';
const BACK_END: char = '_';
const BACK_LEN_MAX: usize = 3;
/// What optimising across crates adds, with a number.
const MOVED: &str = ".llvm.";

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
        file::replace(&path, script(&idle, &requests, &same(&symbols)).as_bytes())?;
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

/// The name with what another build makes anew left open.
fn pattern(name: &str) -> String {
    let (name, moved) = match name.split_once(MOVED) {
        Some((name, _)) => (name, ".llvm.*"),
        None => (name, ""),
    };
    let mut parts = name.split(HASH);
    let mut open = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        open.push_str(HASH);
        match part.split_once('_') {
            // The name of the crate follows, with its length before it.
            Some((hash, rest))
                if hash.len() >= HASH_LEN_MIN
                    && hash.bytes().all(|byte| byte.is_ascii_alphanumeric())
                    && rest.starts_with(|first: char| first.is_ascii_digit()) =>
            {
                open.extend(["*_", rest]);
            }
            _ => open.push_str(part),
        }
    }
    places_open(&open) + moved
}

/// The name with the places left open to which it refers back.
fn places_open(name: &str) -> String {
    let mut parts = name.split(BACK);
    let mut open = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        open.push(BACK);
        match part.split_once(BACK_END) {
            Some((place, rest))
                if place.len() <= BACK_LEN_MAX
                    && place.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                open.extend(["*_", rest]);
            }
            _ => open.push_str(part),
        }
    }
    open
}

/// The names of each function: the linker folds those of the same code, and keeps one of them.
fn same(symbols: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut by_address = BTreeMap::<&str, Vec<&str>>::new();
    for line in symbols.lines() {
        if let [address, "t" | "T" | "w" | "W", name] = line.split(' ').collect::<Vec<_>>()[..] {
            by_address.entry(address).or_default().push(name);
        }
    }
    let groups = by_address.into_values();
    groups
        .flat_map(|names| {
            names
                .clone()
                .into_iter()
                .map(move |name| (name, names.clone()))
        })
        .collect()
}

/// First what runs always, then what runs for requests only. What the compiler holds for unlikely
/// lies in sections of that name, which the star stands for.
fn script(
    idle: &BTreeSet<String>,
    requests: &BTreeSet<String>,
    same: &BTreeMap<&str, Vec<&str>>,
) -> String {
    let mut script = String::from(
        "/* The functions that this program runs, brought together.\n   \
         Made by `cargo xtask layout`; not to be edited. */\n\
         SECTIONS {\n  .text : {\n",
    );
    let mut listed = BTreeSet::new();
    for ran in idle.iter().chain(requests) {
        let alone = [ran.as_str()];
        let names = same.get(ran.as_str()).map_or(&alone[..], Vec::as_slice);
        for name in names.iter().map(|name| pattern(name)) {
            if !listed.contains(&name) {
                script.extend(["    *(.text*.", &name, ")\n"]);
                listed.insert(name);
            }
        }
    }
    script.push_str("  }\n} INSERT AFTER .eh_frame;\n");
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_build_makes_anew_is_left_open() {
        for (name, wanted) in [
            ("_RNvCs1a2B3c4D5e6_3std4main", "_RNvCs*_3std4main"),
            (
                "_RINvNtCs1a2B3c4D5e6_4core3fooNtCsgEmfK2I1SDS_1b1TE.llvm.42",
                "_RINvNtCs*_4core3fooNtCs*_1b1TE.llvm.*",
            ),
            ("_RNvNtC1a8HttpsCs_3bar", "_RNvNtC1a8HttpsCs_3bar"),
            ("_RNvC1a11TakesCsvFile", "_RNvC1a11TakesCsvFile"),
            (
                "_RINvCs1a2B3c4D5e6_3pem5parseReNtB2_4ByteB1f_3longBuffer_E",
                "_RINvCs*_3pem5parseReNtB*_4ByteB*_3longBuffer_E",
            ),
            ("sqlite3_step", "sqlite3_step"),
        ] {
            assert_eq!(pattern(name), wanted);
        }
    }

    #[test]
    fn functions_of_the_program_are_listed_once_with_all_their_names() {
        let profile = "ob=/x/libc.so.6\nfn=malloc\n0 3\nob=/x/prog\nfn=sqlite3_step\n\
                       cob=/x/libc.so.6\ncfn=free\nfn=_RNvCs1a2B3c4D5e6_1a1b'2\n\
                       fn=0x0001\nfn=(below main)\n";
        let found = functions(profile, Path::new("/x/prog"));
        let wanted = ["_RNvCs1a2B3c4D5e6_1a1b", "sqlite3_step"];
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
        let symbols = "00 t _RNvCs1a2B3c4D5e6_1a1b\n00 t _RNvCs1a2B3c4D5e6_1a1c\n\
                       02 T sqlite3_step\n02 b data\n";
        let requests = BTreeSet::from(["sqlite3_step".to_owned(), "late".to_owned()]);
        let script = script(&found, &requests, &same(symbols));
        let lines: Vec<_> = script
            .lines()
            .filter_map(|line| line.trim().strip_prefix("*(.text*.")?.strip_suffix(')'))
            .collect();
        let wanted = ["_RNvCs*_1a1b", "_RNvCs*_1a1c", "sqlite3_step", "late"];
        assert_eq!(lines, wanted);
    }
}
