//! The rules of this repository that no compiler checks, as tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Longer files are split.
const MOST_LINES: usize = 600;
/// Folders that hold nothing written by us.
const SKIPPED: [&str; 2] = ["target", ".git"];
/// Texts that have no place in a published file, written so that this file passes.
const UNWANTED: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
];

/// Which crates of the workspace a crate may use; what is not listed may use none.
const DIRECTION: &[(&str, &[&str])] = &[
    ("underpass-shared", &[]),
    ("underpass-runtime", &["underpass-shared"]),
    (
        "underpass-alerting",
        &["underpass-runtime", "underpass-shared"],
    ),
    (
        "underpass-history",
        &["underpass-runtime", "underpass-shared"],
    ),
    (
        "underpass-agent",
        &[
            "underpass-alerting",
            "underpass-history",
            "underpass-runtime",
            "underpass-shared",
        ],
    ),
    (
        "underpass-gateway",
        &[
            "underpass-alerting",
            "underpass-runtime",
            "underpass-shared",
        ],
    ),
    (
        "underpass-fleet",
        &["underpass-runtime", "underpass-shared"],
    ),
    (
        "underpass-desktop",
        &["underpass-fleet", "underpass-runtime", "underpass-shared"],
    ),
    (
        "underpass-tests",
        &[
            "underpass-agent",
            "underpass-desktop",
            "underpass-fleet",
            "underpass-gateway",
            "underpass-runtime",
            "underpass-shared",
        ],
    ),
    ("xtask", &[]),
];

#[test]
fn source_files_are_short_and_introduce_themselves() {
    let mut wrong = Vec::new();
    for path in files(&["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!(
                "{}: {lines} lines, at most {MOST_LINES}",
                path.display()
            ));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!(
                "{}: does not begin with a `//!` sentence",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let wrong: Vec<String> = files(&["rs"])
        .iter()
        .filter(|path| is_crate_root(path))
        .filter(|path| {
            !fs::read_to_string(path)
                .unwrap()
                .contains("#![forbid(unsafe_code)]")
        })
        .map(|path| path.display().to_string())
        .collect();
    assert!(
        wrong.is_empty(),
        "without forbid(unsafe_code): {}",
        wrong.join(", ")
    );
}

#[test]
fn no_file_holds_unwanted_text() {
    let mut wrong = Vec::new();
    for path in files(&["rs", "toml", "md", "lua", "sh", "run"]) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            for unwanted in UNWANTED.iter().filter(|unwanted| line.contains(**unwanted)) {
                wrong.push(format!("{}:{}: {unwanted}", path.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_depend_in_one_direction() {
    let graph = Graph::read();
    let members: BTreeSet<&str> = graph.members.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = DIRECTION.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        members, known,
        "the table of directions must name every crate"
    );
    for (name, allowed) in DIRECTION {
        // Dependencies of tests and build scripts count as well.
        let used = graph.direct(name, |_| true);
        let wrong: Vec<&String> = used
            .iter()
            .filter(|used| members.contains(used.as_str()) && !allowed.contains(&used.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{name} must not use {wrong:?}");
    }
}

#[test]
fn the_shared_crate_is_pure() {
    let reached = Graph::read().reachable("underpass-shared");
    assert!(
        reached.contains("serde"),
        "the graph looks empty: {reached:?}"
    );
    for forbidden in ["tokio", "mio", "hyper", "h2", "socket2", "rusqlite"] {
        assert!(
            !reached.contains(forbidden),
            "underpass-shared must not use {forbidden}"
        );
    }
}

/// The dependency graph as cargo resolved it.
struct Graph {
    members: BTreeSet<String>,
    /// Package names by id.
    names: BTreeMap<String, String>,
    /// For each id: the ids it uses, and whether as an ordinary dependency.
    edges: BTreeMap<String, Vec<(String, bool)>>,
}

impl Graph {
    fn read() -> Self {
        // Other platforms' packages are not downloaded where only this one is built.
        let version = run("rustc", &["-vV"]);
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let output = run(
            "cargo",
            &[
                "metadata",
                "--format-version=1",
                "--offline",
                "--locked",
                "--filter-platform",
                host.unwrap(),
            ],
        );
        let metadata: Value = serde_json::from_str(&output).unwrap();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let members = list(&metadata["workspace_members"])
            .map(|id| names[&text(id)].clone())
            .collect();
        let edges = list(&metadata["resolve"]["nodes"])
            .map(|node| (text(&node["id"]), list(&node["deps"]).map(edge).collect()))
            .collect();
        Self {
            members,
            names,
            edges,
        }
    }

    /// The names that the package `name` uses by edges that `wanted` likes.
    fn direct(&self, name: &str, wanted: impl Fn(bool) -> bool) -> BTreeSet<String> {
        self.names
            .iter()
            .filter(|(_, other)| *other == name)
            .flat_map(|(id, _)| &self.edges[id])
            .filter(|(_, ordinary)| wanted(*ordinary))
            .map(|(id, _)| self.names[id].clone())
            .collect()
    }

    /// Everything that ends up in a build of `name`.
    fn reachable(&self, name: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut next = vec![name.to_owned()];
        while let Some(name) = next.pop() {
            for used in self.direct(&name, |ordinary| ordinary) {
                if reached.insert(used.clone()) {
                    next.push(used);
                }
            }
        }
        reached
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn edge(dependency: &Value) -> (String, bool) {
    let ordinary = list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
    (text(&dependency["pkg"]), ordinary)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn is_crate_root(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.ends_with("src/lib.rs") || text.ends_with("src/main.rs") || text.contains("/src/bin/")
}

/// All files whose name ends in one of `endings`.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings
                .iter()
                .any(|end| name.rsplit('.').next() == Some(end))
            {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no files found");
    found
}
