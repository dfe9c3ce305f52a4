//! Restores with the shipped program: on another host, while the agent runs, and interrupted at
//! every step.

mod adapted;
mod killed;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use underpass_agent::vault::Vault;
use underpass_runtime::archive::Identity;
use underpass_runtime::clock;

use crate::agent::Agent;
use crate::faults::{FULL, Fault, KILLED, copy, each_step, injected};
use crate::http::HELLO;
use crate::process::{json as parse, refuse, run, until};
use crate::world::World;

/// A key that backups are sealed to, in a file.
pub(crate) fn key(world: &World) -> (String, PathBuf) {
    let identity = Identity::generate();
    let path = world.path("backup.key");
    let text = identity.to_text();
    underpass_runtime::file::replace(&path, text.expose().as_bytes()).unwrap();
    (identity.recipient().to_string(), path)
}

/// A backup of an agent, sealed to the key.
pub(crate) fn back_up(world: &World, agent: &Agent, name: &str, recipient: &str) -> PathBuf {
    let path = world.path(name);
    let mut command = agent.command(&["backup", "--recipient", recipient]);
    run(command.arg("--out").arg(&path));
    path
}

pub(crate) fn restore(agent: &Agent, archive: &Path, key: &Path, more: &[&str]) -> Command {
    let mut command = agent.command(&["restore"]);
    command.arg(archive).arg("--identity").arg(key).args(more);
    command
}

/// Gives an agent a proxy with a password, and something in its document to know it by.
fn mark(agent: &Agent, name: &str) {
    let mut document = agent.document();
    document["connector"]["description"] = json!(name);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let mut proxy = agent.command(&["proxy", "set", &format!("http://{name}@127.0.0.1:9")]);
    run(proxy.env("UNDERPASS_PROXY_PASSWORD", format!("password of {name}")));
}

#[test]
fn single_mappings_of_a_backup_come_back_and_all_others_stay() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let (recipient, key) = key(&world);
    let agent = world.agent("site", &address);
    agent.expose(&[
        ("backend.virtual:80", &*address),
        ("second.virtual:80", &address),
    ]);
    let archive = back_up(&world, &agent, "some.zip", &recipient);
    agent.expose(&[("other.virtual:80", &address)]);
    let document = agent.document();
    let subaccount = &document["subaccounts"][0];
    let part = |name: &str| subaccount[name].as_str().unwrap();
    let of = format!("{}/{}/site", part("regionHost"), part("subaccount"));
    let wrong = format!("{of}=third.virtual:80");
    let told = refuse(restore(
        &agent,
        &archive,
        &key,
        &["--yes", "--mapping", &wrong],
    ));
    assert!(
        told.contains("no system mapping third.virtual:80"),
        "{told}"
    );
    assert_eq!(agent.document(), document);
    let wanted = format!("{of}=second.virtual:80");
    let more = ["--yes", "--subaccount", &of, "--mapping", &wanted];
    run(restore(&agent, &archive, &key, &more));
    let document = agent.document();
    let mappings = document["subaccounts"][0]["mappings"].as_array().unwrap();
    let names = mappings
        .iter()
        .map(|one| one["virtualAddress"].as_str().unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["other.virtual:80", "second.virtual:80"]
    );
}

/// Whether there is still no agent where one would be restored.
fn nothing_begun(agent: &Agent) -> bool {
    let parts = ["state.db", "data.key", "secrets", "audit"];
    parts.iter().all(|part| !agent.dir.join(part).exists())
}

#[test]
fn a_restore_on_a_new_host_has_its_tunnels_up_with_no_act_on_the_cloud_side() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let (recipient, key) = key(&world);
    let mut old = world.agent("site", &address);
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    let archive = back_up(&world, &old, "old.zip", &recipient);
    let mut new = Agent::new(world.path("new"), "site", &[]);
    let plan = || {
        parse(&run(&mut restore(
            &new,
            &archive,
            &key,
            &["--plan", "--json"],
        )))
    };
    let kinds = |plan: &Value| plan["adaptations"].to_string();
    assert!(kinds(&plan()).contains("inUseElsewhere"), "{}", plan());
    old.process().kill();
    std::fs::remove_dir_all(&old.dir).unwrap();

    let planned = until("the gateway knows that the old one is gone", || {
        let planned = plan();
        (!kinds(&planned).contains("inUseElsewhere")).then_some(planned)
    });
    assert_eq!(planned["refused"], Value::Null, "{planned}");
    assert_eq!(planned["secrets"]["enrolments"], 1, "{planned}");
    let unasked = refuse(&mut restore(&new, &archive, &key, &[]));
    assert!(unasked.contains("--yes"), "{unasked}");
    assert!(nothing_begun(&new), "a plan leaves nothing behind");
    let began = clock::monotonic();
    run(&mut restore(&new, &archive, &key, &["--yes"]));
    new.run();
    new.until_up();
    let passes = || (world.get_at(HELLO, "site").status == 200).then_some(());
    until("requests pass", passes);
    let took = (clock::monotonic() - began).as_millis();
    println!("the first request {took} ms after the restore began");
}

#[test]
fn a_running_agent_takes_a_backup_with_its_identity_and_goes_back() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let (recipient, key) = key(&world);
    let other = world.enrol("other", &[]);
    let mut document = other.document();
    document["connector"]["description"] = json!("other");
    document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
    run(other.command(&["document", "apply", &other.write(&document)]));
    let archive = back_up(&world, &other, "other.zip", &recipient);
    let mut agent = world.agent("site", &address);
    let dir = agent.dir.clone();
    let reached = || {
        let text = std::fs::read_to_string(dir.join("addresses.json")).ok()?;
        Some(parse(&text))
    };
    let name = || reached()?["serverName"].as_str().map(str::to_owned);
    // Whoever asks for the agent by its name gets a certificate of the identity that it has.
    let shows = |name: &str| {
        let url = reached().unwrap()["managementUrls"][0].to_string();
        let port = url.trim_matches('"').rsplit_once(':').unwrap().1.to_owned();
        let mut curl = Command::new("curl");
        curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"])
            .arg(dir.join("tls/identity.pem"))
            .args(["--resolve", &format!("{name}:{port}:127.0.0.1")])
            .arg(format!("https://{name}:{port}/exposed?action=ping"));
        curl.output().unwrap().stdout == b"200"
    };
    let before = until("the management API is reachable", name);
    assert!(shows(&before));
    let document = agent.document();
    let parts = ["--only", "settings,trust,identity,operators", "--yes"];
    run(&mut restore(&agent, &archive, &key, &parts));
    let is_another = || name().filter(|name| *name != before);
    let taken = until("the identity is another one", is_another);
    until("its certificate is shown", || shows(&taken).then_some(()));
    let restored = agent.document();
    assert_eq!(restored["connector"]["description"], "other");
    // What was not chosen goes on.
    assert_eq!(restored["subaccounts"], document["subaccounts"]);
    assert_eq!(world.get_at(HELLO, "site").status, 200);

    run(agent.command(&["restore", "rollback", "--yes"]));
    let is_back = || name().filter(|name| *name == before);
    until("the identity is the one of before", is_back);
    until("its certificate is shown again", || {
        shows(&before).then_some(())
    });
    assert_eq!(agent.document(), document);
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    let shown = parse(&run(agent.command(&["restore", "show", "--json"])));
    assert_eq!(shown["state"], "idle", "{shown}");
    agent.process().terminate();
    assert!(agent.process().wait().success());
}

/// All that a restore touches: the document, the password that it names, and the identity.
fn state(agent: &Agent) -> (Value, Vec<u8>, Vec<u8>) {
    let document = agent.document();
    let vault = Vault::new(&agent.dir);
    let read = |name: &str| vault.read(name).unwrap().to_vec();
    let password = document["connector"]["proxy"]["credential"]
        .as_str()
        .unwrap();
    let password = read(&format!("{password}.password"));
    let instance = document["subaccounts"][0]["instance"].as_str().unwrap();
    assert!(!read(&format!("{instance}.json")).is_empty());
    let values = std::fs::read_dir(agent.dir.join("secrets")).unwrap();
    let mut names = values.map(|one| one.unwrap().file_name().into_string().unwrap());
    let left = names.find(|name| name.ends_with(".staged") || name.contains("intent"));
    assert_eq!(left, None, "nothing waits once somebody looked");
    (document, password, read("identity.json"))
}

/// The two states, and the way from one to the other.
struct Course<'a> {
    base: &'a Path,
    agent: &'a Agent,
    command: &'a dyn Fn() -> Command,
    old: (Value, Vec<u8>, Vec<u8>),
    new: (Value, Vec<u8>, Vec<u8>),
}

impl Course<'_> {
    /// One restore under a fault. False where there was no such step.
    fn step(&self, fault: &Fault, first: u32) -> bool {
        copy(self.base, &self.agent.dir);
        let mut faulty = (self.command)();
        let count = if fault.kills() { 1 } else { u32::MAX };
        fault.inject(&mut faulty, &self.agent.dir, first, count);
        let output = faulty.output().unwrap();
        let Some(step) = injected(&self.agent.dir) else {
            assert!(output.status.success());
            return false;
        };
        let what = format!("{step}: {}", String::from_utf8_lossy(&output.stderr));
        let found = state(self.agent);
        let is_new = found == self.new;
        assert!(is_new || found == self.old, "{what}: neither old nor new");
        assert!(
            is_new || !output.status.success(),
            "{what}: acknowledged and lost"
        );
        true
    }
}

#[test]
fn a_restore_that_is_killed_or_has_no_space_leaves_the_old_state_or_the_new_one() {
    let world = World::start();
    let (recipient, key) = key(&world);
    let other = world.enrol("other", &[]);
    mark(&other, "other");
    let archive = back_up(&world, &other, "other.zip", &recipient);
    let own = world.enrol("own", &[]);
    mark(&own, "own");
    // It gets its identity.
    back_up(&world, &own, "own.zip", &recipient);
    let agent = Agent::new(world.path("copy"), "own", &[]);
    let parts = "subaccounts,mappings,trust,settings,identity,operators";
    let command = || restore(&agent, &archive, &key, &["--only", parts, "--yes"]);
    copy(&own.dir, &agent.dir);
    let old = state(&agent);
    run(&mut command());
    let new = state(&agent);
    assert_eq!(new.0["connector"]["description"], "other");
    assert!(old.1 != new.1 && old.2 != new.2);
    let course = Course {
        base: &own.dir,
        agent: &agent,
        command: &command,
        old,
        new,
    };
    for fault in [KILLED, FULL] {
        let last = each_step(|first| course.step(&fault, first));
        println!("{last} steps, killed: {}", fault.kills());
    }
    // What was interrupted can be done again.
    run(&mut command());
    assert_eq!(state(&agent).0["connector"]["description"], "other");
}
