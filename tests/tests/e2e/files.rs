//! The configuration as a folder of files.

use std::path::{Path, PathBuf};

use serde_json::Value;
use underpass_runtime::file;

use crate::agent::Agent;
use crate::process::{json as parse, refuse};
use crate::world::World;

/// All files below a folder whose names end so.
fn below(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let entries = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries
        .flat_map(|path| match path.is_dir() {
            true => below(&path, end),
            false => vec![path],
        })
        .filter(|path| path.to_str().unwrap().ends_with(end))
        .collect();
    found.sort();
    found
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = parse(&std::fs::read_to_string(path).unwrap());
    change(&mut value);
    file::replace(path, value.to_string().as_bytes()).unwrap();
}

fn changes(agent: &Agent, dir: &str) -> Vec<String> {
    let told = agent.tell(&["apply", dir, "--dry-run"]);
    let all = told["changes"].as_array().unwrap();
    let part = |one: &Value| one["part"].as_str().unwrap().to_owned();
    all.iter().map(part).collect()
}

#[test]
fn a_folder_of_files_is_kept_edited_and_applied() {
    let world = World::start();
    let mut agent = world.enrol("a", &[]);
    agent.expose(&[
        ("one.virtual:80", "127.0.0.1:1"),
        ("two.virtual:80", "127.0.0.1:2"),
    ]);
    agent.run();
    agent.until_up();
    let folder = world.path("configuration");
    let dir = folder.to_str().unwrap();
    let told = agent.tell(&["export", dir]);
    assert_eq!(told["written"].as_array().unwrap().len(), 5, "{told}");
    assert_eq!(changes(&agent, dir), Vec::<String>::new());

    // One mapping is edited, one removed, one added.
    let mappings = below(&folder, "_80.json");
    let [one, two] = &mappings[..] else {
        panic!("{mappings:?}")
    };
    let three = one.with_file_name("three.virtual_80.json");
    std::fs::copy(one, &three).unwrap();
    edit(&three, |mapping| {
        mapping["virtualAddress"] = "three.virtual:80".into()
    });
    edit(one, |mapping| {
        mapping["internalAddress"] = "127.0.0.1:3".into()
    });
    std::fs::remove_file(two).unwrap();
    let changed = changes(&agent, dir);
    assert_eq!(changed.len(), 3, "{changed:?}");
    let applied = agent.tell(&["apply", dir]);
    let document = agent.document();
    let shown = document["subaccounts"][0]["mappings"].as_array().unwrap();
    let addresses: Vec<_> = shown.iter().map(|one| &one["virtualAddress"]).collect();
    assert_eq!(addresses, ["one.virtual:80", "three.virtual:80"]);
    let again = agent.tell(&["apply", dir]);
    assert_eq!(again["revision"], applied["revision"]);

    // What is wrong is told by file and field, and nothing changes.
    edit(&three, |mapping| mapping["protocol"] = "GOPHER".into());
    let told = refuse(agent.command(&["apply", dir]));
    assert!(told.contains("three.virtual_80.json: protocol"), "{told}");
    assert_eq!(agent.document(), document);
    // Writing it again mends the folder, and leaves alone what is not of it.
    file::replace(&folder.join("README.md"), b"why").unwrap();
    let told = agent.tell(&["export", dir]);
    assert_eq!(told["written"].as_array().unwrap().len(), 2, "{told}");
    assert!(folder.join("README.md").exists());
    let told = refuse(agent.command(&["export", world.path("gateway").to_str().unwrap()]));
    assert!(told.contains("is not empty"), "{told}");

    // Portable files fit another agent that has the subaccount, and no other one.
    let portable = world.path("portable");
    let dir = portable.to_str().unwrap();
    agent.tell(&["export", dir, "--portable"]);
    let other = world.enrol("b", &[]);
    let told = refuse(other.command(&["apply", dir]));
    assert!(told.contains("enrol it first"), "{told}");
    let own = other.document()["subaccounts"][0].clone();
    let files = below(&portable, "subaccount.json");
    edit(&files[0], |subaccount| {
        subaccount["locationId"] = "b".into()
    });
    let place = files[0].parent().unwrap();
    std::fs::rename(place, place.with_file_name("b")).unwrap();
    edit(&portable.join("connector.json"), |connector| {
        connector["description"] = "b".into();
    });
    other.tell(&["apply", dir]);
    let after = other.document();
    assert_eq!(after["subaccounts"][0]["instance"], own["instance"]);
    assert_eq!(
        after["subaccounts"][0]["mappings"],
        document["subaccounts"][0]["mappings"]
    );
}
